/**
 * The user process: evaluates cells in V8's REPL mode through the inspector, and tells the protocol process what they
 * print, show, ask and throw. It may be killed at any time; the protocol process then starts another.
 */

import { inspect } from "node:util";
import { createDisplay, toBundle } from "../../display/index.ts";
import { keepCompiled } from "../keep-compiled.ts";
import type { RunOutcome, UserCommand } from "../protocol.ts";
import { captureStreams, currentRun, listen, markDrained, type RunContext, send, sendFirst } from "./channel.ts";
import { catchValue, evaluate, nextTurn, prepare, settled, warmUp } from "./evaluate.ts";
import { createInput } from "./input.ts";
import { commonJs, importFor, meta, require } from "./modules.ts";
import { installReadline } from "./readline.ts";
import { installStacks, type KnownCode } from "./stack.ts";
import { answerText, shared, startThread } from "./thread.ts";
import { Interrupted, reportError } from "./trace.ts";
import { guardWaits } from "./waits.ts";

/** Where no cell comes the interrupt thread starts so much later. */
const threadAfterMs = 500;
installStacks();

let active: { context: RunContext; stop: (error: Error) => void } | null = null;

/** Callbacks of controls, comms and timers of an earlier cell that run now: an interrupt is for them too. */
const callbacks = new Set<RunContext>();

const display = createDisplay(
  ({ type, content, metadata, buffers }, run = runNow()) => {
    const encoded = buffers?.map((buffer) => Buffer.from(buffer).toString("base64"));
    send({ type: "publish", run, message: type, content, metadata, buffers: encoded });
  },
  inItsCell,
  runNow,
);
const { input, prompt, confirm, answer, giveUp, openQuestions } = createInput({ shared, answerText, runNow });

/** Has a callback run under the cell that gave it, which may long be over, with an interrupt of its own. */
function inItsCell<A extends unknown[]>(callback: (...values: A) => unknown): (...values: A) => unknown {
  const given = currentRun.getStore() ?? active?.context;
  if (given === undefined) return callback;
  return async (...values) => {
    const context = contextOf(given.run, given.cell);
    callbacks.add(context);
    try {
      return await currentRun.run(context, () => callback(...values));
    } finally {
      callbacks.delete(context);
    }
  };
}

function contextOf(run: number, cell: number | null): RunContext {
  return {
    run,
    cell,
    interrupted: false,
    abort: new AbortController(),
    shown: null,
    resources: new AsyncDisposableStack(),
  };
}

function runNow(): number | null {
  return currentRun.getStore()?.run ?? active?.context.run ?? null;
}

const globals: { [name: string]: unknown } = {
  ...display.globals,
  input,
  prompt,
  confirm,
  require,
  kernel: {
    get signal(): AbortSignal | undefined {
      return (currentRun.getStore() ?? active?.context)?.abort.signal;
    },
  },
  __import: importFor,
  __meta: meta,
  __node: commonJs,
  __show(value: unknown) {
    const context = currentRun.getStore(); // none while the process warms up
    if (context !== undefined) context.shown = { value };
  },
  __use(value: unknown, isAsync: boolean) {
    currentRun.getStore()!.resources.defer(disposerOf(value, isAsync));
    return value;
  },
  __guard() {
    if (currentRun.getStore()?.interrupted) throw new Interrupted();
  },
  __caught: catchValue,
};
for (const [name, value] of Object.entries(globals))
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });

// Decorators written out keep their metadata where this is; Node has it not yet.
if (Symbol.metadata === undefined) Object.defineProperty(Symbol, "metadata", { value: Symbol.for("Symbol.metadata") });

async function run({ run: id, cell, source, expressions }: Extract<UserCommand, { type: "run" }>): Promise<void> {
  giveUp("another cell was run"); // one that a timer asked, where nobody listened
  const context = contextOf(id, cell);
  let outcome: RunOutcome = { status: "ok" };
  let shownExpressions: { [name: string]: object } = {};
  const stopped = new Promise<never>((_, reject) => {
    active = { context, stop: reject };
  });
  stopped.catch(() => {});
  const code: KnownCode = { label: `cell ${cell}`, source, locate: null };
  try {
    const prepared = prepare(code);
    await currentRun.run(context, async () => {
      await withResources(context, stopped, async () => {
        await Promise.race([evaluate(prepared), stopped]);
        const { value } = await Promise.race([settled(context.shown?.value), stopped]);
        if (value === undefined || display.isPlaced(value)) return;
        const { data, metadata } = await Promise.race([toBundle(value), stopped]);
        send({ type: "result", run: id, cell, data, metadata });
      });
      shownExpressions = await Promise.race([evaluateExpressions(expressions, context), stopped]);
      // A promise that was rejected and that nobody awaits is known as such one turn of the event loop later.
      await Promise.race([nextTurn(), stopped]);
      await Promise.race([openQuestions(id), stopped]); // asked with a callback, which the cell does not await
      if (isStopped(context)) throw new Interrupted();
    });
  } catch (thrown) {
    outcome = { status: "error", ...reportError(isStopped(context) ? new Interrupted() : thrown, code) };
    await Promise.race([nextTurn(), stopped]).catch(() => {});
  }
  active = null;
  giveUp(); // a question of a cell that is over cannot be answered, and would hold up the next
  markDrained(id);
  send({ type: "done", run: id, outcome, expressions: shownExpressions });
}

