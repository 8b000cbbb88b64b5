/** Values as MIME bundles: how deep, which images, and values that refuse to be looked at. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { escapeHtml, inspectSafely, toBundle } from "../../../kernel/display/bundle.ts";

const deep = { a: { b: { c: { d: { e: { f: 1 } } } } } };

describe("a value as a bundle", () => {
  it("is inspected four levels deep when it is shown, two in a line of text, a hundred items of a list", async () => {
    const { data } = await toBundle(deep);
    assert.equal(String(data["text/plain"]).replace(/\s+/g, " "), "{ a: { b: { c: { d: { e: [Object] } } } } }");
    assert.equal(inspectSafely(deep).replace(/\s+/g, " "), "{ a: { b: { c: [Object] } } }");
    assert.match(inspectSafely(Array(100).fill(0)), /0\n\]$/);
    assert.match(inspectSafely(Array(102).fill(0)), /\.\.\. 2 more items\n\]$/);
    assert.equal(inspectSafely("text"), "'text'");
  });

  it("is what Node sees where its own inspection throws, and a sentence where that does too", () => {
    const angry = {
      n: 1,
      [inspect.custom]() {
        throw new Error("leave me");
      },
    };
    assert.match(inspectSafely(angry), /^\{\n? *n: 1,/);
    class Nameless {
      n = 1;
      static get name(): string {
        throw new Error("no");
      }
    }
    assert.equal(inspectSafely(new Nameless()), "[a object that cannot be inspected]");
  });

  it("is asked for its own, whether object or function; a Proxy that will not be asked is inspected", async () => {
    const own = { "text/plain": "mine", "text/html": "<b>mine</b>" };
    const symbol = Symbol.for("Jupyter.display");
    assert.deepEqual((await toBundle({ [symbol]: () => own })).data, own);
    assert.deepEqual((await toBundle(Object.assign(() => 1, { [symbol]: () => own }))).data, own);
    assert.match(String((await toBundle({ [symbol]: "words" })).data["text/plain"]), /Jupyter\.display.*words/);
    const refusing = new Proxy(
      { n: 1 },
      {
        get() {
          throw new Error("no");
        },
      },
    );
    assert.deepEqual((await toBundle(refusing)).data, { "text/plain": "{ n: 1 }" });
    for (const value of [null, undefined, 7, "x", true])
      assert.deepEqual((await toBundle(value)).data, { "text/plain": inspect(value) });
    for (const bad of [null, undefined, "text", () => own])
      await assert.rejects(toBundle({ [symbol]: () => bad }), {
        name: "TypeError",
        message: `[Symbol.for("Jupyter.display")]() must give an object of MIME types, got ${inspect(bad)}`,
      });
  });

  it("has the bytes of its own bundle in base64, as pictures are sent", async () => {
    const own = { "image/png": Uint8Array.of(1, 2, 3), "application/json": [1], "text/plain": "mine" };
    const { data } = await toBundle({ [Symbol.for("Jupyter.display")]: () => own });
    assert.deepEqual(data, { "image/png": "AQID", "application/json": [1], "text/plain": "mine" });
  });

  it("is an image by the first bytes of PNG, JPEG and GIF, from eight bytes on", async () => {
    const kinds: [type: string, start: number[]][] = [
      ["image/png", [0x89, 0x50, 0x4e, 0x47]],
      ["image/jpeg", [0xff, 0xd8, 0xff]],
      ["image/gif", [0x47, 0x49, 0x46, 0x38]],
    ];
    for (const [type, start] of kinds) {
      const bytes = Uint8Array.from({ length: 9 }, (_, i) => start[i] ?? 7);
      const base64 = Buffer.from(bytes.subarray(0, 8)).toString("base64");
      assert.deepEqual((await toBundle(bytes.subarray(0, 8))).data, {
        [type]: base64,
        "text/plain": "[image, 8 bytes]",
      });
      assert.equal((await toBundle(bytes)).data["text/plain"], "[image, 9 bytes]");
      assert.deepEqual(Object.keys((await toBundle(bytes.subarray(0, 7))).data), ["text/plain"]);
      for (let i = 0; i < start.length; i++) {
        const other = bytes.with(i, 0);
        assert.deepEqual(Object.keys((await toBundle(other)).data), ["text/plain"], `${type}, byte ${i}`);
      }
      assert.deepEqual(Object.keys((await toBundle([...bytes])).data), ["text/plain"]);
    }
  });

  it("in HTML has its five letters escaped, attributes included", () => {
    assert.equal(escapeHtml(`<a href="x" title='y'>&amp;`), "&#60;a href=&#34;x&#34; title=&#39;y&#39;&#62;&#38;amp;");
  });
});
