/** Questions to the person at the notebook: `await input(...)`, and the synchronous `prompt` and `confirm`. */

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
export class InputFailure extends Error {
  override readonly name = "InputFailure";
}

interface Shared {
  shared: Int32Array;
  answerText: Uint8Array;
  runNow: () => number | null;
}

/** Makes the functions. `answer` is called when the answer to an `input` comes in; null for none. */
export function createInput({ shared, answerText, runNow }: Shared) {
  let waiting: { resolve(text: string): void; reject(error: Error): void } | null = null;
  let last: Promise<unknown> = Promise.resolve();

  /** One question at a time: a front end has one box. */
  const ask = (question: string, password: boolean): Promise<string> => {
    const run = runNow();
    const asked = last.then(
      () =>
        new Promise<string>((resolve, reject) => {
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
      const given = await ask(`${question}${hint}`, password);
      const text = given === "" && fallback !== undefined ? fallback : given;
      if (choices !== undefined && !choices.includes(text)) continue;
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

  const answer = (text: string | null, reason = "no answer can be given here"): void => {
    const asked = waiting;
    waiting = null;
    if (text === null) asked?.reject(new InputFailure(`The question was not answered: ${reason}`));
    else asked?.resolve(text);
  };
  return { input, prompt, confirm, answer };
}
