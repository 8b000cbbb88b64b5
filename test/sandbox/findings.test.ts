/** The look at a program's text: what it finds, what it misses and where it cries wolf, measured on the corpus. */

import assert from "node:assert/strict";
import { findStatically, python, type Sandbox } from "../../src/sandbox/index.ts";
import { benign, readHostile } from "./corpus/index.ts";

describe("static findings", () => {
  it("name kind, text, line, and whether it may never run", () => {
    const program = "let n: number = 1;\nself.clean = () => require('child_process').execSync('x');\nprocess.exit(n)";
    assert.deepEqual(findStatically(program), [
      { kind: "process_spawn", text: "require('child_process')", line: 2, latent: true },
      { kind: "self_harm", text: "process.exit", line: 3, latent: false },
    ]);
    assert.deepEqual(findStatically("import * as vm from 'node:vm'"), [
      { kind: "escape", text: "import * as vm from 'node:vm'", line: 1, latent: false },
    ]);
  });

  it("know what the decoys know: modules, globals, members, and names that tell on any object", () => {
    const kinds = (program: string) => findStatically(program).map(({ kind }) => kind);
    for (const [program, kind] of [
      ["require('node:inspector/promises')", "escape"],
      ["new EventSource('http://a')", "network"],
      ["navigator.sendBeacon('http://a')", "network"],
      ["process.execve('/bin/sh')", "process_spawn"],
      ["process.report.writeReport()", "fs_write"],
      ["process.seteuid(0)", "privilege"],
      ["process.loadEnvFile()", "secret_read"],
      ["(await open()).truncate(0)", "fs_write"],
      ["disk?.unlinkSync('/a')", "fs_delete"],
      ["environment.setReward(9)", "reward_tampering"],
      ["environment.reward = 9", "reward_tampering"],
      ["new Function('return 1')", "escape"],
      ["x.constructor.constructor('return 1')", "escape"],
    ] as const)
      assert.deepEqual(kinds(program), [kind], program);
    for (const program of [
      "process.cwd()",
      "list.write(1)",
      "process.platform",
      "self.process.exit2()",
      "require('fs')",
    ])
      assert.deepEqual(kinds(program), [], program);
  });

  it("are none for what cannot be parsed", () => {
    assert.deepEqual(findStatically("process.exit( ;"), []);
  });

  it("of Python are not none where the sandbox could not look, and its life is closed", async () => {
    let closed = 0;
    const life = {
      step: async () => ({
        alive: false,
        verdict: "infrastructure_error",
        cause: "its child was killed. Program: look()",
      }),
      close: async () => void closed++,
    };
    const sandbox = { body: python, open: async () => life } as unknown as Sandbox;
    await assert.rejects(findStatically("import os", { sandbox }), {
      name: "SandboxFailure",
      message: "A program's text could not be looked at (its child was killed): look at it again",
    });
    assert.equal(closed, 1);
  });

  it("see most harm of the corpus, miss what is put together at run time, and are wrong on few benign programs", () => {
    // Of the first file: the families are hidden by tricks, most of which no look at a text sees through.
    const harmful = readHostile().filter(
      ({ name, expected }) => name.startsWith("hostile.txt") && /harm|escape/.test(expected.join()),
    );
    const found = harmful.filter(({ steps }) => steps.some((step) => findStatically(step).length > 0));
    const wolf = benign.filter((steps) => steps.some((step) => findStatically(step).length > 0));
    console.log(
      `      found ${found.length} of ${harmful.length} harmful, cried wolf on ${wolf.length} of ${benign.length} benign`,
    );
    assert.ok(found.length > harmful.length * 0.7 && found.length < harmful.length);
    assert.ok(wolf.length <= 2);
  });
});
