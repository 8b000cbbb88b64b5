/** Which cells are given up after one that failed: those that were sent together with it. No kernel, no clock of its own. */

import assert from "node:assert/strict";
import { createExecutor } from "../../../kernel/session/execute.ts";
import type { Message } from "../../../kernel/wire/index.ts";

/** Executes a cell that fails, then one that arrives `ms` later and was sent `sentMs` after the error; how the second ended. */
async function second({ ms, sentMs, stop = true }: { ms: number; sentMs: number; stop?: boolean }): Promise<unknown> {
  const statuses: unknown[] = [];
  const failed = { status: "error", ename: "Error", evalue: "no", traceback: [] };
  const executor = createExecutor({
    runs: {
      ready: async () => {},
      start: async (_: Message, { source }: { source: string }) => ({
        outcome: source === "fails" ? failed : { status: "ok" },
        expressions: {},
      }),
    },
    history: { add() {} },
    language: { check: async () => ({ error: null, warning: null }), commit() {} },
    output: { flush() {}, stream() {} },
    publish() {},
    reply: (_: Message, __: string, content: { status: string }) => statuses.push(content.status),
    checkSettings: () => null,
  } as unknown as Parameters<typeof createExecutor>[0]);
  const request = (code: string, date: number): Message =>
    ({
      header: { msg_type: "execute_request", date: new Date(date).toISOString() },
      content: { code, stop_on_error: stop },
    }) as unknown as Message;
  await executor.execute(request("fails", Date.now()), "shell", performance.now());
  await executor.execute(request("1", Date.now() + sentMs), "shell", performance.now() + ms);
  return statuses[1];
}

describe("cells after one that failed", () => {
  it("are given up where they were sent before the error and arrived until a second after it", async () => {
    const cases: [Parameters<typeof second>[0], string][] = [
      [{ ms: -500, sentMs: -600 }, "aborted"],
      [{ ms: 900, sentMs: -50 }, "aborted"],
      [{ ms: 1100, sentMs: -50 }, "ok"],
      [{ ms: 500, sentMs: 50 }, "ok"],
      // It waits behind the one that failed: no date says otherwise.
      [{ ms: -500, sentMs: 5000 }, "aborted"],
      [{ ms: -500, sentMs: -600, stop: false }, "ok"],
    ];
    for (const [how, wanted] of cases) assert.equal(await second(how), wanted, JSON.stringify(how));
  });
});
