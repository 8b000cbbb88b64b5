/** What the user process says, as Jupyter's messages under the request that caused it: a handler for each kind. */

import type { Message } from "../../wire/index.ts";
import type { UserMessage } from "../protocol.ts";
import { onInput } from "./questions.ts";
import { onShown } from "./show.ts";
import { inOrder, isSilent, parentOf, type RunsState } from "./state.ts";

type Kind = UserMessage["type"];
type Handler<K extends Kind> = (state: RunsState, message: Extract<UserMessage, { type: K }>) => void;

const handlers: { [K in Kind]: Handler<K> } = {
  ready: () => {}, // told by the process's own promise
  stream: onStream,
  uncaught: onUncaught,
  asked: onAsked,
  result: onShown,
  publish: onShown,
  input: onInput,
  done: onDone,
};

/** Passes a message of the user process on. A cell may write to the pipe itself: what is none of ours is passed over. */
export function receive(state: RunsState, message: UserMessage): void {
  if (!Object.hasOwn(handlers, message.type)) return;
  (handlers[message.type] as (state: RunsState, message: UserMessage) => void)(state, message);
}

function onStream(state: RunsState, { run, name, text }: Extract<UserMessage, { type: "stream" }>): void {
  const parent = parentOf(state, run);
  if (!isSilent(parent)) inOrder(state, () => state.options.output.stream(name, text, parent));
}

function onUncaught(state: RunsState, { run, text }: Extract<UserMessage, { type: "uncaught" }>): void {
  const parent = run === null ? state.lastRequest : parentOf(state, run);
  if (!isSilent(parent)) inOrder(state, () => state.options.output.uncaught(text, parent));
}

function onAsked(state: RunsState, { run, text }: Extract<UserMessage, { type: "asked" }>): void {
  const parent = parentOf(state, run);
  if (isSilent(parent) || keepsAnswers(parent)) return;
  inOrder(state, () => state.options.output.stream("stdout", text, parent));
}

function onDone(state: RunsState, message: Extract<UserMessage, { type: "done" }>): void {
  state.pace.hurry();
  inOrder(state, state.figures.settle);
  inOrder(state, () => finish(state, message));
}

function finish(state: RunsState, { run, outcome, expressions }: Extract<UserMessage, { type: "done" }>): void {
  state.waitingComms.get(run)?.();
  state.waitingComms.delete(run);
  if (state.running?.run !== run) return;
  const ended = state.running;
  state.running = null;
  state.asked = [];
  ended.finish({ outcome, expressions });
}

/** JupyterLab and Notebook 7, known by what they say with a cell, write question and answer into the output themselves. */
function keepsAnswers(request: Message | null): boolean {
  return request?.content.allow_stdin === true && Array.isArray(request.metadata.deletedCells);
}
