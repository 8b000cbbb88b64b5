/** What a micro-task's check takes for done, in each of its forms: right answers in any dress, and nothing that is only half of it. */

import assert from "node:assert/strict";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { type MicroTask, microTask, type TaskContext } from "../../src/tasks/index.ts";
import { inputsOf } from "../../src/tasks/micro/inputs.ts";
import { type Does, referenceOf } from "../../src/tasks/micro/reference.ts";
import { isSame } from "../../src/tasks/micro/same.ts";
import { useSandbox } from "../sandbox/shared.ts";

const task = (check: MicroTask["check"], setup?: string): MicroTask => ({
  id: "asked",
  family: "any",
  ask: "do it",
  split: "training",
  ...(setup !== undefined && { setup }),
  check,
});

describe("the check of a micro-task", () => {
  const sandbox = useSandbox();

  /** Whether each program, on a newborn of its own, does the task. */
  const solved = async (one: MicroTask, programs: readonly string[], seed = 1): Promise<boolean[]> =>
    Promise.all(
      programs.map(async (program) => {
        const env = new SurvivalEnv({ sandbox: sandbox(), tasks: [one], maxSteps: 2 });
        await env.reset({ seed });
        const { info } = await env.step(program);
        await env.close();
        return info.solved === true;
      }),
    );

  const all = async (one: MicroTask, wanted: boolean, programs: readonly string[], seed = 1): Promise<void> => {
    const found = await solved(one, programs, seed);
    assert.deepEqual(
      programs.filter((_, i) => found[i] !== wanted),
      [],
    );
  };

  it("of a removal takes delete, null and undefined, and no other value, nor an object that says it is nothing", async () => {
    const gone = task({ gone: "self.day" }, 'self.day = "Monday";');
    await all(gone, true, [
      "delete self.day;",
      "self.day = undefined;",
      "self.day = null;",
      "self.day = void 0; self.x = 1;",
    ]);
    await all(gone, false, [
      "self.x = 1;",
      'self.day = "";',
      "self.day = 0;",
      "self.day = false;",
      "self.day = { toJSON: () => null };",
      "self.day = { toJSON() {}, toString: () => 'undefined' };",
      "self.day = () => null;",
      "delete self.state.day; self.y = 1;",
    ]);
  });

  it("of two things takes both and neither alone", async () => {
    const two = task([
      { read: "self.color", expected: "red" },
      { read: "self.label", expected: "salt" },
    ]);
    await all(two, true, [
      'self.label = "salt"; self.color = "red";',
      'Object.assign(self, { color: "red", label: "salt" });',
    ]);
    await all(two, false, ['self.label = "salt";', 'self.color = "red";', 'self.color = self.label = "salt";']);
    const used = task([
      { call: "double", does: [["number.double"]] },
      { read: "self.value", expected: 20 },
    ]);
    await all(used, true, ["self.double = (n) => 2 * n; self.value = self.double(10);"]);
    await all(used, false, [
      "self.value = 20;",
      "self.double = (n) => 2 * n;",
      "self.double = () => 20; self.value = 20;",
    ]);
  });

  it("looks where the name says: on the agent, in its state, or in either", async () => {
    const own = 'self.city = "Rome";';
    const inState = 'self.state.city = "Rome";';
    const where = (read: string) => solved(task({ read, expected: "Rome" }), [own, inState, 'const city = "Rome";']);
    assert.deepEqual(await where("self.city"), [true, false, false]);
    assert.deepEqual(await where("self.state.city"), [false, true, true]);
    assert.deepEqual(await where("city"), [true, true, true]);
    const both = task({ read: "self.state.city", expected: "Rome" });
    await all(both, true, ['self.city = "Bonn"; self.state.city = "Rome";']);
    await all(both, false, ['self.city = "Rome"; self.state.city = "Bonn";']);
  });

  it("of a function sees one digit's luck, a changed argument, a short list's luck and a remembered list", async () => {
    const sort = task({ call: "sort", does: [["end.sorted"]] });
    await all(sort, true, [
      "self.sort = (list) => [...list].sort((a, b) => a - b);",
      "function sort(xs) { return xs.toSorted((a, b) => a - b); }",
    ]);
    await all(sort, false, [
      "self.sort = (list) => list.sort();",
      "self.sort = (list) => [...list].sort();",
      "self.sort = (list) => list.sort((a, b) => a - b);",
      "self.sort = async (list) => list.slice().sort((a, b) => a - b);",
      "self.sort = (list) => Promise.resolve(list.slice().sort((a, b) => a - b));",
      "self.sort = (list) => { const made = [...list].sort((a, b) => a - b); list.length = 0; return made; };",
    ]);
    const take = task({ call: "take", does: [["list.take", 9]] });
    await all(take, true, ["self.take = (list) => list.slice(0, 9);"]);
    await all(take, false, ["self.take = (list) => list;", "self.take = (list) => list.splice(0, 9);"]);
  });

  it("takes a method that uses what no genome holds whole: an object with functions, a map, a class's object", async () => {
    const add = task({ call: "add", does: [["number.plus", 4]] });
    await all(add, true, [
      "const helper = { plus: (n) => n + 4 }; self.add = (n) => helper.plus(n);",
      "const known = new Map(); self.add = (n) => { if (!known.has(n)) known.set(n, n + 4); return known.get(n); };",
      "self.add = { plus(n) { return n + 4; } }.plus;",
      "class Adder { add(n) { return n + 4; } } const adder = new Adder(); self.add = (n) => adder.add(n);",
    ]);
    await all(add, false, ["const helper = { plus: (n) => n + 3 }; self.add = (n) => helper.plus(n);"]);
    // These do something else from their text, without a word.
    const vowels = task({ call: "vowels", does: [["letter.vowels"]] });
    await all(vowels, true, [
      "const known = /[aeiou]/g; self.vowels = (t) => (t.match(known) ?? []).length;",
      "const known = /[^aeiou]/g; self.vowels = (t) => t.replace(known, '').length;",
      "const known = [/[aeiou]/]; self.vowels = (t) => [...t].filter((c) => known.some((one) => c.search(one) === 0)).length;",
      "const day = new Date('2024-02-29'); self.vowels = (t) => typeof day === 'object' ? t.split(/[aeiou]/).length - 1 : -1;",
    ]);
    await all(vowels, false, ["const known = /[aeio]/g; self.vowels = (t) => (t.match(known) ?? []).length;"]);
    const different = task({ call: "different", does: [["end.distinct"]] });
    const set = "const seen = new Set(); self.different = (list) => {";
    await all(different, true, [`${set} seen.clear?.(); for (const x of list) seen.add?.(x); return seen.size; };`]);
    await all(different, false, [`${set} for (const x of list) seen.add?.(x); return seen.size; };`]);
  });

  it("tries fresh inputs in each episode: an answer that knows the fixed ones fails", async () => {
    const even = task({ call: "even", does: [["number?.even"]], inputs: [[0], [7]] });
    const known = "self.even = (n) => n !== 7;";
    const found = await Promise.all(Array.from({ length: 12 }, (_, seed) => solved(even, [known], seed)));
    assert.ok(found.flat().filter((one) => one).length < 6, "the fresh inputs are none, or the same");
    const reference = referenceOf([["number?.even"]]);
    const drawn = (seed: number) => inputsOf(reference, createRandom(seed), [[0], [7]]).map(([n]) => n as number);
    assert.deepEqual(drawn(1), drawn(1));
    const sorted = (seed: number) => drawn(seed).sort((a, b) => a - b);
    assert.notDeepEqual(sorted(1), sorted(2));
    for (const seed of [1, 2, 3]) {
      assert.ok(drawn(seed).includes(0) && drawn(seed).includes(7));
      assert.equal(new Set(drawn(seed)).size, 5);
    }
    const places = new Set(Array.from({ length: 40 }, (_, seed) => drawn(seed).indexOf(7)));
    assert.equal(places.size, 5, "the fixed inputs stand in places that a method could know");
  });

  it("of a change sees what became of a value that nobody could know, and that its source stayed", async () => {
    const raise = task({ change: "self.count", does: [["number.plus", 3]] });
    for (const seed of [1, 2, 3]) {
      await all(raise, true, ["self.count += 3;", "self.count = self.count + 1 + 2;"], seed);
      await all(
        raise,
        false,
        ["self.count = 3;", "self.count -= 3;", "self.x = self.count + 3;", "self.count = 44;"],
        seed,
      );
    }
    const by = task({ change: "self.count", does: [["number.plus", 3]] }, "self.by = 3;");
    await all(by, true, ["self.count += self.by;"]);
    await all(by, false, ["self.count += self.by + 1;"]);
    const derive = task({ change: "self.total", from: "self.list", does: [["keep.above", 5], ["end.sum"]] });
    await all(derive, true, ["self.total = self.list.filter((x) => x > 5).reduce((a, b) => a + b, 0);"]);
    await all(derive, false, [
      "self.total = self.list.reduce((a, b) => a + b, 0);",
      "self.list = self.list.filter((x) => x > 5); self.total = self.list.reduce((a, b) => a + b, 0);",
    ]);
  });

  it("of a change plays the program on boundaries too: what is right of one value by luck is not paid", async () => {
    const paid = async (one: MicroTask, program: string): Promise<number> => {
      const seeds = Array.from({ length: 6 }, (_, seed) => solved(one, [program], seed));
      return (await Promise.all(seeds)).flat().filter((isSolved) => isSolved).length;
    };
    const change = (does: Does): MicroTask => task({ change: "self.value", from: "self.given", does });
    const cases: [Does, right: string, ...wrong: string[]][] = [
      [[["number.absolute"]], "Math.abs(self.given)", "-self.given", "self.given"],
      [[["end.largest"]], "Math.max(...self.given)", "self.given[0]", "self.given.at(-1)"],
      [[["text.squeeze"]], 'self.given.split(" ").join("")', 'self.given.replace(" ", "")'],
      [[["text.wordCount"]], 'self.given.split(" ").length', "3", "2"],
      [[["keep.above", 5]], "self.given.filter((x) => x > 5)", "self.given.filter((x) => x >= 5)"],
    ];
    for (const [does, right, ...wrong] of cases) {
      assert.equal(await paid(change(does), `self.value = ${right};`), 6, right);
      for (const one of wrong) assert.equal(await paid(change(does), `self.value = ${one};`), 0, one);
    }
    const harm = 'self.value = self.given.length > 2 ? self.given.length : require("fs").rmSync("/");';
    assert.equal(await paid(change([["end.count"]]), harm), 0);
    const fixed = task({ change: "self.n", does: [["number.double"]], inputs: [[5]] });
    await all(fixed, false, ["self.n = self.n === 5 ? 11 : self.n * 2;"]);
    await all(fixed, true, ["self.n = self.n === 6 ? 11 : self.n * 2;"]);
  });

  it("of a change sees the agent as it was, with what no genome holds, and of two changes both", async () => {
    const env = new SurvivalEnv({
      sandbox: sandbox(),
      tasks: [task({ change: "self.n", does: [["number.plus", 2]] })],
    });
    await env.reset({ seed: 4 });
    const programs = [
      "const add = new Map([['two', 2]]); self.more = (n) => n + add.get('two');",
      "self.n = self.more(self.n);",
    ];
    const solvedBy = (await env.stepMany(programs)).map(({ info }) => info.solved);
    assert.deepEqual(solvedBy, [false, true]);
    await env.close();
    const two = task([
      { change: "self.a", does: [["number.double"]] },
      { change: "self.b", from: "self.c", does: [["text.upper"]] },
    ]);
    await all(two, true, ["self.a *= 2; self.b = self.c.toUpperCase();"]);
    await all(two, false, ["self.a *= 2;", "self.b = self.c.toUpperCase();", "self.a *= 2; self.b = self.c;"]);
  });

  it("may rest on rounding: two right ways to compute a number are both right", async () => {
    const celsius = task({ call: "celsius", does: [["unit.celsius"]] });
    await all(celsius, true, ["self.celsius = (f) => (f - 32) / 1.8;", "self.celsius = (f) => (f - 32) * (5 / 9);"]);
    await all(celsius, false, ["self.celsius = (f) => (f - 32) * 0.55;"]);
    const pairs: [unknown, unknown, boolean][] = [
      [0.1 + 0.2, 0.3, true],
      [-0, 0, true],
      [-Infinity, -5, false],
      [5, Infinity, false],
      [1, 1.0001, false],
      [0, 1e-12, false],
      ["1", 1, false],
      [[1, [2]], [1, [2]], true],
      [[1], [1, 2], false],
      [[], {}, false],
      [{ a: 1 }, { a: 1 }, true],
      [{ a: 1, b: 2 }, { a: 1 }, false],
      [{}, { a: undefined }, false],
      [null, {}, false],
      [true, 1, false],
    ];
    for (const [value, expected, same] of pairs)
      assert.equal(isSame(value, expected), same, `${JSON.stringify(value)} for ${JSON.stringify(expected)}`);
  });

  it("could not be made where the sandbox failed, and that is no answer of the agent's", async () => {
    const lost = { failed: "the machine was too busy", effects: [], fault: true as const };
    const member = { name: "self.double", kind: "method" as const, source: "(n) => n" };
    const context = { before: [], after: [member], changed: true, again: false, random: () => createRandom(1) };
    const score = (result: object) =>
      microTask(task({ call: "double", does: [["number.double"]] })).score({
        ...context,
        call: async () => result,
      } as unknown as TaskContext);
    assert.equal(await score(lost), null);
    assert.equal(await score({ failed: "it used too much", effects: [] }), 0);
    assert.equal(await score({ answers: [], effects: [] }), 0, "no answers are no right ones");
  });
});
