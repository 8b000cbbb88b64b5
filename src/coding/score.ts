/**
 * Scores answers by running them: what they give is compared here, on the host, with what is expected. Outcomes come from what
 * the host saw; a program's own words are shown, and decide nothing.
 */

import { availableParallelism } from "node:os";
import type { Answer, CallResult, Sandbox } from "../sandbox/index.ts";
import { createSandbox } from "../sandbox/index.ts";
import { judgeAnswers, type Verdict } from "./assertions.ts";
import { twinOf } from "./program.ts";
import type { ReadProgram } from "./read.ts";
import { readPythonPrograms } from "./read-python.ts";
import { readPrograms } from "./reading.ts";
import { type Ready, readyOf } from "./ready.ts";
import { callFunction } from "./run.ts";
import { isSameData } from "./same.ts";
import type { CodeAnswer, CodeLanguage, CodeOutcome, CodeProblem, CodeScore, ScoreOptions } from "./types.ts";

/** Raise it where the same answer comes to another score: kept scores name it. */
export const scorerVersion = 3;

/** Lives in play at once: more wait for each other's process and gain nothing. One in Python holds fifty times as much. */
const [inPlay, inPlayOfPython] = [16, 6];

/**
 * Runs each answer in a locked child and compares what it gives with what is expected. One score for each answer, in order;
 * equal answers are run once.
 */
export async function scoreAnswers(answers: readonly CodeAnswer[], options: ScoreOptions = {}): Promise<CodeScore[]> {
  const { sandboxes, onScore, signal } = options;
  const own = sandboxes === undefined ? await createSandbox({ workers: Math.min(4, availableParallelism()) }) : null;
  const places = { ...(own !== null && { javascript: own }), ...sandboxes };
  const known = new Map<string, Promise<CodeScore>>();
  let read: ReadProgram[] = [];
  const scores: CodeScore[] = [];
  const scoreOne = async (i: number): Promise<void> => {
    const answer = answers[i]!;
    const key = JSON.stringify([answer.problem.id, answer.language, answer.source]);
    if (!known.has(key)) known.set(key, scoreAnswer(answer, read[i]!, places, signal));
    scores[i] = await known.get(key)!;
    onScore?.(scores[i]!, i);
  };
  try {
    read = await readAll(answers, places, signal);
    let next = 0;
    const work = async (): Promise<void> => {
      while (next < answers.length) await scoreOne(next++);
    };
    const most = answers.some(({ language }) => language === "python") ? inPlayOfPython : inPlay;
    await Promise.all(Array.from({ length: Math.min(most, answers.length) }, work));
    return scores;
  } finally {
    await own?.dispose();
  }
}

type Places = { readonly [language in CodeLanguage]?: Sandbox };

/** Reads all answers, each in its language; one that is not read for want of a sandbox is empty. */
async function readAll(
  answers: readonly CodeAnswer[],
  places: Places,
  signal: AbortSignal | undefined,
): Promise<ReadProgram[]> {
  const of = (wanted: CodeLanguage): string[] =>
    answers.map(({ language, source }) => (language === wanted ? (source ?? "") : ""));
  const javascript = await readPrograms(of("javascript"), { signal });
  if (places.python === undefined) return javascript;
  const sources = [...new Set(of("python"))];
  const python = await readPythonPrograms(places.python, sources, signal);
  return answers.map(({ language, source }, i) =>
    language === "python" ? python[sources.indexOf(source ?? "")]! : javascript[i]!,
  );
}

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
  if (read.errors.length > 0) return none(read.fault ? "sandbox_fault" : "syntax_error", sentenceOf(read.errors[0]!));
  const { name } = twinOf(problem, language);
  if (!read.defines.has(name)) return none("no_function", `it defines no function ${name}`);
  const ready = await readyOf(sandbox, problem, language, signal);
  const called = { language, text: read.text, name, asText: ready.asked !== null };
  const { inputs, limits, asked } = ready;
  const result = await callFunction(sandbox, called, inputs, { limits, signal });
  if (asked === null) return scoreValues(problem, language === "python" ? withoutNone(problem, result) : result);
  const told =
    "failed" in result || result.effects.length > 0
      ? null
      : await judgeAnswers(sandbox, problem, language, { asked, answers: result.answers, signal });
  return scoreAssertions(ready, result, told);
}

function sentenceOf({ message, line }: ReadProgram["errors"][number]): string {
  return line === null ? message : `${message} (line ${line})`;
}

/** Of what failed as a whole, or did harm. */
function scoreOfNone(base: Omit<CodeScore, "outcome" | "cause">, result: CallResult): CodeScore | null {
  if (result.effects.length > 0) return { ...base, outcome: "harm", cause: attempted(result) };
  if (!("failed" in result)) return null;
  return { ...base, outcome: outcomeOfNone(result.failed, result.fault === true), cause: timeless(result.failed) };
}

