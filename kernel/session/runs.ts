/**
 * The cells that run, and the user process that runs them: its messages become Jupyter messages under the request that
 * caused them, in order. A process that dies ends what it ran in an error, and another is started.
 * Not here: which cell may run when (`execute.ts`), the process itself (`user-process.ts`).
 */

import { serial } from "../common/serial.ts";
import type { Message, Sockets } from "../wire/index.ts";
import { createAnswers } from "./answers.ts";
import { endStarted, startedSince } from "./children.ts";
import type { CommRegistry } from "./comms.ts";
import { createLiveFigures } from "./live-figures.ts";
import type { NotebookSettings } from "./notebook-settings.ts";
import type { Coalescer, Publish } from "./output.ts";
import { createPace } from "./pace.ts";
import type { RunOutcome, UserMessage } from "./protocol.ts";
import type { Spawned } from "./spawn.ts";
import { startUserProcess, type UserEvents, type UserProcess } from "./user-process.ts";

/** A cell to run. */
export interface Run {
  source: string;
  /** The number that its prompt shows. */
  cell: number;
  /** Expressions to evaluate when it is done, by name. */
  expressions: { [name: string]: string };
}

/** How a run ended. */
export interface RunEnd {
  outcome: RunOutcome;
  expressions: { [name: string]: object };
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
  /** The front end's answer to a question. */
  answer(text: string): void;
  /** Stops the cell that runs: asks, terminates, and after five seconds ends the process. */
  interrupt(): void;
  /** Ends the user process. */
  end(): Promise<void>;
}

