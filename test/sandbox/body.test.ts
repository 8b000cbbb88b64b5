/** What the host asks of the JavaScript body, beside what its lives show: its name and hash, and that its errors are its own. */

import assert from "node:assert/strict";
import { treeOf } from "../../src/sandbox/host/scripts.ts";
import { createSandbox, javascript, sharedSandbox } from "../../src/sandbox/index.ts";
import { isRunning } from "../processes.ts";

describe("the JavaScript body", () => {
  it("has the hash that records of today name: another one means that a life may go another way, and is written down here", () => {
    assert.equal(javascript.hash, "d45bf5e6bcb3d093");
  });

  it("counts its code in its hash as it runs, not as it is written", () => {
    const script = "import2 = (a) => { return a + 1n + 0x10; };";
    const other = "; // a remark\nimport2 = (a) => {\n  return a + 1n + 16; // more\n};\n";
    assert.equal(treeOf(script), treeOf(other));
    for (const changed of ["import2 = (a) => { return a + 2n + 0x10; };", "import2 = (a) => a + 1n + 0x10;"])
      assert.notEqual(treeOf(changed), treeOf(script), changed);
  });

  it("is named by the sandbox that it lives in, with its newborn, also by the shared one", async () => {
    const shared = await sharedSandbox();
    for (const { body } of [shared])
      assert.deepEqual([body.name, body.hash, body.newborn], ["javascript", javascript.hash, javascript.newborn]);
    await (await shared.open()).step("1");
    const { pids } = shared.stats();
    assert.ok(pids.length > 0 && pids.every(isRunning));
    await shared.dispose();
    assert.deepEqual(pids.filter(isRunning), [], "its processes are gone when it says so");
    const next = await sharedSandbox();
    assert.notEqual(next, shared);
    assert.equal(await sharedSandbox(), next);
    await next.dispose();
  });

  it("is named when what is given in its place is none", async () => {
    for (const [body, told] of [
      ["javascript", '"javascript"'],
      [{ name: "empty" }, '{"name":"empty"}'],
    ] as const)
      await assert.rejects(createSandbox({ body: body as never }), {
        message: `Expected \`body\` to be a body, such as \`bodies.python\`, got ${told}`,
      });
  });

  it("may be another one: the pool, the locks and the lives take what they are given", async () => {
    const asked: string[] = [];
    const other = {
      ...javascript,
      name: "other",
      createReader: (start) => {
        const reader = javascript.createReader(start);
        const read = (program: string) => {
          asked.push(program);
          return reader.read(program.replace("whisper", "self.said ="));
        };
        return { ...reader, read };
      },
      readError: (thrown, step) => ({ ...javascript.readError(thrown, step), isSyntax: true }),
    } satisfies typeof javascript;
    await using sandbox = await createSandbox({ body: other, workers: 1 });
    assert.equal(sandbox.body.name, "other");
    const life = await sandbox.open();
    const [said, threw] = [await life.step("whisper 'a'"), await life.step("throw new Error('b')")];
    assert.equal(said.genome.find(({ name }) => name === "self.said")?.source, '"a"');
    assert.deepEqual([threw.verdict, threw.cause], ["syntax_error", "Error on line 1: b"], "its own word for an error");
    assert.deepEqual(asked, ["whisper 'a'", "throw new Error('b')"]);
  });

  it("whose child does not come up is told of when the sandbox is made, not by the first life", async () => {
    const silent = {
      ...javascript,
      child: (level) => ({ ...javascript.child(level), script: "console.error('no engine'); process.exit(3)" }),
    } satisfies typeof javascript;
    await assert.rejects(createSandbox({ body: silent, workers: 1 }), { name: "SandboxFailure", message: /no engine/ });
  });
});
