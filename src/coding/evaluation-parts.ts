/** What figures, sentences and tables of an evaluation are made with, beside its answers. */

import type { KeptSeconds } from "./answers-file.ts";
import type { ContestantRun } from "./contestants.ts";
import type { CodeTask } from "./exercises.ts";
import type { CodePrice } from "./figures.ts";
import type { CodePrompts } from "./prompts.ts";
import type { CodeProblem, CodeQuality } from "./types.ts";

/** What an evaluation is made of beside the answers. */
export interface EvaluationParts {
  reference: string;
  control: string | null;
  about: string;
  prompts: CodePrompts;
  problems: readonly CodeProblem[];
  samples: number;
  tasks: readonly CodeTask[];
  names: readonly string[];
  writer: ContestantRun;
  seconds: readonly KeptSeconds[];
  price: (name: string) => CodePrice | null;
  qualities: { readonly [name: string]: CodeQuality };
  /** How often the sealed problems have been asked, this time included; null where none is sealed. */
  sealedReadings: number | null;
  python: boolean;
}
