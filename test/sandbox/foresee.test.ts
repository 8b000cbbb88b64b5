/** What a program certainly does, read from its text: against what it does when it runs. */

import assert from "node:assert/strict";
import { runInNewContext } from "node:vm";
import { foresee } from "../../src/sandbox/bodies/javascript/foresee/index.ts";
import { createWitness } from "../../src/sandbox/host/witness.ts";

const certain = [
  "self.a = 1; self.state.b = 'x'; self['c'] = [1, [2], { d: null }];",
  "const n = 3; let m = n * 2; self.state.less = m - 1; self.t = `${n} of ${m}`;",
  "var s = 0; for (var i = 0; i < 9; i++) { if (i === 4) continue; s += i; if (s > 20) break; } self.sum = s;",
  "function twice(x) { return x * 2 } const f = (x, y) => twice(x) + y; self.v = f(3, 4);",
  "self.words = 'to be or not'.split(' ').map((w) => w.length).filter((n) => n > 2).join('-');",
  "const fs = []; for (let i = 0; i < 3; i++) fs.push(() => i); self.got = fs.map((f) => f());",
  "const o = { a: 1 }; o.b = [2]; o.b.push(3); self.o = o; self.p = o.b.length;",
  "self.x = 1; self.x += 4; self.x++; self.y = self.x * 2; delete self.x;",
  "if ('abc'.includes('b') && !false) self.yes = true; else self.no = true;",
  "let k = 3; while (k > 0) { k -= 1 } self.k = k; try { self.t = 1 } finally { self.u = 2 }",
  "for (const w of ['a', 'b']) self.last = w.toUpperCase().padStart(3, '.');",
  "self.r = [3, 1, 2].reduce((a, b) => a + b, 0) + Math.max(1, 2) + [5].indexOf(5);",
  "var s = 0; for (var i = 0; i < 1000; i++) { if (i > 3) break; s += i; } self.sum = s;",
  "var s = 0; for (var i = 0; i < 1000; i++) { i += 400; s += i; } self.sum = s;",
  "var s = 0; for (let i = 0; i < 1000; i++) { s += 1; if (true) { i++; i = i + 250; } } self.sum = s;",
  "var i; var s = 0; const f = () => { i += 400; }; for (i = 0; i < 1000; i++) { s++; f(); } self.sum = s;",
  "self.first = (function () { for (var i = 5; i < 1000; i++) return i; })();",
  "var s = 0; for (var i = 0; i < 40; i++) s += i; self.sum = s;",
  "self.query = 'next'; console.log(self.anything); return 4;",
  "let i = 0; const k = ['a', 'b']; self.state[k[i++]] = i; self.state[k[i++]] = 7;",
  "const o = {}; let i = 0; o['p' + i] = ++i; self.o = o;",
  "let x = 1; x += (x = 5); self.x = x;",
  "for (var i = 0; i < 3; i++) { var s; s = (s || 0) + i; } self.s = s;",
  "var t = 4; { var t; self.t = t; } for (let i = 0; i < 2; i++) { let u; u = (u || 0) + 1; self.u = u; }",
  "let s = '5'; const t = s++; self.s = s; self.t = t; let n = null; self.n = ++n;",
];

const uncertain = [
  "nope()",
  "self.fly()",
  "self.a = b",
  "self.a = Math.random()",
  "const { a } = self;",
  "self.a = 1; throw 2",
  "this.a = 1",
  "self.state = {}",
  "self[self.k] = 1",
  "let x = 1; self.state.x = 2",
  "const m = 1; self.state.m = m",
  "self.a = new Date()",
  "self.a = await 1",
  "self.a = 1n",
  "self.a = ({}).toString",
  "for (;;) {}",
  "var s = 0; for (var i = 0; i < 1000; i++) s += i; self.sum = s;",
  "self.a = 'x'.repeat(1e9)",
  "let s = 'ab'; for (;;) s = s + s;",
  "const f = () => f(); f()",
  `self.a = ${"[".repeat(300)}1${"]".repeat(300)}`,
  `self.a = ${"-".repeat(300)}1`.replaceAll("--", "- -"),
];

