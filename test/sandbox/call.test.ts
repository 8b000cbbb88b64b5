/** A method called, or an attribute read, from outside: one answer for each input, and what is no plain data by its type. */

import assert from "node:assert/strict";
import type { Answer, CallResult } from "../../src/sandbox/index.ts";
import { useSandbox } from "./shared.ts";

describe("a call from outside", () => {
  const sandbox = useSandbox({ workers: 2 });

  /** What `call("f", lists)` gives on an agent whose method `f` is `source`. */
  const callOf = async (source: string, lists: unknown[][], { setup = "", limits = {} } = {}): Promise<CallResult> => {
    const life = await sandbox().open({ limits });
    const report = await life.step(`${setup}\nself.f = ${source};`);
    assert.equal(report.verdict, "survived", report.cause);
    const result = await life.call("f", lists);
    await life.close();
    return result;
  };
  const answersOf = async (source: string, lists: unknown[][], options = {}): Promise<Answer[]> => {
    const result = await callOf(source, lists, options);
    if ("failed" in result) assert.fail(result.failed);
    return result.answers;
  };
  const late = "it did not return within 200 ms";

  it("has a verdict for each input: a value, an error, or what else it gave", async () => {
    const source = `(n) => {
      if (n === 1) throw new RangeError("one");
      if (n === 2) return Promise.resolve({ two: [2] });
      if (n === 3) return NaN;
      if (n === 4) return Promise.reject(new TypeError("four"));
      if (n === 5) return new Promise(() => {});
      if (n === 6) return;
      return n;
    }`;
    const lists = Array.from({ length: 8 }, (_, n) => [n]);
    assert.deepEqual(await answersOf(source, lists), [
      { value: 0 },
      { failed: "it threw RangeError: one" },
      { value: { two: [2] } },
      { failed: "it gave NaN, which is no plain data" },
      { failed: "it threw TypeError: four" },
      { failed: "it gave a promise that nothing settles" },
      { failed: "it gave undefined, which is no plain data" },
      { value: 7 },
    ]);
  });

  it("that hangs is told from a busy machine, keeps the answers before it, and says which were not asked", async () => {
    const not = "it was not called: a call before it did not return";
    const hangs = [
      "(n) => { while (n === 1) {} return n; }",
      "(n) => { if (n === 1) /^(a+)+$/.test('a'.repeat(40) + 'b'); return n; }",
      "(n) => { if (n === 1) for (;;) try { throw 1 } catch {} return n; }",
    ];
    for (const source of hangs)
      assert.deepEqual(await answersOf(source, [[0], [1], [2]]), [{ value: 0 }, { failed: late }, { failed: not }]);
    const inPromises = await answersOf("async (n) => { await 0; for (; n === 1; ); return n; }", [[0], [1]]);
    assert.deepEqual(inPromises[1], { failed: late });
    const native = await callOf("() => [].includes.call({ length: 2 ** 53 - 1 }, 1)", [[]]);
    assert.deepEqual(native, {
      failed: "the call did not end within 200 ms and could not be interrupted",
      effects: [],
    });
    const hoard = "() => { const a = []; for (;;) a.push(new Array(1e5).fill(1)); }";
    const hungry = await callOf(hoard, [[]], { limits: { stepMs: 10_000 } });
    assert.match("failed" in hungry ? hungry.failed : "", /^(it|the call) used more than 32 MiB/);
  });

  it("leaves the life usable after a method that hung", async () => {
    const life = await sandbox().open();
    await life.step("self.n = 1; self.f = () => { for (;;) {} }; self.g = () => self.n;");
    assert.deepEqual(await life.call("f", [[]]), { answers: [{ failed: late }], effects: [] });
    assert.deepEqual(await life.call("g", [[]]), { answers: [{ value: 1 }], effects: [] });
    assert.equal((await life.step("self.n++")).verdict, "survived");
    await life.close();
  });

  const odd: [source: string, named: string][] = [
    ["new Map([[1, 2]])", "a Map"],
    ["new Set([1])", "a Set"],
    ["new Date(0)", "a Date"],
    ["/a/", "a RegExp"],
    ["new Error('x')", "an Error"],
    ["new Uint8Array(2)", "a Uint8Array"],
    ["Symbol('s')", "a symbol (Symbol(s))"],
    ["10n", "a bigint (10n)"],
    ["Infinity", "Infinity"],
    ["undefined", "undefined"],
    ["() => 1", "a function"],
    ["function named() {}", "a function (named)"],
    ["class Point {}", "a class (Point)"],
    ["new (class Point { x = 1 })()", "a Point"],
    ["Object.create({ x: 1 })", "an object with a prototype of its own"],
    ["[1, { a: new Map() }]", 'a Map at [1]["a"]'],
    ["[Promise.resolve(1)]", "a Promise at [0]"],
    ["[1, , 3]", "a hole at [1]"],
    ["({ get x() { return 1 } })", 'an accessor at ["x"]'],
    ["({ [Symbol('k')]: 1 })", "a key that is a symbol (Symbol(k))"],
    ["(() => { const a = { b: [] }; a.b.push(a); return a })()", 'a cycle at ["b"][0]'],
    ["(() => { let d = 1; for (let i = 0; i < 20; i++) d = [d]; return d })()", "data more than 16 levels deep"],
    ["'x'.repeat(70000).split('')", "more than 65,536 characters of data"],
    ["new Proxy({}, { ownKeys() { throw 1 } })", "an object that cannot be read"],
  ];
  it("names what is no plain data by its type and place, and an attribute that is read likewise", async () => {
    const values = odd.map(([source]) => source);
    const answers = await answersOf(
      `(i) => [${values.map((source) => `() => (${source})`).join()}][i]()`,
      [...odd.keys()].map((i) => [i]),
    );
    assert.deepEqual(
      answers,
      odd.map(([, named]) => ({ failed: `it gave ${named}, which is no plain data` })),
    );
    const life = await sandbox().open();
    await life.step("self.state.seen = new Map(); self.plain = { a: [1, null, 'x', true, -0] };");
    assert.deepEqual(await life.read("seen"), {
      answers: [{ failed: "it gave a Map, which is no plain data" }],
      effects: [],
    });
    assert.deepEqual(await life.read("plain"), { answers: [{ value: { a: [1, null, "x", true, -0] } }], effects: [] });
    assert.deepEqual(await life.call("nope", [[]]), { failed: 'the agent has no method "nope"', effects: [] });
    await assert.rejects(life.call("nope", [[], 2 as never]), {
      message: "Expected `argumentLists` to be lists of arguments, got 2",
    });
    await life.close();
  });

  it("brings plain data out as it is: negative zero, empty things, own keys, one object twice, no prototype", async () => {
    const plain = [
      "-0",
      "[]",
      "{}",
      "''",
      "{ __proto__: null, a: 1 }",
      "{ ['__proto__']: 1 }",
      "'\\u2028\\ud800'",
      "1e308",
      "5e-324",
      "[[[1]]]",
      "(() => { const one = { a: 1 }; return [one, one] })()",
    ];
    const answers = await answersOf(
      `(i) => [${plain.map((source) => `() => (${source})`).join()}][i]()`,
      plain.map((_, i) => [i]),
    );
    const own = JSON.parse('{"__proto__":1}') as object;
    const expected = [-0, [], {}, "", { a: 1 }, own, "\u2028\ud800", 1e308, 5e-324, [[[1]]], [{ a: 1 }, { a: 1 }]];
    assert.deepEqual(
      answers,
      expected.map((value) => ({ value })),
    );
  });

  it("tells which calls changed what they were given, and nothing of those that did not", async () => {
    const life = await sandbox().open();
    const source = `self.f = (list, how) => {
      if (how === "sort") return list.sort();
      if (how === "push") list.push(undefined);
      if (how === "same") list.push(list.pop());
      if (how === "cycle") list.push(list);
      if (how === "later") return Promise.resolve().then(() => list.reverse());
      if (how === "deep") list[0].a = 2;
      if (how === "throw") { list.length = 0; throw new Error("no"); }
      return list.length;
    };`;
    await life.step(source);
    const ways = ["sort", "push", "same", "cycle", "later", "deep", "throw", "none"];
    const lists = ways.map((how) => [how === "deep" ? [{ a: 1 }] : [3, 1, 2], how]);
    const called = await life.call("f", lists);
    assert.ok("answers" in called);
    assert.deepEqual(
      called.changed?.map((i) => ways[i]),
      ["sort", "push", "cycle", "later", "deep"],
    );
    assert.deepEqual(called.answers[2], { value: 3 });
    assert.deepEqual(called.answers[4], { value: [2, 1, 3] });
    assert.deepEqual(called.answers[6], { failed: "it threw Error: no" });
    const long = await life.call("f", [[Array.from({ length: 800 }, (_, i) => 1000 - i), "sort"]]);
    assert.deepEqual("answers" in long && long.changed, [0], "a call that no program says");
    const plain = await life.call("f", [[[1, 2], "none"]]);
    assert.deepEqual(plain, { answers: [{ value: 2 }], effects: [] });
    await life.close();
  });

  it("tells which calls gave a promise, whatever the guest made of promises", async () => {
    const source = `self.f = (how) => {
      if (how === "async") return (async () => 1)();
      if (how === "promise") return Promise.resolve(1);
      if (how === "late") return new Promise(() => {});
      if (how === "own") return Reflect.construct(Promise, [(done) => done(1)], class extends Promise {});
      if (how === "thenable") return { then(done) { done(1); } };
      return 1;
    };
    Promise.prototype.then = function (done) { return done(1); };`;
    const life = await sandbox().open();
    await life.step(source);
    const ways = ["none", "async", "promise", "thenable", "late", "own"];
    const called = await life.call("f", [...ways.map((how) => [how]), [["in a list"]]]);
    assert.ok("answers" in called);
    assert.deepEqual(
      called.later?.map((i) => ways[i]),
      ["async", "promise", "late", "own"],
    );
    assert.deepEqual(called.answers.slice(0, 3), [{ value: 1 }, { value: 1 }, { value: 1 }]);
    await life.close();
  });

  it("is forged by nothing that the guest has patched", async () => {
    const patched = [
      "Array.prototype[0] = '{}'; Object.defineProperty(Array.prototype, 1, { set() { throw 1 } });",
      "Object.prototype.value = 9; Object.prototype.threw = { name: 'x' }; Object.prototype.odd = Object.prototype.text = 'x';",
      "Object.prototype.toJSON = () => 9; JSON.stringify = () => '9'; String.prototype.slice = () => '';",
      "Reflect.getPrototypeOf = Reflect.ownKeys = Array.isArray = () => { throw 1 };",
      "RegExp.prototype.exec = () => { throw 1 }; Symbol.toStringTag; Map.prototype.constructor = 5;",
    ];
    for (const setup of patched)
      assert.deepEqual(
        await answersOf("(n) => [n, { n }]", [[1], [2]], { setup }),
        [{ value: [1, { n: 1 }] }, { value: [2, { n: 2 }] }],
        setup,
      );
    const [renamed] = await answersOf("() => new Map()", [[]], { setup: patched.at(-1)! });
    assert.deepEqual(renamed, { failed: "it gave an object with a prototype of its own, which is no plain data" });
  });
});