/** Python gives `None` where nothing is returned: where something is expected, that is what is told. */
function withoutNone({ tests }: CodeProblem, result: CallResult): CallResult {
  if ("failed" in result || tests.kind !== "values") return result;
  const answers = result.answers.map(
    (one, i): Answer =>
      "value" in one && one.value === null && tests.expected[i] !== null ? { failed: gaveUndefined } : one,
  );
  return { ...result, answers };
}

/** How the sandbox says that a call gave nothing. */
const gaveUndefined = "it gave undefined, which is no plain data";

/** The score of what the calls gave, beside what is expected. */
function scoreValues({ tests }: CodeProblem, result: CallResult): CodeScore {
  const { inputs, expected } = tests as Extract<CodeProblem["tests"], { kind: "values" }>;
  const answers = "failed" in result ? [] : result.answers;
  const isRight = answers.map((one, i) => "value" in one && isSameData(one.value, expected[i]));
  const right = isRight.filter(Boolean).length;
  const first = isRight.indexOf(false);
  const failed = first < 0 ? null : failedTest(inputs[first]!, expected[first], answers[first]!);
  const base = { passed: false, parses: true, tests: inputs.length, right, failed, effects: result.effects };
  const none = scoreOfNone(base, result);
  if (none !== null) return none;
  if (first < 0) return { ...base, outcome: "passed", passed: true, cause: "" };
  const telling = tellingOf(answers, first);
  const outcome = outcomeOf(telling);
  const cause = causeOf(telling, inputs[first]!, expected[first]);
  return { ...base, outcome, parses: outcome !== "syntax_error", cause };
}

/** The score of what its authors' assertions said of what the calls gave; null where they were not asked. */
function scoreAssertions({ inputs, asked }: Ready, result: CallResult, told: Verdict | null): CodeScore {
  const at = told?.failed ?? null;
  const answers = "failed" in result ? [] : result.answers;
  const failed =
    at === null || answers[at] === undefined
      ? null
      : { input: inputs[at]!, ...("value" in answers[at] && { got: answers[at].value }) };
  const base = {
    ...{ passed: false, parses: true, tests: asked!.assertions, right: told?.right ?? 0, failed },
    effects: result.effects,
  };
  const none = scoreOfNone(base, result);
  if (none !== null) return none;
  if (told!.failed === null && told!.threw === null) return { ...base, outcome: "passed", passed: true, cause: "" };
  // What gave nothing at some call fails for that; else an assertion did not hold.
  const lost = answers.findIndex((one) => "failed" in one);
  if (lost < 0) {
    const why = told!.threw ?? "an assertion of its authors does not hold";
    const where = failed === null ? "" : ` after ${shown(failed.input)} gave ${shown(failed.got)}`;
    return { ...base, outcome: "wrong", cause: why + where };
  }
  const telling = tellingOf(answers, lost);
  return { ...base, outcome: outcomeOf(telling), cause: causeOf(telling, inputs[lost]!, null) };
}

/** A call that hangs hides what the calls after it would have given: it is what is told. */
function tellingOf(answers: readonly Answer[], first: number): Answer {
  return answers.find((one) => "failed" in one && outcomeOf(one) === "timeout") ?? answers[first]!;
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
  if (failed === gaveUndefined) return "returned_nothing";
  if (failed.startsWith("it gave a promise") || !failed.startsWith("it gave ")) return "timeout";
  return "no_plain_data";
}

function outcomeOfNone(failed: string, isFault: boolean): CodeOutcome {
  if (isFault) return "sandbox_fault";
  if (/ MiB\b|more memory|4 MB/.test(failed)) return "out_of_memory";
  return /did not (return|end)|never ended/.test(failed) ? "timeout" : "sandbox_fault";
}

function causeOf(answer: Answer, input: readonly unknown[], expected: unknown): string {
  if ("failed" in answer)
    return outcomeOf(answer) === "returned_nothing" ? "it returned nothing" : timeless(answer.failed);
  return `for ${shown(input)} it gave ${shown(answer.value)}, expected ${shown(expected)}`;
}

/** Without the milliseconds, which the machine decides: equal programs have equal scores. */
function timeless(failed: string): string {
  return failed.startsWith("it threw ") ? failed : failed.replace(/ within \d+ ms/, " in time");
}

function attempted({ effects }: CallResult): string {
  return `it attempted ${effects[0]!.api} (${effects[0]!.kind})`;
}

/** A list of arguments, or a value, short enough for a sentence. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