/** V8 ends a busy loop before this thread hears of the interrupt. */
function isStopped(context: RunContext): boolean {
  return context.interrupted || isStopAsked();
}

/** Whether there is an interrupt that this thread has not heard of yet: it was busy. */
function isStopAsked(): boolean {
  return Atomics.load(shared, 0) > Atomics.load(shared, 1);
}

/** Runs work, then lets go of what it declared with `using`, also when it failed. */
async function withResources(
  { resources }: RunContext,
  stopped: Promise<never>,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (thrown) {
    await Promise.race([resources.disposeAsync(), stopped]).catch((second: unknown) => {
      throw second === thrown ? thrown : new SuppressedError(second, thrown, "A resource failed as it was let go of");
    });
    throw thrown;
  }
  await Promise.race([resources.disposeAsync(), stopped]);
}

function disposerOf(value: unknown, isAsync: boolean): () => Promise<void> {
  if (value === null || value === undefined) return async () => {};
  const own = value as { [Symbol.dispose]?: unknown; [Symbol.asyncDispose]?: unknown };
  const dispose = (isAsync ? own[Symbol.asyncDispose] : undefined) ?? own[Symbol.dispose];
  if (typeof dispose === "function") return async () => void (await dispose.call(value));
  throw new TypeError(
    `What is used must have [Symbol.${isAsync ? "asyncDispose" : "dispose"}](), got ${inspect(value)}`,
  );
}

async function evaluateExpressions(
  expressions: { [name: string]: string },
  context: RunContext,
): Promise<{ [name: string]: object }> {
  const results: { [name: string]: object } = {};
  for (const [name, expression] of Object.entries(expressions)) {
    const code: KnownCode = { label: `expression ${name}`, source: `(${expression}\n)`, locate: null };
    try {
      context.shown = null;
      await evaluate(prepare(code));
      const { value } = await settled((context.shown as RunContext["shown"])?.value);
      const { data, metadata } = await toBundle(value);
      results[name] = { status: "ok", data, metadata };
    } catch (thrown) {
      results[name] = { status: "error", ...reportError(thrown, code) };
    }
  }
  return results;
}

/** A message from a front end's side of a comm: what its handlers print and show belongs to the message. */
async function receiveComm(command: Extract<UserCommand, { type: "comm" }>): Promise<void> {
  const { run } = command;
  await currentRun.run(contextOf(run, null), async () => {
    try {
      await display.receive(command);
    } catch (thrown) {
      tell(thrown);
    }
  });
  markDrained(run);
  send({ type: "done", run, outcome: { status: "ok" }, expressions: {} });
}

function acknowledgeInterrupt(number: number): void {
  Atomics.store(shared, 1, number);
  for (const context of callbacks) stopContext(context);
  if (active === null) return;
  stopContext(active.context);
  active.stop(new Interrupted());
  giveUp();
}

function stopContext(context: RunContext): void {
  context.interrupted = true;
  context.abort.abort(new Interrupted());
}

sendFirst(display.settle);
captureStreams();
listen((command) => {
  startThread();
  if (command.type === "run") void run(command);
  else if (command.type === "interrupt") acknowledgeInterrupt(command.number);
  else if (command.type === "input") answer(command);
  else void receiveComm(command);
});

// What nobody waits for is told where it belongs, and the session goes on.
const tell = (thrown: unknown): void => {
  if (thrown instanceof Interrupted) return;
  const context = currentRun.getStore();
  const { traceback } = reportError(thrown);
  const text = `Uncaught ${traceback.join("\n")}\n`;
  send({ type: "uncaught", run: context?.run ?? runNow(), text });
};
process.on("uncaughtException", tell);
process.on("unhandledRejection", tell);

guardWaits(isStopAsked);
installReadline({ input, giveUp });
await warmUp();
send({ type: "ready" });
setTimeout(startThread, threadAfterMs).unref();
keepCompiled();
