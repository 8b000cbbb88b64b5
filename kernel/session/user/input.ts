/** Questions to the person at the notebook: `await input(...)`, and the synchronous `prompt` and `confirm`. */

import type { Answer } from "../protocol.ts";
import { send } from "./channel.ts";

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

/** Makes the functions. `answer` is called when the answer to an `input` comes in; null for none. */
export function createInput({ shared, answerText, runNow }: Shared) {
  let waiting: { resolve(answer: Given): void; reject(error: Error): void } | null = null;
  let last: Promise<unknown> = Promise.resolve();

  /** One question at a time: a front end has one box. */
  const ask = (question: string, password: boolean): Promise<Given> => {
    const run = runNow();
    const asked = last.then(
      () =>
        new Promise<Given>((resolve, reject) => {
          waiting = { resolve, reject };
          send({ type: "input", run, prompt: question, password, sync: false });
        }),
    );
    last = asked.catch(() => {});
    return asked;
  };

  const echo = (question: string, answer: string): void =>
    send({ type: "asked", run: runNow(), text: `${question} ${answer}\n` });

  async function input(question = "", options: InputOptions = {}): Promise<string> {
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
  return { input, prompt, confirm, answer };
}