describe("what a program certainly does", () => {
  for (const program of certain)
    it(`is what it does: ${JSON.stringify(program).slice(0, 70)}`, () => {
      const self: { [name: string]: unknown } = { state: {} };
      runInNewContext(`(function () { ${program} })()`, { self, console: { log() {} } });
      const { state, ...own } = self;
      const is = Object.entries(own).map(([name, value]) => [`self.${name}`, JSON.stringify(value)]);
      is.push(...Object.entries(state as object).map(([name, value]) => [name, JSON.stringify(value)]));
      const found = [...(foresee(program)?.members ?? [])].filter(([, one]) => one !== "gone");
      const was = found.map(([name, one]) => [name, typeof one === "string" ? one : one.source]);
      assert.deepEqual(was.sort(), is.sort());
    });

  for (const program of uncertain)
    it(`is not said of ${JSON.stringify(program).slice(0, 70)}`, () => assert.equal(foresee(program), null));

  it("is not said of values that a few operations make larger than any memory", () => {
    const ten = "[a, a, a, a, a, a, a, a, a, a]";
    const growing = [
      "let s = '[1]'; for (;;) s = JSON.stringify([s, s])",
      `let a = 1; for (let i = 0; i < 15; i++) a = ${ten}; self.a = a;`,
      `let a = 1; for (let i = 0; i < 15; i++) a = { b: a, c: a, d: a, e: a, f: a, g: a }; self.a = a;`,
      "const a = []; a.push(a, a, a, a, a, a, a, a); self.a = a;",
      "const a = [1]; a.push(a, a, a, a, a, a, a, a); self.t = JSON.stringify(a);",
      "let t = 'x'.repeat(4000); let a = [t]; for (let i = 0; i < 9; i++) a = a.concat(a); for (;;) a.join(t);",
      `let k = 'k'.repeat(4000); const o = {}; for (let i = 0; i < 40; i++) o[i + k] = [k]; self.o = [o, o, o];`,
    ];
    const thousand = "let L = 'x'.repeat(1000).split(''); const M = [L, L, L, L, L, L, L, L, L, L, L, L, L, L, L];";
    growing.push(`${thousand} for (;;) JSON.stringify(M)`);
    growing.push(thousand + Array.from({ length: 100 }, (_, i) => `self.a${i} = M;`).join(""));
    for (const program of growing) assert.equal(foresee(program), null, program);
    // What is large and no more than that is still foreseen.
    const list = foresee("let a = [1]; for (let i = 0; i < 9; i++) a = a.concat(a); self.a = [a, a];");
    const member = list?.members.get("self.a");
    assert.ok(typeof member === "object" && member.source.length === 2 * (2 * 512 + 1) + 3);
  });

  it("may be that a number grows, or that a function is there", () => {
    for (const program of ["self.n++", "self.n += 2", "self.n = (self.n ?? 0) + 1", "self.n = (self.n || 0) - 3"])
      assert.deepEqual([...foresee(program)!.members], [["self.n", "grown"]], program);
    assert.deepEqual([...foresee("self.n = self.n + self.m; self.l = self.n ?? 2")!.members], []);
    for (const program of [
      "self.n += 1; self.n += 2",
      "for (let i = 0; i < 3; i++) self.n -= 2",
      "self.n = (self.n ?? 0) + 1; self.n++",
      "self.n -= 0.001",
    ])
      assert.deepEqual([...foresee(program)!.members], [["self.n", "grown"]], program);
    // Neither what comes back to where it was, nor what the program had set to something unknown before.
    for (const program of [
      "self.n += 1; self.n -= 1;",
      "self.n++; self.n = self.n - 1",
      "self.n *= 2; self.n += 1",
      "self.n = self.m; self.n++",
      "self.n += 1; self.n = self.m; self.n += 1",
      "let n = self.n; n += 1; self.m = n",
      "self.n += 1e-9", // which a number of 13 digits is not changed by
    ])
      assert.deepEqual([...foresee(program)!.members], [], program);
    const made = foresee("self.f = function (x) { return unknown(x) }")!.members.get("self.f");
    assert.deepEqual(made, { kind: "method", source: "function (x) { return unknown(x) }" });
  });
});

describe("the witness of a life", () => {
  const members = (list: { [name: string]: unknown }) =>
    Object.entries(list).map(([name, value]) => ({ name, kind: "attribute" as const, source: JSON.stringify(value) }));
  const hear = (...steps: [program: string, before: object, after: object][]) => {
    const witness = createWitness();
    for (const [step, [program, before, after]] of steps.entries())
      witness.hear(step, {
        foreseen: foresee(program),
        before: members(before as { [name: string]: unknown }),
        after: members(after as { [name: string]: unknown }),
        setUp: false,
      });
    return witness.verdict();
  };
  const missed: [string, object, object] = ["self.a = 1", {}, {}];
  const held: [string, object, object] = ["self.a = 1", {}, { "self.a": 1 }];

  it("says nothing of two programs without effect, and tells three, also with others between", () => {
    assert.equal(hear(missed, missed), null);
    assert.match(hear(missed, missed, missed)!, /of the last 3 whose effect is certain, 3 had none$/);
    assert.match(hear(missed, held, missed, held, missed)!, /of the last 5 .* 3 had none$/);
    assert.equal(hear(missed, missed, held, held, held, held, held, held, held, missed), null, "long ago");
  });

  it("hears nothing of programs that it does not understand, that change nothing, or whose value another changed", () => {
    const idle: [string, object, object][] = [
      ["nope()", {}, {}],
      ["self.a = 1", { "self.a": 1 }, { "self.a": 1 }],
      ["self.a = 500", { "self.a": 3 }, { "self.a": 100 }],
      ["self.n++", { "self.n": "text" }, { "self.n": "text" }],
      ["self.n += 0.001", { "self.n": 1e14 }, { "self.n": 1e14 + 0.001 }],
    ];
    for (const one of idle) assert.equal(hear(one, one, one, one), null, one[0]);
    assert.notEqual(
      hear(...[1, 2, 3].map((): [string, object, object] => ["self.n++", { "self.n": 1 }, { "self.n": 1 }])),
      null,
    );
  });

  it("hears of effects that are gone after the next program, which did not touch them", () => {
    const undone = [0, 1, 2, 3].map((i): [string, object, object] => [`self.a${i} = 1`, {}, { [`self.a${i}`]: 1 }]);
    assert.match(hear(...undone)!, /3 had none$/);
    const kept = [0, 1, 2, 3].map((i): [string, object, object] => {
      const all = Object.fromEntries([0, 1, 2, 3].slice(0, i + 1).map((k) => [`self.a${k}`, 1]));
      return [`self.a${i} = 1`, {}, all];
    });
    assert.equal(hear(...kept), null);
  });
});
