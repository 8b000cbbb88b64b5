/** Questions to the person at the notebook: `await input(...)`, and the synchronous `prompt` and `confirm`. */

import { serial } from "../../common/serial.ts";
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

/**
 * Makes the functions. `answer` is called when the answer to an `input` comes in; `giveUp` when the cell is
 * stopped or over; `openQuestions` resolves when none of a run's is open any more.
 */
export function createInput({ shared, answerText, runNow }: Shared) {
  let waiting: { resolve(answer: Given): void; reject(error: Error): void } | null = null;
  const questions = serial();
  let stops = 0;
  const open = new Map<number | null, Set<Promise<unknown>>>();

  /** One question at a time: a front end has one box. */
  const ask = (question: string, password: boolean): Promise<Given> => {
    const run = runNow();
    const asksAt = stops;
    const asked = questions.run(
      () =>
        new Promise<Given>((resolve, reject) => {
          if (stops !== asksAt) return reject(new Interrupted());
          waiting = { resolve, reject };
          send({ type: "input", run, prompt: question, password, sync: false });
        }),
    );
    const all = open.get(run) ?? new Set();
    open.set(run, all.add(asked));
    const settle = (): void => {
      if (all.delete(asked) && all.size === 0) open.delete(run);
    };
    asked.then(settle, settle);
    return asked;
  };

  const openQuestions = async (run: number): Promise<void> => {
    for (let all = open.get(run); all !== undefined; all = open.get(run)) {
      await Promise.allSettled(all);
      for (let turns = 0; turns < 2; turns++) await nextTurn(); // who has the answer may ask another question
    }
  };

  const echo = (question: string, answer: string): void =>
    send({ type: "asked", run: runNow(), text: `${question} ${answer}\n` });

  async function input(question = "", options: InputOptions = {}): Promise<string> {
    const here: { stack?: string } = {};
    Error.captureStackTrace(here, input);
    return askUntilAllowed(question, options).catch((error: unknown) => {
      throw error instanceof InputFailure ? placed(error, here.stack ?? "") : error;
    });
  }

  async function askUntilAllowed(question: string, options: InputOptions): Promise<string> {
    const { password = false, default: fallback, choices } = options;
    const hint = choices ? ` (${choices.join(" / ")})` : fallback === undefined ? "" : ` [${fallback}]`;
    for (;;) {
      const { text: given, prepared = false } = await ask(`${question}${hint}`, password);
      const text = given === "" && fallback !== undefined ? fallback : given;
      if (choices !== undefined && !choices.includes(text)) {
        if (!prepared) continue;
        throw new InputFailure(
          `The prepared answer ${JSON.stringify(text)} to ${question} is none of ${choices.join(", ")}`,
        );
      }
      echo(question, password ? "********" : text); // so that the saved notebook can be read
      return text;
    }
  }

  const askNow = (question: string): string => {
    Atomics.store(shared, 2, 0);
    send({ type: "input", run: runNow(), prompt: question, password: false, sync: true });
    Atomics.wait(shared, 2, 0);
    const length = Atomics.load(shared, 3);
    const text = new TextDecoder().decode(answerText.slice(0, length < 0 ? -1 - length : length));
    if (length < 0) throw new InputFailure(`The question was not answered: ${text}`);
    return text;
  };

  const prompt = (question = "", fallback = ""): string => {
    const given = askNow(question);
    const text = given === "" ? fallback : given;
    echo(question, text);
    return text;
  };
  const confirm = (question = ""): boolean => {
    const yes = /^y(es)?$/i.test(askNow(`${question} [y/N]`));
    echo(question, yes ? "yes" : "no");
    return yes;
  };

  const answer = (given: Answer): void => {
    const asked = waiting;
    waiting = null;
    if (given.text === null) asked?.reject(new InputFailure(`The question was not answered: ${given.reason}`));
    else asked?.resolve(given);
  };
  const giveUp = (reason?: string): void => {
    stops++;
    const why = reason === undefined ? new Interrupted() : new InputFailure(`The question was not answered: ${reason}`);
    waiting?.reject(why);
    waiting = null;
  };
  return { input, prompt, confirm, answer, giveUp, openQuestions };
}

/** An error that came with the answer, under the cell's line that asked. */
function placed(error: InputFailure, stack: string): InputFailure {
  const at = stack.indexOf("\n    at ");
  error.stack = `${error.name}: ${error.message}${at < 0 ? "" : stack.slice(at)}`;
  return error;
}
