/** What helps where a server cannot listen. */

import assert from "node:assert/strict";
import { listenCure } from "../../src/serve/listen.ts";

describe("a server that cannot listen", () => {
  it("is told to take another port only where that helps", () => {
    const address = "choose an address of this machine as the host, as 127.0.0.1";
    for (const [reason, cure] of [
      ["EADDRINUSE", "another port"],
      ["EACCES", "ports below 1024 need rights that you do not have, choose a higher one"],
      ["EADDRNOTAVAIL", address],
      ["ENOTFOUND", address],
      ["EAI_AGAIN", address],
    ] as const)
      assert.equal(listenCure(reason, "another port"), cure, reason);
  });
});
