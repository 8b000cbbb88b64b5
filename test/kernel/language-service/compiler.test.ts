/** A compiler that is started before the service that asks it: it is the service's only one, whenever it ends. */

import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type StartedCompiler, startCompiler } from "../../../kernel/language/compiler.ts";
import { createLanguageService } from "../../../kernel/language/index.ts";
import { createPending } from "../../../kernel/language/pending.ts";
import { leaveOut } from "../../support.ts";

const directory = import.meta.dirname;
const wrong = "const s: string = 1;";

/** Starts a compiler, and gives its process as soon as there is one. */
async function startSeen(...wanted: [] | ["typescript7"]): Promise<{ started: StartedCompiler; child: ChildProcess }> {
  const seen: ChildProcess[] = [];
  const see = (message: unknown): void => void seen.push((message as { process: ChildProcess }).process);
  subscribe("child_process", see);
  const started = startCompiler(directory, ...wanted);
  await started.begun;
  unsubscribe("child_process", see);
  assert.equal(seen.length, 1);
  return { started, child: seen[0]! };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

/** What a service with this compiler says of a wrong cell, and which process said it. */
async function askWith(started: StartedCompiler, ...wanted: [] | ["typescript7"]) {
  const [implementation] = wanted;
  const service = createLanguageService({ directory, started, ...(implementation && { implementation }) });
  try {
    const codes = (await service.check(wrong)).map(({ code }) => code);
    return { codes, pid: service.pid, ...service.status() };
  } finally {
    await service.dispose();
  }
}

describe("questions to a compiler that has ended", () => {
  it("are told of its end, and what they say of it later ends no process", async () => {
    const pending = createPending();
    const early = pending.ask(new Promise(() => {}));
    pending.end(new Error("it ended"));
    await assert.rejects(early, { message: "it ended" });
    const unheard: unknown[] = [];
    const hear = (error: unknown): void => void unheard.push(error);
    process.on("unhandledRejection", hear);
    try {
      const late = Promise.withResolvers<never>();
      await assert.rejects(pending.ask(late.promise), { message: "it ended" });
      late.reject(new Error("Connection is closed."));
      await nextTurn();
    } finally {
      process.off("unhandledRejection", hear);
    }
    assert.deepEqual([unheard, pending.size], [[], 0]);
  });
});

describe("a compiler that is started before its service", () => {
  it("is the one that answers, with its first work long begun", async () => {
    const { started, child } = await startSeen();
    await started.asked;
    const { codes, pid, implementation } = await askWith(started);
    assert.deepEqual([codes, pid, implementation], [[2322], child.pid, "typescript7"]);
  });

  it("is replaced when it ended before anybody asked it anything", async () => {
    const { started, child } = await startSeen();
    await started.engine;
    await kill(child);
    const { codes, pid, available, implementation } = await askWith(started);
    assert.deepEqual([codes, available, implementation], [[2322], true, "typescript7"]);
    assert.notEqual(pid, child.pid);
  });

  it("is replaced when what is written to it no longer arrives, and no write that failed ends this process", async () => {
    const { started, child } = await startSeen();
    await started.engine;
    const unheard: unknown[] = [];
    const hear = (error: unknown): void => void unheard.push(error);
    process.on("unhandledRejection", hear);
    try {
      // As it is when it has ended, a moment before that is told.
      child.stdin!._write = (_chunk, _encoding, told) => told(new Error("nobody reads"));
      const { codes, pid, available } = await askWith(started);
      assert.deepEqual([codes, available], [[2322], true]);
      assert.notEqual(pid, child.pid);
      await nextTurn();
    } finally {
      process.off("unhandledRejection", hear);
    }
    assert.deepEqual(unheard, []);
  });

  it("is replaced when it ended while it began, by the same compiler where no other is wanted", async () => {
    const { started, child } = await startSeen("typescript7");
    await kill(child);
    await started.asked; // nobody waits for it for ever
    await assert.rejects(started.engine, { message: "The TypeScript compiler ended (SIGKILL)" });
    const { codes, pid, available } = await askWith(started, "typescript7");
    assert.deepEqual([codes, available], [[2322], true]);
    assert.notEqual(pid, child.pid);
  });

  it("is replaced by the older compiler when it ended while it began, once, where that is installed", async () => {
    const { started, child } = await startSeen();
    const service = createLanguageService({ directory, started });
    let workers = 0;
    const count = (): void => void workers++;
    process.on("worker", count);
    try {
      const asked = service.check(wrong);
      await kill(child);
      for (const answer of [asked, service.check(wrong)])
        assert.deepEqual(
          (await answer).map(({ code }) => code),
          [2322],
        );
      assert.deepEqual(service.status(), { available: true, implementation: "typescript6" });
      assert.equal(workers, 1);
    } finally {
      process.off("worker", count);
      await service.dispose();
    }
  });

  it("ends with a service that never asked it", async () => {
    const { started, child } = await startSeen();
    const gone = once(child, "exit");
    const service = createLanguageService({ directory, started });
    await service.dispose();
    await gone;
    assert.deepEqual(await service.check(wrong), []);
  });

  it("that does not end by itself is ended by force, and who disposes of its service waits for that", async function () {
    if (process.platform === "win32") leaveOut(this, "a process cannot be stopped here");
    const { started, child } = await startSeen();
    await started.engine;
    child.kill("SIGSTOP"); // it no longer hears that its input is closed
    await createLanguageService({ directory, started }).dispose();
    assert.equal(child.signalCode, "SIGKILL");
  });
});