interface RunsOptions {
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

/** By `performance.now()`. */
interface RunTimes {
  startedAt: number;
  endedAt: number | null;
  isStopping: boolean;
  /** The programs that it left behind, where it was stopped. */
  left: ReadonlySet<number> | null;
}

/** How long an interrupted cell may take to stop before its process is ended. */
const patienceMs = 5000;
/** Late output finds its own cell among so many. */
const keptRequests = 2000;

/** Starts the user side of a session. */
export function createRuns(options: RunsOptions): Runs {
  const { directory, spawned, settings, sockets, publish, output, comms, onLost } = options;
  const requests = new Map<number, Message>();
  const answers = createAnswers({ directory, settings });
  const pace = createPace();
  const waitingComms = new Map<number, () => void>();
  const figures = createLiveFigures();
  let nextRun = 1;
  let running: { request: Message; run: number; times: RunTimes; finish(end: RunEnd): void } | null = null;
  let lastRequest: Message | null = null;
  /** Of the cell that was last asked to stop, until its programs are. */
  let stoppingTimes: RunTimes | null = null;
  let asked: { sync: boolean } | null = null;
  const outbox = serial();
  let user: UserProcess | null = launch(spawned);

  function launch(first?: Spawned): UserProcess {
    const events: UserEvents = {
      onMessage: receive,
      onNative: (name, text) => inOrder(() => output.stream(name, text, parentOf(null))),
      onStopping() {
        const times = stoppingTimes;
        stoppingTimes = null;
        const { leader } = started;
        if (times === null || leader === undefined) return;
        void endStarted(leader, { from: times.startedAt, ended: () => times.endedAt, left: () => times.left }).catch(
          () => {},
        );
      },
      onDeath(how, wasReady) {
        // One that dies before it was ready would do so again: the next cell tries anew.
        user = wasReady ? launch() : null;
        lost("UserProcessEnded", `The user process ended (${how}): its variables are gone. A new one is ready.`);
      },
    };
    const started = startUserProcess(directory, events, first);
    return started;
  }

  /** Tells the running cell, or the front end, that the process is gone. */
  function lost(ename: string, evalue: string): void {
    asked = null;
    pace.hurry();
    onLost();
    for (const done of waitingComms.values()) done();
    waitingComms.clear();
    const ended = running;
    running = null;
    inOrder(() => {
      output.flush();
      for (const id of comms.drop()) publish("comm_close", { comm_id: id, data: {} }, lastRequest);
      if (ended === null) output.uncaught(`${evalue}\n`, lastRequest);
      else
        ended.finish({
          outcome: { status: "error", ename, evalue, traceback: [`${ename}: ${evalue}`] },
          expressions: {},
        });
    });
  }

  function parentOf(run: number | null): Message | null {
    return (run === null ? null : requests.get(run)) ?? running?.request ?? lastRequest;
  }

  /** Everything for the front ends goes through here, so that a picture still being drawn holds back what follows. */
  function inOrder(work: () => void | Promise<void>): void {
    outbox.run(work).catch((error: unknown) => console.error(error));
  }

  function receive(message: UserMessage): void {
    switch (message.type) {
      case "stream": {
        const parent = parentOf(message.run);
        if (!isSilent(parent)) inOrder(() => output.stream(message.name, message.text, parent));
        break;
      }
      case "uncaught": {
        const parent = message.run === null ? lastRequest : parentOf(message.run);
        if (!isSilent(parent)) inOrder(() => output.uncaught(message.text, parent));
        break;
      }
      case "asked": {
        const parent = parentOf(message.run);
        if (!isSilent(parent) && !keepsAnswers(parent)) inOrder(() => output.stream("stdout", message.text, parent));
        break;
      }
      case "result":
      case "publish":
        show(message);
        break;
      case "input":
        ask(message);
        break;
      case "done":
        pace.hurry();
        inOrder(figures.settle);
        inOrder(() => done(message));
        break;
    }
  }

  function done({ run, outcome, expressions }: Extract<UserMessage, { type: "done" }>): void {
    waitingComms.get(run)?.();
    waitingComms.delete(run);
    if (running?.run !== run) return;
    const { finish } = running;
    running = null;
    asked = null;
    finish({ outcome, expressions });
  }

  function show(message: Extract<UserMessage, { type: "result" | "publish" }>): void {
    const parent = parentOf(message.run);
    if (message.type === "publish") comms.note(message.message, message.content);
    if (isSilent(parent) && !(message.type === "publish" && message.message.startsWith("comm_"))) return;
    const content = message.type === "result" ? message : (message.content as { data?: { [type: string]: unknown } });
    const place = message.type === "publish" ? placeOf(message) : null;
    const isUpdate = message.type === "publish" && message.message === "update_display_data";
    if (isUpdate && place !== null) pace.note(place, message);
    const send = (data: unknown, again = false): void => {
      output.flush();
      if (message.type === "result")
        return publish("execute_result", { data, metadata: message.metadata, execution_count: message.cell }, parent);
      const buffers = (message.buffers ?? []).map((text) => new Uint8Array(Buffer.from(text, "base64")));
      publish(
        again ? "update_display_data" : message.message,
        content.data === undefined ? content : { ...content, data },
        parent,
        {
          ...(message.metadata && { metadata: message.metadata }),
          buffers,
        },
      );
    };
    // A comm's data is its own affair: only what is shown is a bundle.
    if (message.type === "publish" && !message.message.endsWith("display_data"))
      return inOrder(() => send(content.data));
    const data = content.data as { [type: string]: unknown };
    inOrder(async () => {
      if (place !== null && isLive(content)) return figures.update(place, data, send);
      if (!isUpdate || place === null) return send(await figures.complete(place, data));
      if (await pace.isDue(place, message)) figures.update(place, data, send);
    });
  }

  function ask({ run, prompt, password, sync }: Extract<UserMessage, { type: "input" }>): void {
    const parent = parentOf(run);
    if (parent?.content.allow_stdin !== true) {
      const answer = answers.take(prompt);
      const said = "text" in answer ? { text: answer.text, prepared: true } : { text: null, reason: answer.reason };
      if (sync) user?.answerNow(said);
      else user?.send({ type: "input", ...said });
      return;
    }
    pace.hurry();
    inOrder(() => {
      output.flush();
      asked = { sync };
      sockets.send("stdin", sockets.codec.make("input_request", { prompt, password }, { parent }));
    });
  }

  async function ready(): Promise<UserProcess> {
    user ??= launch();
    const started = user;
    if (await started.ready) return started;
    throw new Error("The user process cannot be started: what it said is on the kernel's own terminal.");
  }

  return {
    ready,
    get current() {
      return running?.request ?? null;
    },
    async start(request, { source, cell, expressions }) {
      const run = nextRun++;
      requests.set(run, request);
      requests.delete(run - keptRequests);
      if (!isSilent(request)) lastRequest = request;
      const process = await ready();
      return new Promise((finish) => {
        const times: RunTimes = { startedAt: performance.now(), endedAt: null, isStopping: false, left: null };
        running = {
          ...{ request, run, times },
          finish(end) {
            times.endedAt = performance.now();
            if (times.isStopping && process.leader !== undefined)
              times.left = startedSince(process.leader, times.startedAt);
            finish(end);
          },
        };
        process.send({ type: "run", run, cell, source, expressions });
      });
    },
    async comm(request) {
      const { header, content, metadata, buffers } = request;
      comms.note(header.msg_type, content);
      const run = nextRun++;
      requests.set(run, request);
      requests.delete(run - keptRequests);
      const process = await ready();
      const encoded = buffers.map((buffer) => Buffer.from(buffer).toString("base64"));
      await new Promise<void>((done) => {
        waitingComms.set(run, done);
        process.send({ type: "comm", run, message: header.msg_type, content, metadata, buffers: encoded });
      });
    },
    answer(text) {
      if (asked === null) return;
      const { sync } = asked;
      asked = null;
      if (sync) user?.answerNow({ text });
      else user?.send({ type: "input", text });
    },
    interrupt() {
      const stopping = running;
      user?.interrupt();
      if (stopping === null) return;
      stoppingTimes = stopping.times;
      stoppingTimes.isStopping = true;
      setTimeout(() => {
        if (running !== stopping) return;
        const seconds = patienceMs / 1000;
        const evalue = `The cell could not be stopped within ${seconds} s, so its process was ended: its variables are gone. A new one is ready.`;
        void user?.kill().then(() => {
          user = launch();
          lost("Interrupted", evalue);
        });
      }, patienceMs).unref();
    },
    async end() {
      await user?.kill();
    },
  };
}

function placeOf({ content }: { content: object }): string | null {
  return (content as { transient?: { display_id?: string } }).transient?.display_id ?? null;
}

/** The first state of a figure with an id: more of them will come. */
function isLive(content: object): boolean {
  return (content as { transient?: { live?: boolean } }).transient?.live === true;
}

/** JupyterLab and Notebook 7, known by what they say with a cell, write question and answer into the output themselves. */
function keepsAnswers(request: Message | null): boolean {
  return request?.content.allow_stdin === true && Array.isArray(request.metadata.deletedCells);
}

function isSilent(request: Message | null): boolean {
  return request?.content.silent === true;
}
