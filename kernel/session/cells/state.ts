/** What the user side of a session holds: the process, the cell that runs in it, and what is on its way to the front ends. */

import { type Serial, serial } from "../../common/serial.ts";
import type { Message, Sockets } from "../../wire/index.ts";
import { type Answers, createAnswers } from "../answers.ts";
import type { CommRegistry } from "../comms.ts";
import { createLiveFigures, type LiveFigures } from "../live-figures.ts";
import type { NotebookSettings } from "../notebook-settings.ts";
import type { Coalescer, Publish } from "../output.ts";
import { createPace, type Pace } from "../pace.ts";
import type { RunOutcome } from "../protocol.ts";
import type { Spawned } from "../spawn.ts";
import type { UserProcess } from "../user-process.ts";

/** How a run ended. */
export interface RunEnd {
  outcome: RunOutcome;
  expressions: { [name: string]: object };
}

/** What the user side of a session is made with. */
export interface RunsOptions {
  directory: string;
  /** The first user process, already started. */
  spawned?: Spawned | undefined;
  settings: () => NotebookSettings;
  sockets: Sockets;
  publish: Publish;
  output: Coalescer;
  comms: CommRegistry;
  /** The user process was lost, and with it all that cells declared. */
  onLost(): void;
}

/** When a cell ran, by `performance.now()`. */
export interface RunTimes {
  startedAt: number;
  endedAt: number | null;
  isStopping: boolean;
  /** The programs that it left behind, where it was stopped. */
  left: ReadonlySet<number> | null;
}

/** The cell that runs. */
export interface RunningCell {
  request: Message;
  run: number;
  times: RunTimes;
  finish(end: RunEnd): void;
}

/** The user side of a session. */
export interface RunsState {
  readonly options: RunsOptions;
  /** Null where it could not be started: the next cell tries anew. */
  user: UserProcess | null;
  running: RunningCell | null;
  /** The times of the cell that was last asked to stop, until its programs are. */
  stopping: RunTimes | null;
  /** The questions that a front end has been asked, by their messages: at most one that holds the cell, and one that does not. */
  asked: readonly { id: string; sync: boolean }[];
  nextRun: number;
  /** By number of run, so that late output finds its own cell; comm messages apart: one slider sends thousands of them. */
  readonly requests: { readonly cells: Map<number, Message>; readonly comms: Map<number, Message> };
  lastRequest: Message | null;
  /** By number of run: who waits for the handlers of a comm message. */
  readonly waitingComms: Map<number, () => void>;
  readonly outbox: Serial;
  readonly answers: Answers;
  readonly pace: Pace;
  readonly figures: LiveFigures;
}

/** Late output finds its own cell among so many, and its own comm message. */
const keptRequests = 2000;

/** The state of a session whose user process is yet to be started. */
export function newState(options: RunsOptions): RunsState {
  const { directory, settings } = options;
  return {
    options,
    user: null,
    running: null,
    stopping: null,
    asked: [],
    nextRun: 1,
    requests: { cells: new Map(), comms: new Map() },
    lastRequest: null,
    waitingComms: new Map(),
    outbox: serial(),
    answers: createAnswers({ directory, settings }),
    pace: createPace(),
    figures: createLiveFigures(),
  };
}

/** Gives a request the number under which the user process speaks of it. */
export function numberRequest(state: RunsState, request: Message): number {
  const run = state.nextRun++;
  const { cells, comms } = state.requests;
  const kept = request.header.msg_type === "execute_request" ? cells : comms;
  kept.set(run, request);
  const [oldest] = kept.keys();
  if (kept.size > keptRequests) kept.delete(oldest!);
  return run;
}

/** The request that output of a run belongs to. */
export function parentOf({ requests, running, lastRequest }: RunsState, run: number | null): Message | null {
  const own = run === null ? undefined : (requests.cells.get(run) ?? requests.comms.get(run));
  return own ?? running?.request ?? lastRequest;
}

/** Everything for the front ends goes through here, so that a picture still being drawn holds back what follows it. */
export function inOrder({ outbox }: RunsState, work: () => void | Promise<void>): void {
  outbox.run(work).catch((error: unknown) => console.error(error));
}

/** Whether a request wants nothing to be shown. */
export function isSilent(request: Message | null): boolean {
  return request?.content.silent === true;
}
