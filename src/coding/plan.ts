/**
 * All questions in the order in which they are asked: the first sample of everything first, and every contestant's turn at some
 * problems before any gets the next ones, so that a stop leaves all even. A question's key says what its answer depends on. Not here:
 * the questions to the writer, which need the summaries first (`rewrite.ts`).
 */

import { digest } from "../data/digest.ts";
import { createRandom } from "../random/index.ts";
import type { ContestantRun } from "./contestants.ts";
import { type CodeExercise, type CodeTask, exercises, isRewritten } from "./exercises.ts";
import { type CodePrompt, type CodePrompts, promptOf } from "./prompts.ts";
import type { CodeProblem } from "./types.ts";

/** What all questions have in common. */
export interface Asking {
  prompts: CodePrompts;
  seed: number;
  temperature?: number;
  topP?: number;
}

/** One question. */
export interface Question {
  /** Equal keys have equal answers. */
  key: string;
  /** Who is asked. */
  asked: ContestantRun;
  /** Whose answer it is: another's where the writer is asked for a contestant's summary. */
  of: ContestantRun;
  problem: CodeProblem;
  exercise: CodeExercise;
  sample: number;
  /** Which fault is to be repaired; 0 elsewhere. */
  mutant: number;
  prompt: CodePrompt;
  seed: number;
}

/** What a question is about. */
export interface About {
  asked: ContestantRun;
  of?: ContestantRun;
  problem: CodeProblem;
  exercise: CodeExercise;
  sample: number;
  /** Stands in the place of the problem's own sentence. */
  ask?: string;
}

/** Questions of one contestant's run about some problems. */
export interface Part {
  run: ContestantRun;
  sample: number;
  problems: readonly CodeProblem[];
  questions: Question[];
}

/** Makes a question. */
export function questionOf(asking: Asking, { asked, of = asked, problem, exercise, sample, ask }: About): Question {
  const kind = exercises[exercise];
  const faults = problem.code.javascript?.mutants.length ?? 0;
  const mutant = kind.asked === "repair" && faults > 0 ? sampleOf(problem.id, sample, faults) : 0;
  const prompt = promptOf(asking.prompts, asked.form, problem, { kind, mutant, ...(ask !== undefined && { ask }) });
  const { maxTokens, stop, temperature = asking.temperature ?? null } = prompt;
  // The same for all who are asked: their answers are compared in pairs. What takes the likeliest word draws nothing: there is one answer.
  const seed =
    temperature === 0 ? 0 : createRandom(asking.seed, "code", problem.id, kind.asked, sample).integer(2 ** 31);
  const sampling = JSON.stringify([temperature, asking.topP ?? null, maxTokens, stop]);
  const version = `${asking.prompts.name} ${asking.prompts.version}`;
  const key = digest([asked.mark, prompt.form, prompt.text, version, sampling, String(seed)]);
  return { key, asked, of, problem, exercise, sample, mutant, prompt, seed };
}

/** Which of a problem's faults a sample is about: all in turn, from a place of its own. */
function sampleOf(id: string, sample: number, faults: number): number {
  return (createRandom(0, "fault", id).integer(faults) + sample) % faults;
}

/** The exercises of some tasks that a problem can be asked in. */
function exercisesOf(tasks: readonly CodeTask[], problem: CodeProblem, python: boolean): CodeExercise[] {
  return (Object.keys(exercises) as CodeExercise[]).filter((exercise) => {
    const { task, answer, asked } = exercises[exercise];
    if (!tasks.includes(task) || isRewritten(exercise)) return false;
    if (task === "translation" && problem.code.python === undefined) return false;
    if (asked === "repair" && problem.code.javascript?.mutants.length === 0) return false;
    return answer !== "python" || python;
  });
}

/** The parts of one sample. */
export function partsOf(
  runs: readonly ContestantRun[],
  problems: readonly CodeProblem[],
  asking: Asking,
  { sample, tasks, python, batch }: { sample: number; tasks: readonly CodeTask[]; python: boolean; batch: number },
): Part[] {
  const parts: Part[] = [];
  for (let from = 0; from < problems.length; from += batch) {
    const some = problems.slice(from, from + batch);
    for (const run of runs) {
      const questions = some.flatMap((problem) =>
        exercisesOf(tasks, problem, python).map((exercise) =>
          questionOf(asking, { asked: run, problem, exercise, sample }),
        ),
      );
      parts.push({ run, sample, problems: some, questions });
    }
  }
  return parts;
}
