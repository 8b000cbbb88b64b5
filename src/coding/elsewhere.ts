/**
 * Code tasks that others work at: questions go out in parts, and so do the programs that are run; what comes back is taken in
 * the order in which one process would have had it, so that the files are the same to the byte. Not here: who works (`workers/`).
 */

import type { Completion, Prompt } from "../llm/index.ts";
import type { Sandbox } from "../sandbox/index.ts";
import type { AnswersFile } from "./answers-file.ts";
import { keptAnswer, leftOf, promptFor } from "./ask.ts";
import type { CodeContestant, ContestantRun } from "./contestants.ts";
import type { Asking, Part, Question } from "./plan.ts";
import type { CodeAnswer, CodeLanguage, CodeScore } from "./types.ts";

/** Answers to one part's questions. */
export interface PartAnswers {
  answers: readonly Completion[];
  /** How long they took where they were asked. */
  seconds: number;
}

/** Who asks models and runs programs in other processes, here or on other machines: `workers.redis(url)`, `workers.folder(path)`. */
export interface CodeElsewhere {
  /** Rejects for a contestant that cannot be sent. */
  admit(contestant: CodeContestant): Promise<void>;
  /** Asks a contestant, part by part, and gives the answers in order. Rejects with the signal's reason when it is aborted. */
  answer(
    contestant: CodeContestant,
    parts: readonly (readonly Prompt[])[],
    how: { signal?: AbortSignal | undefined },
  ): AsyncIterable<PartAnswers>;
  /** Scores answers, part by part, in order; `sandboxes`: what those that run them are like. */
  score(
    parts: readonly (readonly CodeAnswer[])[],
    how: { sandboxes: { readonly [language in CodeLanguage]?: Sandbox | null }; signal?: AbortSignal | undefined },
  ): AsyncIterable<readonly CodeScore[]>;
}

/** How parts are asked elsewhere. */
interface AskingElsewhere {
  asking: Asking;
  signal: AbortSignal | undefined;
  nameOf: (part: Part) => string;
  /** Called as each part's answers are kept; `known`: they were there already. */
  onPart: (part: Part, known: boolean) => void;
}

/** Asks what nobody has answered yet: all of it at once, kept in the parts' order. */
export async function askElsewhere(
  on: CodeElsewhere,
  parts: readonly Part[],
  file: AnswersFile,
  { asking, signal, nameOf, onPart }: AskingElsewhere,
): Promise<void> {
  const claimed = new Set<string>();
  const open = parts.map((part) => ({ part, left: leftOf(part.questions, file, claimed) }));
  const own = new AbortController();
  const either = AbortSignal.any([own.signal, ...(signal ? [signal] : [])]);
  const streams: AsyncIterator<PartAnswers>[] = [];
  const coming = new Map<Part, Promise<IteratorResult<PartAnswers>>>();
  const some = open.filter(({ left }) => left.length > 0);
  for (const [asked, theirs] of Map.groupBy(some, ({ left }): ContestantRun => left[0]!.asked)) {
    const prompts = theirs.map(({ left }) => left.map((one) => promptFor(one, asking)));
    const stream = on.answer(asked.given, prompts, { signal: either })[Symbol.asyncIterator]();
    streams.push(stream);
    for (const { part } of theirs) {
      const next = stream.next();
      next.catch(() => {}); // whoever takes the part hears of it
      coming.set(part, next);
    }
  }
  try {
    for (const { part, left } of open) {
      signal?.throwIfAborted();
      const { value } = (await coming.get(part)) ?? {};
      if (value !== undefined) keepPart(part, left, value as PartAnswers);
      onPart(part, left.length === 0);
    }
    await Promise.all(streams.map((stream) => stream.next())); // there is no more: each is at its end
  } finally {
    own.abort();
    await Promise.allSettled(streams.map((stream) => stream.return?.()));
  }

  function keepPart(part: Part, left: readonly Question[], { answers, seconds }: PartAnswers): void {
    for (const [i, question] of left.entries()) file.addAnswer(keptAnswer(question, answers[i]!));
    const { name: contestant, run } = left[0]!.of;
    file.addSeconds({ part: nameOf(part), contestant, run, answers: left.length, seconds });
  }
}
