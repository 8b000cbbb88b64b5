/**
 * The runs of a study on disk, a JSON line a run, appended when the run is over: what was trained before a stop or a
 * `kill -9` is not trained again. The weights stand in the line, so the policy comes back as it was. Not here: training.
 */

import { createHash } from "node:crypto";
import { openLines } from "../data/lines.ts";
import type { Estimates } from "../episode/index.ts";
import { type TrainablePolicy, tf } from "../policy/index.ts";
import type { Interval } from "../statistics/index.ts";

/** One run's course and end: the value of each metric of fresh episodes after training. */
export interface StudyRun extends Estimates {
  name: string;
  seed: number;
  /** After each update: episodes so far, the metrics of its episodes, and the odds of a policy with few choices. */
  curve: (Estimates & { episodes: number; probabilities: { [label: string]: number } | null })[];
  /** The 95 % interval of `survival` over the fresh episodes. */
  survivalInterval: Interval;
  /**
   * Of each of them, in order, so that runs can be paired life by life: steps survived, asks and how many of them were done;
   * null for a fault of the sandbox.
   */
  episodes: ({ survival: number; asked: number; done: number } | null)[];
  policy: TrainablePolicy;
}

/** A run that has ended, without its policy. */
export type EndedRun = Omit<StudyRun, "policy">;

/** The file of a study. */
export interface StudyFile {
  /** The run of that variant and seed, its weights put into `policy`; null if it has to be trained. */
  find(name: string, seed: number, settings: object, policy: TrainablePolicy): EndedRun | null;
  append(run: StudyRun, settings: object): Promise<void>;
}

interface Line {
  format: string;
  settings: string;
  run: EndedRun;
  weights: number[][];
}

const format = "autoagent-lab study 2";

/** Opens a study's file, or begins one. Throws an Error for a file that holds something else. */
export function openStudyFile(path: string): StudyFile {
  const file = openLines(path);
  const formats = file.values.map((value) => (value as Partial<Line> | null)?.format);
  const wrong = formats.findIndex((one) => one !== format);
  if (wrong >= 0 && String(formats[wrong]).startsWith("autoagent-lab study "))
    throw new Error(
      `The study ${path} was kept by another version of this library, which kept other figures: give \`file\` another path`,
    );
  if (wrong >= 0) throw new Error(`Line ${wrong + 1} of ${path} is no run of a study: give \`file\` another path`);
  return {
    find(name, seed, settings, policy) {
      const own = file.values.map((value) => value as Line).filter(({ run }) => run.name === name && run.seed === seed);
      const mark = markOf(settings, policy);
      const found = own.find((line) => line.settings === mark);
      if (found !== undefined) {
        putWeights(policy, found.weights);
        return found.run;
      }
      if (own.length > 0)
        throw new Error(
          `The study ${path} holds "${name}" with seed ${seed} under other settings: give \`file\` another path, or the settings of then`,
        );
      return null;
    },
    async append({ policy, ...run }, settings) {
      const weights = await Promise.all(policy.variables.map(async (variable) => [...(await variable.data())]));
      file.append({ format, settings: markOf(settings, policy), run, weights } satisfies Line);
    },
  };
}

/** What a run came of: its options, functions by their source, the environment, and the policy's shape. */
function markOf(settings: object, { name, fingerprint = name, variables }: TrainablePolicy): string {
  const options = JSON.stringify(settings, (_, value: unknown) =>
    typeof value === "function" ? String(value) : value,
  );
  const shapes = variables.map(({ shape }) => `[${shape}]`).join(" ");
  return createHash("sha256").update(`${options}\n${fingerprint}\n${shapes}`).digest("hex").slice(0, 24);
}

function putWeights(policy: TrainablePolicy, weights: readonly number[][]): void {
  for (const [i, variable] of policy.variables.entries())
    tf.tidy(() => variable.assign(tf.tensor(weights[i]!, variable.shape)));
}
