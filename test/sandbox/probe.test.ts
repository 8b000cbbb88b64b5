/** What a probe asks: names and forms that no guest can know it by, and the value that it must leave behind. */

import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { createRandom } from "../../src/random/index.ts";
import { drawFirst } from "../../src/sandbox/bodies/javascript/probe/first.ts";
import { createProbes, type Probe } from "../../src/sandbox/bodies/javascript/probe/index.ts";
import { readHere } from "../../src/sandbox/bodies/javascript/program.ts";
import type { Rules } from "../../src/sandbox/types.ts";
import { programsOf } from "./inert-lives.ts";

/** The probes of lives, each with the programs that its life had run when it was drawn. */
function draw(lives: number, rules: Rules = 2): { probe: Probe; past: string }[] {
  return Array.from({ length: lives }, (_, seed) => {
    const probes = createProbes(createRandom(seed, "sandbox"), { born: [], longest: 4096 });
    let past = "";
    return programsOf(seed).flatMap((program, step) => {
      past += `${program}\n`;
      const lived = { program, answers: [], setup: null, budget: null, rules };
      return probes.of(step, lived, readHere(program)!).map((probe) => ({ probe, past }));
    });
  }).flat();
}

describe("the survival probe", () => {
  const drawn = draw(200);

  it("leaves the values that it must where it says, and nothing but its names", () => {
    for (const { probe } of drawn) {
      const { program, expected, names } = probe;
      const self: { [name: string]: unknown } = { state: {} };
      runInNewContext(program, { self });
      const { state, ...own } = JSON.parse(JSON.stringify(self)) as { [name: string]: { [name: string]: unknown } };
      assert.ok(expected.length > 0);
      for (const [place, key, value] of expected)
        assert.deepEqual((place === "state" ? state! : own)[key], value, program);
      for (const name of [...Object.keys(state!), ...Object.keys(own)]) assert.ok(names.includes(name), program);
    }
  });

  it("has names that its life never used", () => {
    for (const { probe, past } of drawn)
      for (const name of probe.names) assert.ok(!past.match(/[A-Za-z_$][\w$]*/g)!.includes(name), `${name} in ${past}`);
  });

  it("compiles to what it was said to, but for blanks", () => {
    const bare = (text: string | null | undefined) => text?.replace(/ +/g, " ");
    for (const { probe } of drawn) assert.equal(bare(probe.compiled), bare(readHere(probe.program)?.compiled));
  });

  it("has hundreds of shapes, half of them of the life's own programs", () => {
    const shape = (text: string) => text.replace(/[A-Za-z_$][\w$]*/g, "x").replace(/\d+/g, "1");
    assert.ok(new Set(drawn.map(({ probe }) => shape(probe.program))).size > 80);
    const copies = drawn.filter(({ probe, past }) => past.split("\n").map(shape).includes(shape(probe.program)));
    assert.ok(copies.length > drawn.length / 4, `${copies.length} of ${drawn.length}`);
    assert.ok(new Set(drawn.map(({ probe }) => probe.program)).size > drawn.length * 0.95);
  });

  it("comes once after each step, and at times once more before it or after it", () => {
    const steps = 200 * 9;
    const before = drawn.filter(({ probe }) => probe.before).length;
    assert.ok(before > steps * 0.07 && before < steps * 0.13, `${before} before`);
    const again = drawn.length - before - steps;
    assert.ok(again > steps * 0.03 && again < steps * 0.07, `${again} once more`);
  });

  it("is the same again from the same seed, and was drawn otherwise under the first rules", () => {
    assert.deepEqual(draw(5), draw(5));
    const first = draw(5, 1);
    assert.equal(first.length, 5 * 9);
    assert.deepEqual(first[0]!.probe, drawFirst(createRandom(0, "sandbox", "probe", 0)));
    // As it was when the first records were written.
    assert.equal(first[0]!.probe.program, "self.state.level_rate_8269 = 635 + 20;");
  });
});
