/** The corpus in Python: the same tasks, printed in the other language, and what its programs do in the locked Python child. */

import assert from "node:assert/strict";
import { drawDocument, drawExample, drawTask, families, splitOf } from "../../corpus/index.ts";
import { taskInPython } from "../../corpus/python/index.ts";
import { programInPython } from "../../corpus/python/statements.ts";
import { createRandom } from "../../src/random/index.ts";
import { createSandbox, python } from "../../src/sandbox/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { checkKinds } from "./kinds.ts";

describe("the corpus in Python", () => {
  it("has programs that do, in the locked Python child, what their kind says; good ones solve their task", async () => {
    await using sandbox = await createSandbox({ workers: 2, body: python });
    const rates = { fatal: 0.2, harmful: 0.2, noOp: 0.1, other: 0.1 };
    const examples = Array.from({ length: 240 }, (_, i) => {
      const split = i % 4 === 0 ? "held-out" : "training";
      const style = { typed: i % 3 === 0, body: "python" } as const;
      return drawExample(createRandom(12, "python", i), { split, rates, style });
    });
    await checkKinds(sandbox, examples, { body: "python", least: 12 });
  });

  const written: [what: string, javascript: string, python: string][] = [
    ["an attribute", 'self.mood = ["a", true, null];', 'self.mood = ["a", True, None]'],
    ["the one dictionary", "self.state.runs = (self.state.runs ?? 0) + 1;", 'state["runs"] = state.get("runs", 0) + 1'],
    ["an attribute that may be missing", "self.n = (self.n || 0) + 1;", 'self.n = getattr(self, "n", 0) + 1'],
    ["a list kept", '(self.a ??= []).push("b");', 'state.setdefault("a", []).append("b")'],
    ["a default", "self.a ??= 0;\nself.a += 2;", 'if not hasattr(self, "a"):\n    self.a = 0\nself.a += 2'],
    ["a lambda", "self.f = (a, b) => a > b ? a : b;", "self.f = lambda a, b: a if a > b else b"],
    ["a definition", "self.f = function (n) {\n  return n;\n};", "def f(n):\n    return n"],
    ["type hints", "self.f = (xs: number[]): string => xs;", "def f(xs: list[float]) -> str:\n    return xs"],
    [
      "all type hints",
      "self.f = (n: number, t: string, is: boolean[][]): boolean => true;",
      "def f(n: float, t: str, is: list[list[bool]]) -> bool:\n    return True",
    ],
    [
      "a comprehension",
      "self.f = (xs) => xs.filter((x) => x % 2 === 0);",
      "self.f = lambda xs: [x for x in xs if x % 2 == 0]",
    ],
    [
      "no list for a sum",
      "f = (xs) => xs.map((x) => x * 2).reduce((a, b) => a + b, 0);",
      "f = lambda xs: sum(x * 2 for x in xs)",
    ],
    ["a product after a name", "n = m;\nxs.reduce((a, b) => a * b, 1);", "import math\nn = m\nmath.prod(xs)"],
    ["a product", "f = (xs) => xs.reduce((a, b) => a * b, 1);", "import math\nf = lambda xs: math.prod(xs)"],
    [
      "a built-in of its own name",
      "self.max = (a, b) => Math.max(a, b);",
      "self.max = lambda a, b, max=max: max(a, b)",
    ],
    ["a text turned round", 'f = (t) => [...t].reverse().join("");', "f = lambda t: t[::-1]"],
    ["numbers as text", 'f = (xs) => xs.join("-");', 'f = lambda xs: "-".join(str(x) for x in xs)'],
    [
      "parentheses where they are needed",
      "f = (a, b) => (a + b) / 2 - (a - b);",
      "f = lambda a, b: (a + b) / 2 - (a - b)",
    ],
    ["a program in a text", 'self.execute_code("self.n = 10;");', 'self.execute_code("self.n = 10")'],
    ["a program in a text without an end", 'self.execute_code("self.n = 10")', 'self.execute_code("self.n = 10")'],
    ["a loop", "for (let i = n; i >= 1; i--) self.a.push(i);", "for i in range(n, 0, -1):\n    self.a.append(i)"],
    [
      "an executor around the old one, whose name is its own",
      "{\n  const old = self.execute_code;\n  self.execute_code = function (code) {\n    return old.call(this, code);\n  };\n}",
      "def execute_code(code, old=self.execute_code):\n    return old(code)",
    ],
    ["no return outside a function", "self.response = 1;\nreturn 1;", "self.response = 1"],
  ];
  for (const [what, javascript, expected] of written)
    it(`writes ${what} as Python has it`, () =>
      assert.equal(programInPython(javascript.replace(/^f =/, "const f =")), expected));

  it("says what it cannot write", () => {
    for (const [program, what] of [
      ["while (true) {}", "WhileStatement"],
      ["let a;", "a variable without a name or a value"],
      ["const [a] = b;", "a variable without a name or a value"],
      ["self.f = function ([a]) {};", "ArrayPattern"],
      ["self.f = (n: any): any => n;", "TSAnyKeyword"],
      ["class A { f() {} }", "MethodDefinition"],
      ["class A { f; }", "PropertyDefinition"],
      ["for (;;) a();", "a loop that does not count"],
      ["for (let i = 0; ; i++) a();", "a loop that does not count"],
      ["for (let i; i < 3; i++) a();", "a loop that does not count"],
      ["for (let i = 0; i < 3; ) a();", "a loop that does not count"],
      ["for (let i = 0; i < 3; a()) a();", "CallExpression"],
      ["{}", "a block"],
      ["{ a(); b(); }", "a block"],
      ["{ const a = 1; b(); }", "a block"],
      ["{ const a = 1; self.f = () => {}; b(); }", "a block"],
      ["{ const a = 1; self.f = 2; }", "a block that sets no method"],
      ["{ const a = 1; b = () => {}; }", "a block that sets no method"],
      ["a ?? 1;", "a choice of something that is no attribute"],
      ["(self.state.a = 1).b();", "an assignment inside an expression"],
      ["(a ??= 1).b();", "an assignment inside an expression"],
      ["a = [1, , 2];", "a hole in a list"],
      ["a((b) => { b(); });", "a lambda of statements"],
      ["(() => 1)();", "a call of what has no name"],
      ["a = Math.floor(b);", "a floor of what is not divided"],
      ["a = Math.floor(b + c);", "a floor of what is not divided"],
      ["a = b instanceof c;", "instanceof"],
      ["a = typeof b;", "typeof"],
      ["a = async () => await b;", "AwaitExpression"],
    ] as const)
      assert.throws(
        () => programInPython(program),
        { message: `The corpus has no Python for ${what}: say in corpus/python how it is written` },
        program,
      );
    assert.throws(() => programInPython("self.x = ;"), { message: "No program of the corpus: self.x = ;" });
  });

  it("has the other language's tasks: same family, combination, split and check, but for names that Python keeps", () => {
    let kept = 0;
    for (const family of families)
      for (let i = 0; i < 60; i++) {
        const task = family.draw(createRandom("python", family.name, i), { typed: i % 2 === 0 });
        const told = taskInPython(task);
        if (told === null) {
          assert.match(task.program, /(self\.|function |const )is\b/);
          kept++;
          continue;
        }
        assert.deepEqual({ ...told, ask: "", program: "" }, { ...task, ask: "", program: "" });
        assert.equal(splitOf(told), splitOf(task));
        assert.doesNotMatch(told.ask, /TypeScript|self\.state/);
      }
    assert.ok(kept < 20, `${kept}`);
  });

  it("asks nothing of the micro-tasks that are held out, and leaves JavaScript's documents as they were", async () => {
    const random = createRandom(6, "training");
    const style = { typed: false, body: "python" } as const;
    const asked = new Set(Array.from({ length: 3000 }, () => drawTask(random, style, "training").ask));
    const heldOut = await microTasks({ split: "held-out", body: "python" });
    assert.deepEqual(
      heldOut.filter(({ ask }) => asked.has(ask)),
      [],
    );
    for (const body of ["javascript", "python"] as const) {
      const { text, examples } = drawDocument(createRandom(5, 3), { body });
      const mark = body === "python" ? "# " : "// ";
      assert.equal(text, examples.map(({ ask, program }) => `${mark}${ask}\n${program}\n`).join("\n"));
    }
  });
});
