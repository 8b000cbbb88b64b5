/**
 * `autoagent judge`: lives in, verdicts out, one JSON line each. A line that cannot be judged is answered by an error in
 * its place. Output is in the order of the input; a few lives run at once, and no more is read than is being judged.
 */

import type { Readable, Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { streamLines } from "../data/stream-lines.ts";
import { byHand, lifeEnvironment, runEpisode } from "../episode/index.ts";
import { type EpisodeRecord, recordTo } from "../record/index.ts";
import type { BodyName, Effect, Level, Limits, Sandbox, Verdict } from "../sandbox/index.ts";
import type { MakeAnswers } from "./answers.ts";
import { parseLine, readId, readTask, type Task } from "./judge-line.ts";

/** One judged life. */
export interface Judgement {
  id: unknown;
  verdict: Verdict;
  cause: string;
  effects: Effect[];
  /** One for each step that ran: a life ends with the step that kills it. */
  steps: { verdict: Verdict; ms: number }[];
  level: Level;
  ms: number;
}

/** A line that could not be judged. */
export interface Refusal {
  /** The line's `id`, null when it has none. */
  id: unknown;
  /** From 1. */
  line: number;
  error: string;
}

/** How lines are judged. */
export interface JudgeOptions {
  /** The sandbox for agents of a body, opened when it is first asked for. */
  sandboxOf(body: BodyName): Promise<Sandbox>;
  /** Limits of each life. */
  limits?: Partial<Limits>;
  /** Lives at once. @default 8 */
  concurrency?: number;
  /** Answers `self.call_LLM`. */
  answers: MakeAnswers;
  /** Appends each life here. */
  record?: EpisodeRecord;
}

/** Judges lines as they come and yields the answers in their order. Never throws for what a line holds. */
async function* judgeLines(
  lines: AsyncIterable<string>,
  { sandboxOf, limits = {}, concurrency = 8, answers, record }: JudgeOptions,
): AsyncGenerator<Judgement | Refusal> {
  const running: Promise<Judgement | Refusal>[] = [];
  const source = lines[Symbol.asyncIterator]();
  let reading: Promise<IteratorResult<string>> | null = null;
  let line = 0;
  let open = true;
  while (open || running.length > 0) {
    // A producer may wait for an answer before it sends its next line: reading never holds an answer back.
    if (open && running.length < concurrency) reading ??= source.next();
    const first = running[0]?.then((answer) => ({ answer }));
    const event = await (reading === null ? first! : first === undefined ? reading : Promise.race([first, reading]));
    if ("answer" in event) {
      running.shift();
      yield event.answer;
      continue;
    }
    reading = null;
    if (event.done) open = false;
    else {
      line++;
      if (event.value.trim() !== "") running.push(judgeLine({ sandboxOf, limits, answers, record }, event.value, line));
    }
  }
}

/**
 * Judges a stream into another. Gives the number of lines refused, and what the input failed with: the lines that were read by
 * then are judged. A reader that goes away ends it quietly.
 */
export async function judgeStream(
  input: Readable,
  output: Writable,
  options: JudgeOptions,
): Promise<{ refused: number; failure: Error | null }> {
  let failure: Error | null = null;
  const read = untilBroken(streamLines(input), (error) => {
    failure = error;
  });
  let refused = 0;
  let gone = false;
  const isGone = new Promise<void>((resolve) => {
    finished(output, { readable: false }).then(resolve, () => {
      gone = true;
      resolve();
    });
  });
  for await (const answer of judgeLines(read, options)) {
    if ("error" in answer) refused++;
    if (gone) break;
    if (!output.write(`${JSON.stringify(answer)}\n`))
      await Promise.race([new Promise<void>((resolve) => output.once("drain", resolve)), isGone]);
  }
  input.destroy();
  return { refused, failure };
}

/** The lines of an input that may break off. */
async function* untilBroken(lines: AsyncIterable<string>, onError: (error: Error) => void): AsyncGenerator<string> {
  try {
    yield* lines;
  } catch (error) {
    onError(error as Error);
  }
}

type Means = Required<Pick<JudgeOptions, "sandboxOf" | "limits" | "answers">> & { record: EpisodeRecord | undefined };

async function judgeLine(means: Means, text: string, line: number): Promise<Judgement | Refusal> {
  let id: unknown = null;
  try {
    const value = parseLine(text);
    id = readId(value.id ?? null);
    return await judge(means, readTask(value));
  } catch (error) {
    return { id, line, error: error instanceof Error ? error.message : String(error) };
  }
}

async function judge({ sandboxOf, limits, answers: make, record }: Means, task: Task): Promise<Judgement> {
  const { id, body, seed, steps: programs } = task;
  const sandbox = await sandboxOf(body);
  const started = performance.now();
  const answers = make(task);
  const env = lifeEnvironment(sandbox, { seed, limits, callModel: answers.callModel });
  const listener = record === undefined ? {} : recordTo(record, { labels: { by: "judge" } });
  const left = [...programs];
  const act = async () => left.splice(0, 1).map((program) => ({ ...byHand, program }));
  try {
    const { steps } = await runEpisode(env, act, { index: 0 }, listener);
    if (answers.failure !== null) throw answers.failure;
    // The last step ends the life; its verdict is the highest in rank, since all before it survived.
    const { verdict, cause } = steps.at(-1)!;
    return {
      id,
      verdict,
      cause,
      effects: steps.flatMap(({ effects }) => effects),
      steps: steps.map((step) => ({ verdict: step.verdict, ms: round(step.report!.ms) })),
      level: sandbox.level,
      ms: round(performance.now() - started),
    };
  } finally {
    await env.close();
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
