/**
 * What the families of attributes draw, how often, and what those of their programs do that no check is told of. Good programs of
 * the grammar alone are run, without a sandbox.
 */

import assert from "node:assert/strict";
import { attributeFamilies } from "../../corpus/families/attributes.ts";
import type { Task } from "../../corpus/types.ts";
import { createRandom } from "../../src/random/index.ts";

const count = 1000;

function drawn(family: string, typed = false): Task[] {
  const { draw } = attributeFamilies.find(({ name }) => name === family)!;
  return Array.from({ length: count }, (_, i) => draw(createRandom("attributes", family, i), { typed }));
}

/** Asserts that so many of these are of the sort, within the noise of the draws. */
function isShare<T>(all: readonly T[], expected: number, of: (one: T) => boolean, what: string): void {
  const share = all.filter(of).length / all.length;
  const noise = 4 * Math.sqrt((expected * (1 - expected)) / all.length);
  assert.ok(Math.abs(share - expected) < noise, `${what}: ${share}, and not about ${expected}`);
}

const expectedOf = ({ check }: Task) => (check as { expected: unknown }).expected;

interface Agent {
  state: object;
  [name: string]: unknown;
}

/** Runs a program on an agent that has these; what it then has, and what the program returned. */
function ran(program: string, self: Agent): Agent & { returned: unknown } {
  const returned = new Function("self", program)(self) as unknown;
  return { ...self, returned };
}

describe("the families of attributes", () => {
  it("set numbers and words alike often, and a flag or a list as often as each other, as the ask has them", () => {
    const all = drawn("set");
    const kinds = { number: 0.4, string: 0.4, boolean: 0.1, object: 0.1 };
    for (const [kind, share] of Object.entries(kinds))
      isShare(all, share, (task) => typeof expectedOf(task) === kind, kind);
    const flags = all.map(expectedOf).filter((value) => typeof value === "boolean");
    isShare(flags, 0.5, (value) => value, "true");
    const lists = all.map(expectedOf).filter((value) => Array.isArray(value));
    isShare(lists, 0.5, ([first]) => typeof first === "string", "lists of words");
    isShare(lists, 0.5, ({ length }) => length === 2, "lists of two");
    for (const items of lists) {
      assert.ok(items.length === 2 || items.length === 3);
      assert.equal(new Set(items.map((item) => typeof item)).size, 1);
    }
    for (const task of all) {
      const text = JSON.stringify(expectedOf(task)).replaceAll(",", ", ");
      assert.ok(task.ask.includes(text) && task.program.endsWith(` = ${text};`), `${task.ask} ${task.program}`);
    }
  });

  it("set three in ten in the state, by its name or by a variable, which has its type where the style has types", () => {
    const types = { number: "number", string: "string", boolean: "boolean" };
    for (const typed of [false, true]) {
      const all = drawn("set", typed);
      const states = all.filter(({ combination }) => combination.startsWith("state "));
      isShare(all, 0.3, (task) => states.includes(task), "state");
      for (const [start, share] of Object.entries({ "self.state.": 0.6, "const ": 0.2, "let ": 0.2 }))
        isShare(states, share, ({ program }) => program.startsWith(start), start);
      for (const task of states.filter(({ program }) => !program.startsWith("self."))) {
        const value = expectedOf(task);
        const type = Array.isArray(value) ? `${typeof value[0]}[]` : types[typeof value as keyof typeof types];
        assert.equal(/: ([a-z[\]]+) =/.exec(task.program)?.[1], typed ? type : undefined, task.program);
      }
    }
  });

  it("join two texts by a sum in six of ten, else as the one text that they are", () => {
    isShare(drawn("joined"), 0.6, ({ program }) => /"\w+" \+ "\w+";$/.test(program), "sums");
  });

  it("count on from what is there, or from nothing: half by one, half in the state", () => {
    const all = drawn("counter");
    isShare(all, 0.5, ({ combination }) => combination.endsWith("+1"), "by one");
    isShare(all, 0.5, ({ combination }) => combination.startsWith("self.state."), "in the state");
    for (const { ask, program, combination } of all) {
      const [, at, name, by] = /^(self(?:\.state)?)\.(\w+)\+(\d+)$/.exec(combination)!;
      assert.ok(ask.includes(`${at}.${name}`) && ask.includes(by === "1" ? "one" : by!), ask);
      for (const before of [undefined, 5]) {
        const own = before === undefined ? {} : { [name!]: before };
        const { state, ...after } = ran(program, at === "self" ? { state: {}, ...own } : { state: own });
        const there: { [name: string]: unknown } = at === "self" ? after : (state as typeof after);
        assert.equal(there[name!], (before ?? 0) + Number(by), program);
      }
    }
  });

  it("append to a list that is there, or begin one: seven in ten a word", () => {
    const all = drawn("push");
    isShare(all, 0.7, ({ combination }) => combination.endsWith('"'), "words");
    for (const { ask, program, combination } of all) {
      const [name, text] = combination.split("+") as [string, string];
      assert.ok(ask.includes(text) && ask.includes(`self.${name}`), ask);
      assert.deepEqual(ran(program, { state: {} })[name], [JSON.parse(text)], program);
      assert.deepEqual(ran(program, { state: {}, [name]: ["a"] })[name], ["a", JSON.parse(text)], program);
    }
  });

  it("answer with a number or a word, which half of the programs return, too", () => {
    const all = drawn("answer");
    const answerOf = ({ combination }: Task): unknown => JSON.parse(combination.slice("answer ".length));
    isShare(all, 0.5, (task) => typeof answerOf(task) === "number", "numbers");
    isShare(all, 0.5, ({ program }) => program.includes("return"), "returned");
    for (const task of all) {
      const value = answerOf(task);
      const { response, returned } = ran(task.program, { state: {} });
      assert.deepEqual([response, returned], [value, task.program.includes("return") ? value : undefined]);
      assert.ok(task.ask.includes(JSON.stringify(value)), task.ask);
    }
  });
});
