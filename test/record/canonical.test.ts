/** The one text for one value, and a genome's, on which its address hangs. */

import assert from "node:assert/strict";
import { canonicalJson, genomeText, sha256 } from "../../src/record/canonical.ts";
import type { GenomeMember } from "../../src/sandbox/index.ts";

const member = (name: string, source: string, kind: GenomeMember["kind"] = "attribute") => ({ name, kind, source });

describe("a canonical text", () => {
  it("has keys by their UTF-16 units and numbers as JavaScript writes them, as in RFC 8785's examples", () => {
    const keys = ["\u20ac", "\r", "\ufb33", "1", "\u{1f600}", "\u0080", "\u00f6"];
    const object = Object.fromEntries(keys.map((key, i) => [key, i]));
    assert.equal(canonicalJson(object), '{"\\r":1,"1":3,"\u0080":5,"\u00f6":6,"\u20ac":0,"\u{1f600}":4,"\ufb33":2}');
    // biome-ignore lint/correctness/noPrecisionLoss: the example's own number
    const numbers = [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001, -0];
    assert.equal(canonicalJson(numbers), "[333333333.3333333,1e+30,4.5,0.002,1e-27,0]");
    assert.equal(canonicalJson({ b: [true, null], a: "\ud800\0" }), '{"a":"\\ud800\\u0000","b":[true,null]}');
  });

  it("refuses what JSON would turn into null, and says where it stands", () => {
    for (const [value, name, got] of [
      [{ a: [1, Number.NaN] }, "value.a[1]", "a finite number, got NaN"],
      [[Number.NEGATIVE_INFINITY], "value[0]", "a finite number, got -Infinity"],
      [[undefined], "value[0]", "plain data, got undefined"],
    ] as const)
      assert.throws(
        () => canonicalJson(value),
        ({ message }: Error) => {
          assert.ok(message.includes(name) && message.endsWith(got), message);
          return true;
        },
      );
  });

  it("of a genome has the members by name, whatever order the agent made them in, and nothing beside", () => {
    const members = [
      member("self.n", "7"),
      { ...member("self.f", "function f() {}", "method"), seen: true },
      member("self.Z", "'z'"),
    ];
    const text =
      '[{"kind":"attribute","name":"self.Z","source":"\'z\'"},' +
      '{"kind":"method","name":"self.f","source":"function f() {}"},' +
      '{"kind":"attribute","name":"self.n","source":"7"}]';
    const [a, b, c] = members as [GenomeMember, GenomeMember, GenomeMember];
    for (const order of [
      [a, b, c],
      [a, c, b],
      [b, a, c],
      [b, c, a],
      [c, a, b],
      [c, b, a],
    ]) {
      const given = [...order];
      assert.equal(genomeText(order), text);
      assert.deepEqual(order, given, "the genome itself stays in its order");
    }
    assert.notEqual(genomeText([a, b]), genomeText([a, { ...b, source: "function f() { }" }]));
    assert.equal(genomeText([]), "[]");
  });

  it("has the address that FIPS 180-2 tells of its examples", () => {
    assert.equal(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert.equal(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  });
});
