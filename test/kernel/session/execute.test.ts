/** Cells as they are asked for, without a kernel: what is usual where a client leaves it out, what is told, in which order. */

import assert from "node:assert/strict";
import { createExecutor } from "../../../kernel/session/execute.ts";
import type { Message } from "../../../kernel/wire/index.ts";

const request = (msg_type: string, content: object): Message =>
  ({ header: { msg_type, msg_id: msg_type, date: new Date(0).toISOString() }, content }) as unknown as Message;

/** A session that runs cells: one whose code is `fails` fails. What was told, a word each, and the replies. */
function session({ warning = null, refusal = null, fault = null }: { [name: string]: unknown } = {}) {
  const told: string[] = [];
  const replies: unknown[] = [];
  const failed = { status: "error", ename: "E", evalue: "m", traceback: ["t"] };
  const executor = createExecutor({
    runs: {
      ready: async () => {},
      interrupt: () => told.push("interrupt"),
      async start(_: Message, { source, cell, expressions }: { [name: string]: unknown }) {
        told.push(`run ${cell} ${source} ${JSON.stringify(expressions)}`);
        return { outcome: source === "fails" ? failed : { status: "ok" }, expressions: { value: seen } };
      },
    },
    history: { add: (line: number, source: string) => told.push(`history ${line} ${source}`) },
    language: {
      check: async () => ({ error: refusal, warning }),
      commit: (source: string) => told.push(`commit ${source}`),
      inspect: async (name: string, cursor: number, level: number) => {
        told.push(`inspect ${name} ${cursor} ${level}`);
        return { data: name === "known" ? { "text/plain": "const known: 1" } : {} };
      },
    },
    output: { flush: () => told.push("flush"), stream: (name: string, text: string) => told.push(`${name} ${text}`) },
    publish: (type: string, content: object) => told.push(`${type} ${JSON.stringify(content)}`),
    reply: (_: Message, channel: string, content: object) => replies.push([channel, content]),
    checkSettings: () => fault,
  } as unknown as Parameters<typeof createExecutor>[0]);
  let seen: object | undefined;
  return {
    executor,
    told,
    replies,
    /** What the expression of a page comes to. */
    see: (text: string | undefined) => {
      seen = text === undefined ? { status: "error" } : { status: "ok", data: { "text/plain": text } };
    },
    async run(content: object) {
      await executor.execute(request("execute_request", content), "shell", performance.now());
      return { told: told.splice(0), reply: (replies.splice(0) as [string, object][])[0]?.[1] };
    },
  };
}

describe("a request that is a cell", () => {
  it("is told, counted and kept, where it does not say otherwise; a silent one is neither, whatever else it says", async () => {
    const { run } = session();
    const ok = { status: "ok", payload: [], user_expressions: { value: undefined } };
    assert.deepEqual(await run({ code: "1" }), {
      told: ["history 1 1", 'execute_input {"code":"1","execution_count":1}', ...["run 1 1 {}", "commit 1", "flush"]],
      reply: { ...ok, execution_count: 1 },
    });
    const quiet = { told: ["run 1 2 {}", "commit 2", "flush"], reply: { ...ok, execution_count: 1 } };
    assert.deepEqual(await run({ code: "2", silent: true }), quiet);
    assert.deepEqual(await run({ code: "2", silent: true, store_history: true }), quiet);
    assert.deepEqual(
      (await run({ code: "3", store_history: false })).told[0],
      'execute_input {"code":"3","execution_count":1}',
    );
    const asked = await run({ code: "4", silent: false, store_history: true, user_expressions: { a: "b" } });
    assert.deepEqual([asked.told[0], asked.told[2]], ["history 2 4", 'run 2 4 {"a":"b"}']);
    assert.deepEqual((await run({})).told[2], "run 3  {}");
  });

  it("that fails tells its error, but for a silent one, and replies with it; what came with it is given up", async () => {
    const error = { ename: "E", evalue: "m", traceback: ["t"] };
    for (const silent of [false, true]) {
      const { run } = session();
      const { told, reply } = await run({ code: "fails", silent });
      assert.deepEqual(reply, { status: "error", ...error, execution_count: silent ? 0 : 1 });
      assert.deepEqual(
        told.slice(-2),
        silent ? ["commit fails", "flush"] : ["flush", `error ${JSON.stringify(error)}`],
      );
      assert.deepEqual((await run({ code: "1" })).reply, { status: "aborted", execution_count: silent ? 0 : 1 });
    }
    const { run } = session();
    await run({ code: "fails", stop_on_error: false });
    assert.equal(((await run({ code: "1" })).reply as { status: string }).status, "ok");
  });

  it("that the compiler refuses is not run; a warning and a fault of the settings are said, to no silent one", async () => {
    const refusal = { status: "error", ename: "TypeError", evalue: "no", traceback: [] };
    const refused = await session({ refusal }).run({ code: "1" });
    assert.deepEqual(refused.reply, { ...refusal, execution_count: 1 });
    assert.ok(refused.told.every((one) => !/^(run|commit)/.test(one)));
    const all = { warning: "careful", fault: "odd" };
    const said = (told: string[]) => told.filter((one) => /^(stderr|run)/.test(one));
    assert.deepEqual(said((await session(all).run({ code: "1" })).told), [
      "stderr careful",
      "run 1 1 {}",
      "stderr odd\n",
    ]);
    assert.deepEqual(said((await session(all).run({ code: "1", silent: true })).told), ["run 0 1 {}"]);
  });

  it("that is stopped while it is made ready does not run; later the stop is for what runs", async () => {
    const { executor, run, told } = session();
    const running = run({ code: "1" });
    executor.interrupt();
    const { reply } = await running;
    assert.deepEqual(
      { ...reply },
      {
        ...{ status: "error", ename: "Interrupted", evalue: "the cell was interrupted before it ran" },
        ...{ traceback: ["Interrupted: the cell was interrupted before it ran"], execution_count: 1 },
      },
    );
    executor.interrupt();
    assert.deepEqual(told, ["interrupt"]);
  });

  it("that is a name with a question mark is answered by a page, and is no cell to be run", async () => {
    const { run, see } = session();
    const pageOf = async (code: string): Promise<unknown> => {
      const { told, reply } = await run({ code });
      assert.ok(
        told.includes(`inspect ${code.trim().replace(/\?+$/, "")} ${code.trim().replace(/\?+$/, "").length} 1`),
        code,
      );
      assert.ok(!told.some((one) => one.startsWith("commit")));
      const { payload, ...rest } = reply as { payload: { data: { "text/plain": string } }[]; execution_count: number };
      assert.deepEqual({ ...rest, execution_count: 0 }, { status: "ok", execution_count: 0, user_expressions: {} });
      const text = payload[0]!.data["text/plain"];
      assert.deepEqual(payload, [{ source: "page", data: { "text/plain": text }, start: 0 }]);
      return text;
    };
    see("1");
    for (const code of ["known?", " known??\n"]) assert.equal(await pageOf(code), "const known: 1\n\nknown = 1");
    assert.equal(await pageOf("a.b$?"), "a.b$ = 1");
    see(undefined);
    assert.equal(await pageOf("known?"), "const known: 1");
    assert.equal(await pageOf("größe?"), "größe is not defined");
    for (const code of ["a", "a???", "?a", "a b?", "a.?", ".a?", "a ? b : c", "f()?"])
      assert.ok((await run({ code })).told.includes(`commit ${code}`), code);
  });
});
