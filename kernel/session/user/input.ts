/** Questions to the person at the notebook: `await input(...)`, and the synchronous `prompt` and `confirm`. */

import { checkOptions, type Entries } from "../../common/options.ts";
import { type Serial, serial } from "../../common/serial.ts";
import type { Answer } from "../protocol.ts";
import { send } from "./channel.ts";
import { nextTurn } from "./evaluate.ts";
import { Interrupted } from "./trace.ts";

/** What may be said with a question. */
export interface InputOptions {
  /** Do not show what is typed. @default false */
  password?: boolean;
  /** Taken when the answer is empty. */
  default?: string;
  /** The only answers allowed; asked again until one of them is given. */
  choices?: readonly string[];
}

/** Thrown when a question cannot be asked or was given up. */
class InputFailure extends Error {
  override readonly name = "InputFailure";
}

type Given = Extract<Answer, { text: string }>;

interface Shared {
  shared: Int32Array;
  answerText: Uint8Array;
  runNow: () => number | null;
}

interface InputState extends Shared {
  /** The question that the front end has been asked. */
  waiting: { resolve(answer: Given): void; reject(error: Error): void } | null;
  /** One question at a time: a front end has one box. */
  readonly questions: Serial;
  /** How often cells were stopped: a question asked before is not passed on afterwards. */
  stops: number;
  /** The questions of each run. */
  readonly open: Map<number | null, Set<Promise<unknown>>>;
}

/**
 * Makes the functions. `answer` is called when the answer to an `input` comes in; `giveUp` when the cell is
 * stopped or over; `openQuestions` resolves when none of a run's is open any more.
 */
export function createInput(shared: Shared) {
  const state: InputState = { ...shared, waiting: null, questions: serial(), stops: 0, open: new Map() };
  async function input(question = "", options: InputOptions = {}): Promise<string> {
    const here: { stack?: string } = {};
    Error.captureStackTrace(here, input);
    return askUntilAllowed(state, question, options).catch((error: unknown) => {
      throw error instanceof InputFailure ? placed(error, here.stack ?? "") : error;
    });
  }
  return {
    input,
    prompt: (question = "", fallback = "") => prompt(state, question, fallback),
    confirm: (question = "") => confirm(state, question),
    answer: (given: Answer) => answer(state, given),
    giveUp: (reason?: string) => giveUp(state, reason),
    openQuestions: (run: number) => openQuestions(state, run),
  };
}

const inputEntries: Entries = (v) => ({
  password: v.optional(v.boolean("true or false")),
  default: v.optional(v.string("a text")),
  choices: v.optional(
    v.pipe(v.array(v.string("a list of texts"), "a list of texts"), v.minLength(1, "a list of at least one text")),
  ),
});

async function askUntilAllowed(state: InputState, question: string, options: InputOptions): Promise<string> {
  checkOptions("input", options, inputEntries);
  const { password = false, default: fallback, choices } = options;
  if (choices !== undefined && fallback !== undefined && !choices.includes(fallback))
    throw new RangeError(
      `Expected the default of ${question} to be one of its choices, ${choices.join(", ")}; got ${JSON.stringify(fallback)}`,
    );
  const hint = choices ? ` (${choices.join(" / ")})` : fallback === undefined ? "" : ` [${fallback}]`;
  for (;;) {
    const { text: given, prepared = false } = await ask(state, `${question}${hint}`, password);
    const text = given === "" && fallback !== undefined ? fallback : given;
    if (choices !== undefined && !choices.includes(text)) {
      if (!prepared) continue;
      throw new InputFailure(
        `The prepared answer ${JSON.stringify(text)} to ${question} is none of ${choices.join(", ")}`,
      );
    }
    echo(state, question, password ? "********" : text); // so that the saved notebook can be read
    return text;
  }
}

function ask(state: InputState, question: string, password: boolean): Promise<Given> {
  const run = state.runNow();
  const asksAt = state.stops;
  const asked = state.questions.run(
    () =>
      new Promise<Given>((resolve, reject) => {
        if (state.stops !== asksAt) return reject(new Interrupted());
        state.waiting = { resolve, reject };
        send({ type: "input", run, prompt: question, password, sync: false });
      }),
  );
  const all = state.open.get(run) ?? new Set();
  state.open.set(run, all.add(asked));
  const settle = (): void => {
    if (all.delete(asked) && all.size === 0) state.open.delete(run);
  };
  asked.then(settle, settle);
  return asked;
}

async function openQuestions({ open }: InputState, run: number): Promise<void> {
  for (let all = open.get(run); all !== undefined; all = open.get(run)) {
    await Promise.allSettled(all);
    for (let turns = 0; turns < 2; turns++) await nextTurn(); // who has the answer may ask another question
  }
}

/** Shows a question with its answer. */
function echo({ runNow }: InputState, question: string, given: string): void {
  send({ type: "asked", run: runNow(), text: `${question} ${given}\n` });
}

/** Asks, and holds this thread until the answer is there. */
function askNow({ shared, answerText, runNow }: InputState, question: string): string {
  Atomics.store(shared, 2, 0);
  send({ type: "input", run: runNow(), prompt: question, password: false, sync: true });
  Atomics.wait(shared, 2, 0);
  const length = Atomics.load(shared, 3);
  const text = new TextDecoder().decode(answerText.slice(0, length < 0 ? -1 - length : length));
  if (length < 0) throw new InputFailure(`The question was not answered: ${text}`);
  return text;
}

function prompt(state: InputState, question: string, fallback: string): string {
  const given = askNow(state, question);
  const text = given === "" ? fallback : given;
  echo(state, question, text);
  return text;
}

function confirm(state: InputState, question: string): boolean {
  const yes = /^y(es)?$/i.test(askNow(state, `${question} [y/N]`));
  echo(state, question, yes ? "yes" : "no");
  return yes;
}

function answer(state: InputState, given: Answer): void {
  const asked = state.waiting;
  state.waiting = null;
  if (given.text === null) asked?.reject(new InputFailure(`The question was not answered: ${given.reason}`));
  else asked?.resolve(given);
}

function giveUp(state: InputState, reason: string | undefined): void {
  state.stops++;
  const why = reason === undefined ? new Interrupted() : new InputFailure(`The question was not answered: ${reason}`);
  state.waiting?.reject(why);
  state.waiting = null;
}

/** An error that came with the answer, under the cell's line that asked. */
function placed(error: InputFailure, stack: string): InputFailure {
  const at = stack.indexOf("\n    at ");
  error.stack = `${error.name}: ${error.message}${at < 0 ? "" : stack.slice(at)}`;
  return error;
}
