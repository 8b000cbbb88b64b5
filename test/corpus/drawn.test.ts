/**
 * The corpus is the same wherever and whenever it is drawn: `npm run pretrain` makes the shipped models again only if it is. Who changes
 * what it draws changes these hashes, and says in `data/models/<name>/card.md` that the model was made from another corpus, or makes it anew.
 */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type DocumentOptions, drawDocument } from "../../corpus/index.ts";
import { createRandom } from "../../src/random/index.ts";

/** The first letters of the hash of so many documents, one after another. */
function hashOf(options: DocumentOptions, count: number): string {
  const hash = createHash("sha256");
  for (let i = 0; i < count; i++) hash.update(`${drawDocument(createRandom(1, "drawn", i), options).text}\0`);
  return hash.digest("hex").slice(0, 16);
}

describe("the corpus, drawn again", () => {
  const drawn: [what: string, options: DocumentOptions, hash: string][] = [
    ["for training, JavaScript", {}, "d60e76bcf6ad9ad3"],
    ["for training, Python", { body: "python" }, "48f724e1028752ec"],
    ["held out, JavaScript", { split: "held-out" }, "0d9ba695eb3ad1fe"],
    ["held out, Python", { split: "held-out", body: "python" }, "f6013d9d47ed2cb5"],
  ];
  for (const [what, options, hash] of drawn)
    it(`is the same: ${what}`, () => {
      assert.equal(hashOf(options, 3000), hash);
    });
});
