/** The service as a process: it is started again once, says when it is gone, and leaves nothing behind. And the mode. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { queryObjects } from "node:v8";
import { Snapshot } from "typescript-api/async";
import { createLanguageService, typeCheckMode } from "../../../kernel/language/index.ts";
import { withService } from "./with-service.ts";

const directory = import.meta.dirname;

async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await sleep(50);
  }
  return false;
}

describe("the language service as a process", () => {
  it("starts the compiler again, once, with every cell it knew", () =>
    withService({ implementation: "typescript7" }, async ({ service, run, faults }) => {
      await run("const kept = 'text';");
      const first = service.pid!;
      process.kill(first, "SIGKILL");
      assert.equal(await isGone(first), true);
      assert.deepEqual(await faults("kept.nothing;"), ["2339 Property 'nothing' does not exist on type '\"text\"'."]);
      assert.notEqual(service.pid, first);
      assert.deepEqual(service.status(), { available: true, implementation: "typescript7" });
    }));

  it("keeps of its answers none but the last, whatever was asked before", () =>
    withService({ implementation: "typescript7" }, async ({ service, run }) => {
      const ask = async (from: number, to: number): Promise<void> => {
        for (let n = from; n < to; n++) await run(`const kept${n} = { n: ${n} };`);
        await service.complete("kept0.", 6);
        await service.idle();
      };
      await ask(0, 3);
      const few = queryObjects(Snapshot, { format: "count" });
      await ask(3, 23);
      assert.ok(few > 0 && few <= 3, `one or two snapshots, got ${few}`);
      assert.ok(queryObjects(Snapshot, { format: "count" }) <= few);
    }));

  it("settles cells that were committed unsettled once somebody asks, with the types that they had", () =>
    withService({ implementation: "typescript7" }, async ({ service, faults }) => {
      service.commit("const first = { n: 1 };", { isSettled: false });
      service.commit("const second = () => first;", { isSettled: false });
      const wrong = ["2339 Property 'nothing' does not exist on type '{ n: number; }'."];
      assert.deepEqual(await faults("second().nothing;"), wrong);
      assert.ok((await service.complete("second().", 9)).matches.includes("n"));
      await service.idle();
      assert.deepEqual(await faults("second().nothing;"), wrong);
    }));

  it("gives up in one sentence when the compiler ends a second time, and answers nothing from then on", async () => {
    const service = createLanguageService({ directory });
    for (let time = 0; time < 2; time++) {
      await service.warm();
      // Ended in the middle of a question.
      const asked = service.check("const s: string = 1;");
      process.kill(service.pid!, "SIGKILL");
      await asked;
    }
    assert.deepEqual(await service.check("const s: string = 1;"), []);
    assert.deepEqual(await service.complete("con", 3), { matches: [], cursorStart: 0, cursorEnd: 3, types: [] });
    assert.deepEqual(await service.inspect("console", 3), { found: false, data: {} });
    assert.deepEqual(service.status(), {
      available: false,
      implementation: "typescript7",
      reason:
        "Cells run unchecked: TypeScript 7.1 failed twice (The TypeScript compiler ended (SIGKILL)); restart the kernel to try again.",
    });
    await service.dispose();
  });

  it("gives up on a compiler that does not answer in time", async () => {
    for (const implementation of ["typescript7", "typescript6"] as const) {
      const service = createLanguageService({ directory, implementation, patienceMs: 1 });
      assert.deepEqual(await service.check("const s: string = 1;"), []);
      assert.match(service.status().reason!, /failed twice \(no answer within 1 ms\)/);
      await service.dispose();
    }
  });

  it("leaves no process after dispose, also while a question is open", async () => {
    const service = createLanguageService({ directory });
    await service.warm();
    const pid = service.pid!;
    const asked = service.check("const s: string = 1;");
    await service.dispose();
    await asked;
    assert.equal(await isGone(pid), true);
    assert.equal(service.status().available, false);
    const unused = createLanguageService({ directory });
    await unused.dispose();
    assert.deepEqual(await unused.check("const s: string = 1;"), []);
  });

  it("leaves no process when its own is killed", async () => {
    const program = `
      import { createLanguageService } from ${JSON.stringify(new URL("../../../kernel/language/service.ts", import.meta.url).href)};
      const service = createLanguageService({ directory: ${JSON.stringify(directory)} });
      await service.warm();
      console.log(service.pid);
      setInterval(() => {}, 1000);`;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", program], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
    parent.kill("SIGKILL");
    assert.equal(await isGone(Number(line)), true);
  });

  it("remembers what a value was when its cell ran, whatever happens to a local file afterwards", () =>
    withService(
      { implementation: "typescript7", files: { "helper.ts": "export const size = 1;\n" } },
      async ({ service, run, write }) => {
        await run("import { size } from './helper.ts';\n/** Twice the size. */\nconst twice = size * 2;");
        await service.idle();
        write("helper.ts", "export const size = 'three';\n");
        await run("const text: string = size; const n: number = twice;");
        assert.equal((await service.inspect("twice", 2)).data["text/plain"], "const twice: number\n\nTwice the size.");
      },
    ));

  it("keeps types that cannot be written out", () =>
    withService({ implementation: "typescript7" }, async ({ service, run, faults }) => {
      await run("const Hidden = class { #secret = 1; private kept = 'text'; tell() { return this.kept; } };");
      await service.idle();
      await run("const told: string = new Hidden().tell();");
      assert.equal((await faults("new Hidden().kept"))[0]!.slice(0, 4), "2341");
    }));

  it("answers questions that come together, each its own", async () => {
    const service = createLanguageService({ directory });
    const [faults, members, shown] = await Promise.all([
      service.check("const s: string = 1;"),
      service.complete("Math.max", 8),
      service.inspect("parseInt", 3),
    ]);
    assert.deepEqual([faults.length, members.matches, shown.found], [1, ["max"], true]);
    await service.dispose();
  });
});

describe("the mode of type checks", () => {
  it("is the cell's line, else the notebook's metadata, else the environment, else warn", () => {
    const metadata = { autoagent: { types: "error" } };
    const environment = { AUTOAGENT_TYPES: "off" };
    assert.equal(typeCheckMode({ cell: "1" }), "warn");
    assert.equal(typeCheckMode({ cell: "1", environment }), "off");
    assert.equal(typeCheckMode({ cell: "1", environment, notebookMetadata: metadata }), "error");
    const cell = "const a = 1;\n  // types: warn\n";
    assert.equal(typeCheckMode({ cell, environment, notebookMetadata: metadata }), "warn");
  });

  it("passes over words that are no mode, and comments that only speak of one", () => {
    assert.equal(typeCheckMode({ cell: "// types: loud", environment: { AUTOAGENT_TYPES: "" } }), "warn");
    assert.equal(typeCheckMode({ cell: "x; // types: off", notebookMetadata: { autoagent: null } }), "warn");
    assert.equal(typeCheckMode({ cell: "// types: offered", notebookMetadata: { autoagent: "error" } }), "warn");
  });
});
