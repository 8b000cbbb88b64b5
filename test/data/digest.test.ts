/** Names by content: kept files and fingerprints have them, so that another digest would be another file. */

import assert from "node:assert/strict";
import { digest } from "../../src/data/digest.ts";

describe("a digest of texts", () => {
  it("is the first 24 digits of SHA-256 over them, as sha256sum tells, and is another for texts that are cut elsewhere", () => {
    assert.equal(digest(["a", "b"]), "59b271ae1bbcb1d31d419298"); // printf 'a\0b' | sha256sum
    assert.equal(digest([]), "e3b0c44298fc1c149afbf4c8"); // of nothing
    assert.notEqual(digest(["ab"]), digest(["a", "b"]));
    assert.notEqual(digest(["b", "a"]), digest(["a", "b"]));
  });
});
