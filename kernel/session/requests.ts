/** What is answered at once, while a cell runs too: a handler for each type of request. Spec: Jupyter messaging 5.4. */

import { isComplete } from "../language/index.ts";
import type { Channel, Message } from "../wire/index.ts";
import { kernelInfo } from "./kernel-info.ts";
import { type SessionState, shutdown } from "./state.ts";

type Handler = (state: SessionState, request: Message, channel: Channel) => Promise<void> | void;

const handlers: { [type: string]: Handler } = {
  kernel_info_request: ({ reply }, request, channel) => reply(request, channel, kernelInfo()),
  is_complete_request: ({ reply }, request, channel) =>
    reply(request, channel, isComplete(String(request.content.code ?? ""))),
  complete_request: onComplete,
  inspect_request: onInspect,
  history_request: ({ reply, history }, request, channel) =>
    reply(request, channel, { status: "ok", history: history.answer(request.content) }),
  comm_info_request: ({ reply, comms }, request, channel) =>
    reply(request, channel, comms.info(request.content.target_name)),
  comm_open: onComm,
  comm_msg: onComm,
  comm_close: onComm,
  interrupt_request: onInterrupt,
  shutdown_request: onShutdown,
};

/** Answers a request that is not an execute request. One of a type that nobody knows is said on the kernel's terminal. */
export async function answerRequest(state: SessionState, request: Message, channel: Channel): Promise<void> {
  const type = request.header.msg_type;
  if (Object.hasOwn(handlers, type)) await handlers[type]!(state, request, channel);
  else console.error(`A message of the unknown type ${JSON.stringify(type)} was ignored.`);
}

async function onComplete({ reply, language }: SessionState, request: Message, channel: Channel): Promise<void> {
  const { code, cursor } = codeAndCursor(request);
  const { matches, cursorStart, cursorEnd, types } = await language.complete(code, cursor);
  const start = toCodePoints(code, cursorStart);
  const end = toCodePoints(code, cursorEnd);
  const rich = matches.map((text, i) => ({ text, type: types[i] ?? "", start, end }));
  const metadata = { _jupyter_types_experimental: rich };
  reply(request, channel, { status: "ok", matches, cursor_start: start, cursor_end: end, metadata });
}

async function onInspect({ reply, language }: SessionState, request: Message, channel: Channel): Promise<void> {
  const { code, cursor } = codeAndCursor(request);
  const { found, data } = await language.inspect(code, cursor, Number(request.content.detail_level ?? 0));
  reply(request, channel, { status: "ok", found, data, metadata: {} });
}

function onComm({ runs }: SessionState, request: Message): Promise<void> {
  return runs.comm(request);
}

function onInterrupt({ reply, executor }: SessionState, request: Message, channel: Channel): void {
  executor.interrupt();
  reply(request, channel, { status: "ok" });
}

async function onShutdown(state: SessionState, request: Message, channel: Channel): Promise<void> {
  await state.runs.end();
  state.reply(request, channel, { status: "ok", restart: request.content.restart === true });
  setTimeout(() => void shutdown(state), 20); // after this request's idle
}

/** The code of a request and its cursor in UTF-16 units: on the wire it counts code points. */
function codeAndCursor({ content }: Message): { code: string; cursor: number } {
  const code = String(content.code ?? "");
  const points = content.cursor_pos === undefined ? Number.POSITIVE_INFINITY : Number(content.cursor_pos);
  return { code, cursor: [...code].slice(0, points).join("").length };
}

function toCodePoints(code: string, offset: number): number {
  return [...code.slice(0, offset)].length;
}
