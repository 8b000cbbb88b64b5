/** A front end's message to a comm: its request is over when what it called is, or when nobody is left who could call it. */

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createRuns, type Runs } from "../../../kernel/session/cells/index.ts";
import { createComms } from "../../../kernel/session/comms.ts";
import { createCoalescer } from "../../../kernel/session/output.ts";
import type { Message } from "../../../kernel/wire/index.ts";
import { hangMs } from "../../waiting.ts";

const message = (type: string, content: object): Message =>
  ({ header: { msg_type: type, msg_id: randomUUID() }, content, metadata: {}, buffers: [] }) as unknown as Message;

describe("a message to a comm", () => {
  let runs: Runs;
  let lost = 0;
  const sent: [type: string, data: unknown][] = [];
  const over: string[] = [];
  before(async () => {
    const publish = (type: string, content: object) => void sent.push([type, (content as { data?: unknown }).data]);
    runs = createRuns({
      ...{ directory: process.cwd(), settings: () => ({}), sockets: null as never, publish },
      ...{ output: createCoalescer(publish), comms: createComms(), onLost: () => lost++ },
    });
    await runs.ready();
    const source = `comms.onOpen("late", async (comm) => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      comm.send("handled");
      comm.onMessage(({ data }) => data === "end" && process.exit(3));
    });`;
    const { outcome } = await runs.start(message("execute_request", {}), { source, cell: 1, expressions: {} });
    assert.deepEqual(outcome, { status: "ok" });
  });
  after(() => runs.end());

  /** Waits for the end of a message; one that has none is told as such. */
  const ended = async (what: string, work: Promise<void>): Promise<void> => {
    const hangs = new Promise<string>((resolve) => setTimeout(resolve, hangMs, `${what} never ends`).unref());
    over.push(await Promise.race([work.then(() => what), hangs]));
  };

  it("is over when its handlers have returned", async () => {
    await ended("open", runs.comm(message("comm_open", { comm_id: "one", target_name: "late", data: {} })));
    assert.deepEqual([over, sent], [["open"], [["comm_msg", "handled"]]]);
  });

  it("is over when the process is gone, and the comm with it; the next process takes cells", async () => {
    await ended("end", runs.comm(message("comm_msg", { comm_id: "one", data: "end" })));
    assert.deepEqual([over.at(-1), lost], ["end", 1]);
    const { outcome } = await runs.start(message("execute_request", {}), { source: "1", cell: 2, expressions: {} });
    assert.deepEqual(outcome, { status: "ok" });
    assert.ok(
      sent.some(([type]) => type === "comm_close"),
      JSON.stringify(sent),
    );
  });
});
