/** What is told of a text without running it: the program in an answer, names that a method misses, a function that gives out the host. */

import assert from "node:assert/strict";
import * as acorn from "acorn";
import { javascript, python } from "../../src/sandbox/index.ts";
import "../../src/sandbox/bodies/javascript/child/climb.ts";
import { lostNames as lostInPython } from "../../src/sandbox/bodies/python/lost.ts";
import { lostNames } from "../../src/sandbox/index.ts";

describe("the program in an answer", () => {
  const fenced = (...lines: string[]): string => lines.join("\n");

  it("is the first block of the language, or of none, without what stands around it; else the answer itself", () => {
    for (const [body, own, other] of [
      [javascript, ["js", "javascript", "ts", "TypeScript", "node", ""], ["python", "json", "jsx", "tsx"]],
      [python, ["python", "python3", "Py", "py3", "pycon", ""], ["js", "pyx", "sh"]],
    ] as const) {
      for (const name of own) {
        assert.equal(body.extractProgram(fenced("Here:", `\`\`\`${name}`, "a = 1", "", "```", "b")), "a = 1", name);
        assert.equal(body.extractProgram(`\`\`\`${name}\na = 1\n`), "a = 1", `${name}, never closed`);
        assert.equal(
          body.extractProgram(`\`\`\`${name} title="x"\na = 1\n\`\`\``),
          "a = 1",
          `${name}, with more on its line`,
        );
      }
      for (const name of other) {
        const [first, second] = [fenced(`\`\`\`${name}`, "no", "```"), fenced("```", "yes", "```")];
        assert.equal(body.extractProgram(`${first}\n${second}`), "yes", name);
        assert.equal(body.extractProgram(first), first, `${name} alone`);
        assert.equal(body.extractProgram(`\`\`\`${name}\nno`), `\`\`\`${name}\nno`, `${name}, never closed`);
      }
      for (const text of ["a = 1", "", "```", "```js", "a ``` b"]) assert.equal(body.extractProgram(text), text);
    }
  });
});

