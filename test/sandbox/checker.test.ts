/** A method that the host calls cannot know it: what it gives the host is what it gives its agent's own programs. */

import assert from "node:assert/strict";
import { useSandbox } from "./shared.ts";

/** Methods that would be right for one caller only: each looks at something that could tell who calls. */
const cheats: { [looksAt: string]: string } = {
  "the host's names in the stack": "self.f = (n) => /inquire|callEach|answered/.test(new Error().stack) ? n * 2 : 0",
  "the executor in the stack": "self.f = (n) => new Error().stack.includes('execute_code') ? 0 : n * 2",
  "a program in the stack": "self.f = (n) => new Error().stack.split('program.js').length > 3 ? 0 : n * 2",
  "the depth of the stack": "self.f = (n) => [n * 2, new Error().stack.split('\\n').length]",
  "the whole stack": "self.f = (n) => [n * 2, new Error().stack.replace(/ at eval .*/, '')]",
  "the frames of the host": `Error.prepareStackTrace = (e, frames) => frames.map((f) => f.getFunctionName() + f.getLineNumber());
self.f = (n) => [n * 2, new Error().stack.slice(3)]`,
  "its caller": "self.f = function f(n) { return [n * 2, f.caller === null] }",
  "its arguments": "self.f = function (...all) { return [all.length, arguments.length, typeof arguments[0]] }",
  "its receiver": "self.f = function (n) { return [n * 2, this === self] }",
  "its receiver, in the state": "function f(n) { return [n * 2, this === self, this === self.state] }",
  "its arguments' prototypes": `self.f = (n, list, map) => [list instanceof Array, Object.getPrototypeOf(map) === Object.prototype, Object.isFrozen(list)]`,
  "what was awaited": "self.f = async (n) => { await null; return [n * 2, new Error().stack.split('\\n').length] }",
};

describe("a method that is called by the host", () => {
  const sandbox = useSandbox({ workers: 1 });
  for (const [looksAt, program] of Object.entries(cheats))
    it(`cannot know it by ${looksAt}`, async () => {
      const life = await sandbox().open();
      const installed = await life.step(program);
      assert.equal(installed.verdict, "survived", installed.cause);
      const owner = program.startsWith("function") ? "self.state" : "self";
      const own = await life.step(`return ${owner}.f(2, [1, 2], { a: 1 });`);
      const asked = await life.call("f", [[2, [1, 2], { a: 1 }]]);
      await life.close();
      assert.equal(own.verdict, "survived", own.cause);
      assert.ok("answers" in asked && "value" in asked.answers[0]!, JSON.stringify(asked));
      assert.equal(JSON.stringify(asked.answers[0].value), own.response);
    });

  it("is given what no program can say too: long arguments, and such as would set a prototype", async () => {
    const life = await sandbox().open();
    await life.step("self.f = (x) => typeof x === 'string' ? x.length : Object.keys(x)");
    const odd = JSON.parse('{"__proto__": 1}') as object;
    const result = await life.call("f", [["x".repeat(5000)], [odd]]);
    await life.close();
    assert.deepEqual(result, { answers: [{ value: 5000 }, { value: ["__proto__"] }], effects: [] });
  });
});
