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

  it("leaves them also as a copy of a program with a template, or with names that begin with a dollar", () => {
    const programs = [
      "const count = 30; self.told = `${count} of them, count $${count}`;",
      "var $first = 12; self.$second = $first * 30; self.state.third$ = 'third$' + $first;",
      "const width = 40; self.text = `width${width}text${width + 7} ${`text ${'$5'}`} 12`;",
      "let a$b = 3; self.state.b = `a$b${a$b} b$${a$b}$`;",
    ];
    const shapes = new Set<string>();
    for (let seed = 0; seed < 40; seed++) {
      const probes = createProbes(createRandom(seed, "sandbox"), { born: [], longest: 4096 });
      for (const [step, program] of programs.entries()) {
        const lived = { program, answers: [], setup: null, budget: null, rules: 2 as Rules };
        for (const { program: copied, compiled, expected } of probes.of(step, lived, readHere(program)!)) {
          const self: { [name: string]: unknown } = { state: {} };
          runInNewContext(`(function () { ${copied} })()`, { self });
          for (const [place, key, value] of expected) {
            const found = (place === "state" ? (self.state as typeof self) : self)[key];
            assert.equal(JSON.stringify(found), JSON.stringify(value), copied);
          }
          assert.equal(compiled?.replace(/ +/g, " "), readHere(copied)!.compiled.replace(/ +/g, " "));
          if (copied.includes("$")) shapes.add(copied);
        }
      }
    }
    assert.ok(shapes.size > 40, `${shapes.size} copies`);
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
