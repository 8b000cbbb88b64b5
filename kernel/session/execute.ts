/**
 * Execute requests: one after another, counted, kept in the history, and given up after an error when they ask for it.
 * Spec: Jupyter messaging 5.4, "Execute". Not here: running code (`cells/`).
 */

import type { Channel, Message } from "../wire/index.ts";
import type { RunEnd, Runs } from "./cells/index.ts";
import type { History } from "./history.ts";
import type { Language } from "./language.ts";
import type { Coalescer, Publish } from "./output.ts";
import type { RunOutcome } from "./protocol.ts";

interface ExecutorOptions {
  runs: Runs;
  history: History;
  language: Language;
  output: Coalescer;
  publish: Publish;
  /** What is wrong with the notebook's own settings, once; else null. */
  checkSettings(): string | null;
  reply(request: Message, channel: Channel, content: object): void;
}

/** Runs execute requests. */
export interface Executor {
  /** Runs one; the caller sees to it that they come one at a time. `arrived` is `performance.now()` then: a clock too fine for a tie. */
  execute(request: Message, channel: Channel, arrived: number): Promise<void>;
  /** Stops the cell that runs, or keeps one that is still being checked from running. */
  interrupt(): void;
}

/**
 * What was sent before an error was known, and arrives so soon after it, is one "Run All" with the cell that failed. On a busy machine a
 * message may be long on its way; a client whose clock is behind would have cells given up that it sent so soon after an error.
 */
const sameBatchMs = 1000;

/** The end of a cell that was interrupted before it ran. */
const stopped: RunOutcome = {
  status: "error",
  ename: "Interrupted",
  evalue: "the cell was interrupted before it ran",
  traceback: ["Interrupted: the cell was interrupted before it ran"],
};

/** Makes an executor. */
export function createExecutor(options: ExecutorOptions): Executor {
  const { runs, history, language, output, publish, reply, checkSettings } = options;
  let count = 0;
  let failedAt = Number.NEGATIVE_INFINITY;
  let failedDate = Number.NEGATIVE_INFINITY; // by the clock that clients date their messages with

  const isAborted = (request: Message, arrived: number): boolean => {
    const sent = Date.parse(request.header.date);
    return arrived < failedAt || (arrived - failedAt < sameBatchMs && sent < failedDate);
  };

  let preparing: { stopped: boolean } | null = null;

  async function run(request: Message, source: string, expressions: { [name: string]: string }): Promise<RunEnd> {
    const state = { stopped: false };
    preparing = state;
    const refused = await language.check(source, count);
    await runs.ready();
    preparing = null;
    if (state.stopped) return { outcome: stopped, expressions: {} };
    if (refused.warning !== null && request.content.silent !== true) output.stream("stderr", refused.warning, request);
    if (refused.error !== null) return { outcome: refused.error, expressions: {} };
    const end = await runs.start(request, { source, cell: count, expressions });
    language.commit(source);
    // Behind the cell, which did not wait for it.
    const fault = checkSettings();
    if (fault !== null && request.content.silent !== true) output.stream("stderr", `${fault}\n`, request);
    return end;
  }

  return {
    interrupt() {
      if (preparing !== null) preparing.stopped = true;
      else runs.interrupt();
    },
    async execute(request, channel, arrived) {
      const { silent = false, stop_on_error: stopOnError = true } = request.content;
      if (isAborted(request, arrived)) return reply(request, channel, { status: "aborted", execution_count: count });
      const source = String(request.content.code ?? "");
      const expressions = (request.content.user_expressions ?? {}) as { [name: string]: string };
      if (request.content.store_history !== false && silent !== true) {
        count++;
        history.add(count, source);
      }
      const execution_count = count;
      if (silent !== true) publish("execute_input", { code: source, execution_count }, request);
      const question = questionIn(source);
      if (question !== null) {
        const payload = await page(request, question);
        return reply(request, channel, { status: "ok", execution_count, payload, user_expressions: {} });
      }
      const end = await run(request, source, expressions);
      output.flush();
      if (end.outcome.status === "error") {
        if (silent !== true) publish("error", withoutStatus(end.outcome), request);
        if (stopOnError !== false) [failedAt, failedDate] = [performance.now(), Date.now()];
        return reply(request, channel, { ...end.outcome, execution_count });
      }
      reply(request, channel, { status: "ok", execution_count, payload: [], user_expressions: end.expressions });
    },
  };

  /** What a front end shows in its pager for `name?`: the type and its documentation, and the value. */
  async function page(request: Message, name: string): Promise<object[]> {
    const { data } = await language.inspect(name, name.length, 1);
    const end = await runs.start(request, { source: "", cell: count, expressions: { value: name } });
    const value = (end.expressions.value as { data?: { "text/plain"?: string } } | undefined)?.data?.["text/plain"];
    const said = data["text/plain"] as string | undefined;
    const text = [said, value && `${name} = ${value}`].filter(Boolean).join("\n\n") || `${name} is not defined`;
    return [{ source: "page", data: { "text/plain": text }, start: 0 }];
  }
}

function withoutStatus({ ename, evalue, traceback }: Extract<RunOutcome, { status: "error" }>): object {
  return { ename, evalue, traceback };
}

/** The name in a cell that is only `name?` or `name??`, which is no TypeScript; else null. */
function questionIn(source: string): string | null {
  return /^\s*([\p{ID_Continue}$]+(?:\.[\p{ID_Continue}$]+)*)\?\??\s*$/u.exec(source)?.[1] ?? null;
}
