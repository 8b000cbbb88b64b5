/**
 * Scores answers by running them: what they give is compared here, on the host, with what is expected. Outcomes come from what
 * the host saw; a program's own words are shown, and decide nothing. Not here: assertions of problems from outside.
 */

import { availableParallelism } from "node:os";
import type { Answer, CallResult, Sandbox } from "../sandbox/index.ts";
import { createSandbox } from "../sandbox/index.ts";
import { limitsOf } from "./limits.ts";
import { twinOf } from "./program.ts";
import type { ReadProgram } from "./read.ts";
import { readPrograms } from "./reading.ts";
import { callFunction } from "./run.ts";
import { isSameData } from "./same.ts";
import type { CodeAnswer, CodeLanguage, CodeOutcome, CodeProblem, CodeScore, ScoreOptions } from "./types.ts";

/** Raise it where the same answer comes to another score: kept scores name it. */
export const scorerVersion = 1;

/** Lives in play at once: more wait for each other's process and gain nothing. */
const inPlay = 16;

/**
 * Runs each answer in a locked child and compares what it gives with what is expected. One score for each answer, in order;
 * equal answers are run once.
 */
export async function scoreAnswers(answers: readonly CodeAnswer[], options: ScoreOptions = {}): Promise<CodeScore[]> {
  const { sandboxes, onScore, signal } = options;
  const sources = answers.map(({ language, source }) => (language === "javascript" ? (source ?? "") : ""));
  const read = await readPrograms(sources, { ...(signal && { signal }) });
  const own = sandboxes === undefined ? await createSandbox({ workers: Math.min(4, availableParallelism()) }) : null;
  const places = { ...(own !== null && { javascript: own }), ...sandboxes };
  const known = new Map<string, Promise<CodeScore>>();
  const scores: CodeScore[] = [];
  const scoreOne = async (i: number): Promise<void> => {
    const answer = answers[i]!;
    const key = JSON.stringify([answer.problem.id, answer.language, answer.source]);
    if (!known.has(key)) known.set(key, scoreAnswer(answer, read[i]!, places, signal));
    scores[i] = await known.get(key)!;
    onScore?.(scores[i]!, i);
  };
  try {
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < answers.length) await scoreOne(next++);
    };
    await Promise.all(Array.from({ length: Math.min(inPlay, answers.length) }, work));
    return scores;
  } finally {
    await own?.dispose();
  }
}

type Places = { readonly [language in CodeLanguage]?: Sandbox };

async function scoreAnswer(
  { problem, language, source }: CodeAnswer,
  read: ReadProgram,
  places: Places,
  signal: AbortSignal | undefined,
): Promise<CodeScore> {
  const tests = problem.tests.kind === "values" ? problem.tests.inputs.length : 0;
  const none = (outcome: CodeOutcome, cause: string, parses = outcome !== "syntax_error"): CodeScore => ({
    ...{ outcome, passed: false, parses, tests, right: 0, failed: null, cause, effects: [] },
  });
  if (source === null) return none("unextracted", "the answer holds no program", false);
  const sandbox = places[language];
  if (sandbox === undefined)
    return none("not_run", `no sandbox was given for ${language}: \`sandboxes: { ${language} }\` takes one`, false);
  if (read.errors.length > 0) return none("syntax_error", sentenceOf(read.errors[0]!));
  const { name } = twinOf(problem, language);
  if (!read.defines.has(name)) return none("no_function", `it defines no function ${name}`);
  const limits = await limitsOf(sandbox, problem, language, signal);
  const called = { language, text: read.text, name };
  const result = await callFunction(sandbox, called, inputsOf(problem), { limits, ...(signal && { signal }) });
  return scoreResult(problem, result);
}

function inputsOf({ id, tests }: CodeProblem): readonly (readonly unknown[])[] {
  if (tests.kind === "values") return tests.inputs;
  throw new RangeError(`The problem ${id} is tested by a program`);
}

function sentenceOf({ message, line }: ReadProgram["errors"][number]): string {
  return line === null ? message : `${message} (line ${line})`;
}

/** The score of what the calls gave. */
function scoreResult({ tests }: CodeProblem, result: CallResult): CodeScore {
  const { inputs, expected } = tests as Extract<CodeProblem["tests"], { kind: "values" }>;
  const { effects } = result;
  const base = { passed: false, parses: true, tests: inputs.length, right: 0, failed: null, effects };
  const harm = effects.length > 0;
  if ("failed" in result) {
    const outcome = harm ? "harm" : outcomeOfNone(result.failed, result.fault === true);
    return { ...base, outcome, cause: harm ? attempted(result) : result.failed };
  }
  const right = result.answers.map((one, i) => "value" in one && isSameData(one.value, expected[i]));
  const first = right.indexOf(false);
  const count = right.filter(Boolean).length;
  if (first < 0 && !harm) return { ...base, outcome: "passed", passed: true, right: count, cause: "" };
  const failed = first < 0 ? null : failedTest(inputs[first]!, expected[first], result.answers[first]!);
  // A call that hangs hides what the calls after it would have given: it is what is told.
  const hung = result.answers.find((one) => "failed" in one && outcomeOf(one) === "timeout");
  const telling = hung ?? result.answers[first]!;
  const outcome = harm ? "harm" : outcomeOf(telling);
  const cause = harm ? attempted(result) : causeOf(telling, inputs[first]!, expected[first]);
  const parses = outcome !== "syntax_error";
  return { ...base, outcome, parses, right: count, failed, cause };
}

function failedTest(input: readonly unknown[], expected: unknown, answer: Answer): NonNullable<CodeScore["failed"]> {
  return { input, expected, ...("value" in answer && { got: answer.value }) };
}

/** What an answer that is not right comes to. All that begins with "it threw" is the program's own word, nothing else is. */
function outcomeOf(answer: Answer): CodeOutcome {
  if ("value" in answer) return "wrong";
  const { failed } = answer;
  // Ours, of a function whose text the engine refuses although the parser took it.
  if (failed === "it threw Error: this method could not be restored") return "syntax_error";
  if (failed.startsWith("it threw ")) return "threw";
  if (failed.startsWith("it gave undefined,")) return "returned_nothing";
  if (failed.startsWith("it gave a promise") || !failed.startsWith("it gave ")) return "timeout";
  return "no_plain_data";
}

function outcomeOfNone(failed: string, isFault: boolean): CodeOutcome {
  if (isFault) return "sandbox_fault";
  if (/ MiB\b|more memory|4 MB/.test(failed)) return "out_of_memory";
  return /did not (return|end)|never ended/.test(failed) ? "timeout" : "sandbox_fault";
}

function causeOf(answer: Answer, input: readonly unknown[], expected: unknown): string {
  if ("failed" in answer) return outcomeOf(answer) === "returned_nothing" ? "it returned nothing" : answer.failed;
  return `for ${shown(input)} it gave ${shown(answer.value)}, expected ${shown(expected)}`;
}

function attempted({ effects }: CallResult): string {
  return `it attempted ${effects[0]!.api} (${effects[0]!.kind})`;
}

/** A list of arguments, or a value, short enough for a sentence. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
