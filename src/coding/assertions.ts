/**
 * Tests that are programs, run so that no answer is near them: first the authors' assertions call the reference, and what they ask
 * is noted; then the answer is called with the same inputs, alone; then the assertions run once more, in a life of their own, on what
 * the answer gave. Their program is trusted, the answer is data there.
 */

import type { Answer, CallResult, Limits, Sandbox } from "../sandbox/index.ts";
import { harnesses } from "./harnesses.ts";
import { programOf, twinOf } from "./program.ts";
import { callFunction } from "./run.ts";
import type { CodeLanguage, CodeProblem } from "./types.ts";

/** What a problem's assertions ask: the inputs of their calls, and how many assertions there are. */
export interface Asked {
  inputs: readonly (readonly unknown[])[];
  assertions: number;
}

/** What assertions said: of each whether it held, and after how many calls it was made; and what stopped them. */
interface Told {
  held: readonly (readonly [holds: boolean, calls: number])[];
  threw: string | null;
}

/** What the assertions say of an answer. */
export interface Verdict {
  /** Of how many it was right, and the number of the call before the first that failed; null where none did. */
  right: number;
  failed: number | null;
  /** Why they stopped before their end; null where they did not. */
  threw: string | null;
}

/** The authors' tests are loops of a hundred, in an engine that compiles nothing. */
const limits: Partial<Limits> = { stepMs: 10_000, memoryMiB: 64 };

/** Asks what a problem's assertions ask of its reference. Throws where it fails them, since then they judge nobody. */
export async function recordCalls(
  sandbox: Sandbox,
  problem: CodeProblem,
  language: CodeLanguage,
  signal: AbortSignal | undefined,
): Promise<Asked> {
  const { name } = twinOf(problem, language);
  const text = harnesses[language].recorder(programOf(problem, language), name, testOf(problem, language));
  const result = await call(sandbox, { language, text, name: "record" }, [[]], signal);
  const told = dataOf<Told & { inputs: unknown[][] }>(problem, result);
  if (told.threw !== null || told.held.some(([holds]) => !holds))
    throw new Error(
      `The reference of ${problem.id} fails its own tests here: ${told.threw ?? "an assertion does not hold"}`,
    );
  return { inputs: told.inputs, assertions: told.held.length };
}

/** Lets the assertions judge what an answer gave for each of their calls. */
export async function judgeAnswers(
  sandbox: Sandbox,
  problem: CodeProblem,
  language: CodeLanguage,
  { asked, answers, signal }: { asked: Asked; answers: readonly Answer[]; signal: AbortSignal | undefined },
): Promise<Verdict> {
  const { name, before } = twinOf(problem, language);
  const text = harnesses[language].replayer(before, name, testOf(problem, language));
  const given = answers.map((one, i) => [harnesses[language].asked(asked.inputs[i]!), asData(one)]);
  const told = dataOf<Told>(problem, await call(sandbox, { language, text, name: "replay" }, [[given]], signal));
  const right = told.held.filter(([holds]) => holds).length;
  const wrong = told.held.find(([holds]) => !holds);
  const isWhole = told.threw === null && told.held.length === asked.assertions;
  const stopped = isWhole ? null : (told.threw ?? "not all assertions were reached");
  return { right, failed: wrong ? wrong[1] - 1 : stopped === null ? null : answers.length - 1, threw: stopped };
}

function testOf({ id, tests }: CodeProblem, language: CodeLanguage): string {
  const program = tests.kind === "program" ? tests.programs[language] : undefined;
  if (program === undefined) throw new RangeError(`The problem ${id} has no tests in ${language}`);
  return program;
}

function call(
  sandbox: Sandbox,
  called: Parameters<typeof callFunction>[1],
  inputs: readonly (readonly unknown[])[],
  signal: AbortSignal | undefined,
): Promise<CallResult> {
  return callFunction(sandbox, called, inputs, { limits, signal });
}

function dataOf<T>({ id }: CodeProblem, result: CallResult): T {
  const [answer] = "failed" in result ? [result] : result.answers;
  if (answer !== undefined && "value" in answer) return answer.value as T;
  throw new Error(`The tests of ${id} do not run here: ${(answer as { failed: string }).failed}`);
}

/** What no JSON says, and the host saw: all else that is no plain data is as good as thrown. */
function asData(answer: Answer): { value: unknown } | { odd: string } | { threw: string } {
  if ("value" in answer) return answer;
  const odd = /^it gave (undefined|NaN|-?Infinity),/.exec(answer.failed)?.[1];
  return odd === undefined ? { threw: answer.failed } : { odd };
}
