/**
 * Every family's own program does what its check says. Good programs of the grammar alone are run, without a
 * sandbox: quick, so that a slip in a family's reference or in its code is seen at once.
 */

import assert from "node:assert/strict";
import { families } from "../../corpus/index.ts";
import type { Check } from "../../corpus/types.ts";
import { createRandom } from "../../src/random/index.ts";

/** What the check reads or calls, after the program was run on an agent that has nothing yet. */
function outcomes(program: string, check: Check): unknown {
  const self: { [name: string]: unknown } = { state: {} };
  const run = (code: string): unknown => new Function("self", code)(self) as unknown;
  if ("read" in check) {
    const { read } = check;
    // A name alone is a variable of its own, or what the agent's state holds under that name.
    if (!read.startsWith("self."))
      return run(`${program}\nreturn Object.hasOwn(self.state, "${read}") ? self.state.${read} : ${read};`);
    run(program);
    return run(`return ${read};`);
  }
  const declared = run(`${program}\nreturn typeof ${check.call} === "function" ? ${check.call} : undefined;`);
  const made = (typeof declared === "function" ? declared : self[check.call]) as (...values: unknown[]) => unknown;
  return check.arguments.map((list) => made.apply(self, structuredClone(list)));
}

/** Whether a value is of a type as TypeScript writes it: a plain one, or a list of such. */
function isOfType(value: unknown, type: string): boolean {
  return type.endsWith("[]")
    ? Array.isArray(value) && value.every((one) => isOfType(one, type.slice(0, -2)))
    : typeof value === type;
}

describe("the families of the corpus", () => {
  for (const family of families)
    it(`${family.name}: its programs do what its checks expect, for every combination that is drawn`, () => {
      const seen = new Set<string>();
      for (let i = 0; i < 150; i++) {
        const task = family.draw(createRandom("families", family.name, i), { typed: false });
        assert.equal(task.family, family.name);
        const { check } = task;
        if (check === null) continue;
        seen.add(task.combination);
        const plain = (value: unknown): unknown => JSON.parse(JSON.stringify({ value }));
        assert.deepEqual(
          plain(outcomes(task.program, check)),
          plain(check.expected),
          `${task.ask}\n${task.program}\n${JSON.stringify(check)}`,
        );
      }
      assert.ok(seen.size >= 1 || family.draw(createRandom(1), { typed: false }).check === null);
    });

  it("ask for what their programs give: a name, all words filled in, and types that values have; alike where they are alike", () => {
    for (const family of families) {
      const told = new Map<string, string>();
      for (let i = 0; i < 150; i++) {
        const typed = i % 2 === 0;
        const { ask, program, combination, check } = family.draw(createRandom("asks", family.name, i), { typed });
        assert.doesNotMatch(`${ask}\n${combination}`, /[{}]|undefined|NaN/, ask);
        assert.doesNotMatch(program, /undefined|NaN|\{\d\}/, program);
        assert.match(ask, /^(?:[A-Z]|self\b)/);
        if (check === null || !("call" in check)) continue;
        // The split goes by it: functions of one combination are one, whatever they are called.
        const [before, now] = [told.get(combination), JSON.stringify([check.arguments, check.expected])];
        told.set(combination, now);
        assert.equal(now, before ?? now, combination);
        assert.ok(ask.includes(check.call), ask);
        const types = /\(([^()]*)\)(?:: ([a-z[\]]+))? (?:=>|\{)/.exec(program)!;
        if (!typed) {
          assert.deepEqual([types[2], types[1]!.includes(":")], [undefined, false], program);
          continue;
        }
        const parameters = types[1]!.split(", ").map((one) => one.split(": ")[1]!);
        for (const list of check.arguments)
          for (const [at, value] of list.entries()) assert.ok(isOfType(value, parameters[at]!), `${program}: ${value}`);
        for (const value of check.expected) assert.ok(isOfType(value, types[2]!), `${program}: ${value}`);
      }
    }
  });

  it("number-chain: its programs have brackets where a sum is multiplied, and nowhere else", () => {
    const chain = families.find(({ name }) => name === "number-chain")!;
    const seen = { sums: 0, others: 0 };
    for (let i = 0; i < 150; i++) {
      const { program } = chain.draw(createRandom("brackets", i), { typed: false });
      const [, signs] = /\w+ ([-+*]) \d+\)? [-+*] \d+;/.exec(program)!;
      const isSum = /\(\w+ [-+] \d+\) \* \d+;/.test(program);
      assert.equal(isSum, signs !== "*" && / \* \d+;/.test(program), program);
      if (!isSum) assert.doesNotMatch(program, /\(\w+ [-+*]/);
      seen[isSum ? "sums" : "others"]++;
    }
    assert.ok(seen.sums > 20 && seen.others > 20, JSON.stringify(seen));
  });
});
