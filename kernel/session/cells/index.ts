/**
 * The cells that run, and the user process that runs them: its messages become Jupyter messages under the request that
 * caused them, in order. A process that dies ends what it ran in an error, and another is started.
 * Not here: which cell may run when (`execute.ts`), the process itself (`user-process.ts`).
 */

import type { Message } from "../../wire/index.ts";
import { startedSince } from "../children.ts";
import { interrupt, launch, readyProcess } from "./process.ts";
import { answer } from "./questions.ts";
import {
  isSilent,
  newState,
  numberRequest,
  type RunEnd,
  type RunsOptions,
  type RunsState,
  type RunTimes,
} from "./state.ts";

export type { RunEnd } from "./state.ts";

/** A cell to run. */
export interface Run {
  source: string;
  /** The number that its prompt shows. */
  cell: number;
  /** Expressions to evaluate when it is done, by name. */
  expressions: { [name: string]: string };
}

/** The user side of a session. */
export interface Runs {
  /** The request whose cell runs now. */
  readonly current: Message | null;
  /** Resolves when the user process can take a cell; rejects when it cannot be started. */
  ready(): Promise<unknown>;
  start(request: Message, run: Run): Promise<RunEnd>;
  /** Passes a comm message; resolves when its handlers have returned, or the process is gone. */
  comm(request: Message): Promise<void>;
  /** The front end's answer; `question`: the id of the message that asked, where it says so. */
  answer(text: string, question: string | undefined): void;
  /** Stops the cell that runs: asks, terminates, and after five seconds ends the process. */
  interrupt(): void;
  /** Ends the user process. */
  end(): Promise<void>;
}

/** Starts the user side of a session. */
export function createRuns(options: RunsOptions): Runs {
  const state = newState(options);
  launch(state, options.spawned);
  return {
    get current() {
      return state.running?.request ?? null;
    },
    ready: () => readyProcess(state),
    start: (request, run) => start(state, request, run),
    comm: (request) => passComm(state, request),
    answer: (text, question) => answer(state, text, question),
    interrupt: () => interrupt(state),
    async end() {
      await state.user?.kill();
    },
  };
}

async function start(state: RunsState, request: Message, { source, cell, expressions }: Run): Promise<RunEnd> {
  const run = numberRequest(state, request);
  if (!isSilent(request)) state.lastRequest = request;
  const process = await readyProcess(state);
  return new Promise((resolve) => {
    const times: RunTimes = { startedAt: performance.now(), endedAt: null, isStopping: false, left: null };
    const finish = (end: RunEnd): void => {
      times.endedAt = performance.now();
      if (times.isStopping && process.leader !== undefined) times.left = startedSince(process.leader, times.startedAt);
      resolve(end);
    };
    state.running = { request, run, times, finish };
    process.send({ type: "run", run, cell, source, expressions });
  });
}

async function passComm(state: RunsState, request: Message): Promise<void> {
  const { header, content, metadata, buffers } = request;
  state.options.comms.note(header.msg_type, content);
  const run = numberRequest(state, request);
  const process = await readyProcess(state);
  const encoded = buffers.map((buffer) => Buffer.from(buffer).toString("base64"));
  await new Promise<void>((done) => {
    state.waitingComms.set(run, done);
    process.send({ type: "comm", run, message: header.msg_type, content, metadata, buffers: encoded });
  });
}