describe("names that a method's text does not hold", () => {
  const newborn = { name: "self.kept", kind: "attribute" as const, source: "1" };

  it("are those that JavaScript, the agent's world, its state and the text itself do not bind", () => {
    for (const [source, names] of [
      ["function f(a, { b, c: d }, [e, ...g], h = 2, ...i) { return a + b + d + e + g + h + i + lost; }", "lost"],
      ["function f() { return c + b; }", "b c"],
      ["(x) => { try { y(); } catch (error) { return error; } }", "y"],
      [
        "(x) => { try { x(); } catch { for (const k of x) { let z = k; class Q {} function inner() {} inner(Q, z); } } }",
        "",
      ],
      ["() => ({ key: 1, short, [computed]: 2, method() {} }).key.other[index]", "computed index short"],
      ["function () { outer: for (;;) { continue outer; } return new.target; }", ""],
      ["function () { return Math.max(...arguments) + Float16Array.length + self.kept + process.pid; }", ""],
      ["call(x) { return x + away; }", "away"],
      ["class A extends Base { #p = 1; static q = one; get r() { return this.#p; } }", "Base one"],
      ["function () { return `${inText} not`; }", "inText"],
      ["() => { stated; }", ""],
      ["this is no function", ""],
    ] as const) {
      const genome = [newborn, { name: "stated", kind: "attribute" as const, source: "1" }];
      const found = lostNames([...genome, { name: "self.m", kind: "method" as const, source }]);
      assert.deepEqual(found, names === "" ? [] : [{ method: "self.m", names: names.split(" ") }], source);
    }
    assert.deepEqual(lostNames([{ name: "self.a", kind: "attribute", source: "() => lost" }]), [], "no method");
    assert.deepEqual(lostNames(), []);
  });

  it("are those that Python, the agent's world, its attributes and the text itself do not bind", () => {
    for (const [source, names] of [
      ["def f(a, b: Kind = 2, *c, **d):\n    return a + b + lost", "lost"],
      ["def f():\n    return c + b", "b c"],
      ["def f():\n    return 'in text' + \"and here\" + rb'x' + '''more\nlines'''  # and there", ""],
      ["def f():\n    return 'it\\'s' + gone", "gone"],
      ["def f(xs):\n    return [x + k for x, (y, z) in xs if y and z]", "k"],
      [
        "def f(xs):\n    import json, math\n    from os import path as p\n    with open(xs) as file:\n        return json, math, p, file",
        "",
      ],
      ["def f(x):\n    try:\n        pass\n    except ValueError as error:\n        return error", ""],
      ["def f(x):\n    a = b, c = x\n    total += 1\n    n //= 2\n    return a, b, c, total, n", ""],
      ["def f(x):\n    a = b = 0\n    return a, b", ""],
      ["def f(x):\n    if x: y = 1; z = 2\n    n: int = 5\n    [k, (l, *m)] = x\n    return y, z, n, k, l, m", ""],
      ["def f(x):\n    x[at] = places[0] = 1\n    x.at = of\n    return x[low:high]", "at high low of places"],
      ["def f(x):\n    return a == x or b <= x or c != x or d >= x", "a b c d"],
      ["def f(x):\n    return g(key=x, other = y)", "g y"],
      ["def f(x):\n    return (y := x) + y", ""],
      ["f = lambda a, b=2: a + b + c", "c"],
      ["def f(x):\n    global seen\n    class Inner:\n        pass\n    return x.attribute.deep, Inner, seen", ""],
      ["def f():\n    nonlocal n\n    n += 1\n    return n", "n"],
      ["def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n    return g", ""],
      ["def f():\n    return kept, self.what, query, ask, __name__, print", ""],
    ] as const) {
      const found = lostInPython([newborn, { name: "self.m", kind: "method", source }]);
      assert.deepEqual(found, names === "" ? [] : [{ method: "self.m", names: names.split(" ") }], source);
    }
    assert.deepEqual(lostInPython([{ name: "self.a", kind: "attribute", source: "lost" }]), [], "no method");
    assert.deepEqual(lostInPython(), []);
  });
});

describe("a function that is built from a text", () => {
  type Climbs = (kind: string, parameters: string, body: string) => boolean;
  const climbs = (globalThis as unknown as { makeClimbs(parser: typeof acorn): Climbs }).makeClimbs(acorn);

  it("gives out the host where it returns process or require, as they are or by a name of the global object", () => {
    for (const body of [
      "return process",
      "return require",
      "return this.process",
      "return globalThis['require']",
      "return global.process",
      "return self.process",
      "return process.mainModule",
      "return process['binding']",
      "return (1, process)",
      "return x ? process : 1",
      "return x ? 1 : process",
      "return x && process",
      "return process || x",
      "return () => process",
      "{ let process = 1; } return process",
      "if (x) { return function () { for (;;) return require; }; }",
    ])
      assert.equal(climbs("function", "x", body), true, body);
  });

  it("does not where the name is a parameter, a declaration, a text, a comment, or only used", () => {
    for (const [parameters, body] of [
      ["process", "return process"],
      ["{ a: [process] }", "return process"],
      ["process = 1", "return process"],
      ["", "let process = 1; return process"],
      ["", "return process; function process() {}"],
      ["", "if (x) { var process = 1; } return process"],
      ["", "try { x(); } catch (process) { return process; }"],
      ["", "for (const process of x) return process"],
      ["", "return 'process'"],
      ["", "// return process\nreturn 1"],
      ["", "process; return 1"],
      ["", "return process.pid"],
      ["", "return x.process"],
      ["", "return (process, 1)"],
      ["", "return this.other"],
      ["", "return this is not parsed"],
    ] as const)
      assert.equal(climbs("function", parameters, body), false, `${parameters}: ${body}`);
    for (const kind of ["async function", "function*", "async function*"])
      assert.equal(climbs(kind, "", "return process"), true, kind);
  });
});
