/** The words of a record beside those of an episode (`episode/`). File format: docs/formats.md. */

import type { EpisodeStart, Plain, Step } from "../episode/index.ts";
import type { Verdict } from "../sandbox/types.ts";

/** What is appended of a step: as much of it as is known. */
export type NewStep = Pick<Step, "program" | "report"> & Partial<Step>;

/** What a step changed in the genome: names of members. */
export interface GenomeChange {
  added: string[];
  changed: string[];
  deleted: string[];
}

/** How a life ended that its environment ended: of hunger, say. */
export interface Ending {
  verdict: Verdict;
  cause: string;
}

/** What an `end` entry holds: how the episode ended, as far as its last step does not say so. */
export interface Closing extends Partial<Ending> {
  /** Where the environment ended an episode otherwise than its last verdict says. */
  terminated?: boolean;
  truncated?: boolean;
}

/** One line about an episode. */
export interface EpisodeSummary {
  id: number;
  seed: number;
  steps: number;
  /** Of the last step, or of whoever ended it; `survived` when there is none. */
  verdict: Verdict;
  cause: string;
  /** False: the program that wrote it was stopped before the end; its steps are as good as any. */
  complete: boolean;
  labels: { [name: string]: Plain };
  forkOf: EpisodeStart["forkOf"] | null;
}

/** What `verify` found. */
export interface Verification {
  ok: boolean;
  entries: number;
  genomes: number;
  /** The last hash of the chain: note it down and pass it as `head` later, and a cut tail is found too. */
  head: string;
  /** The entry that the file beside the record notes as the last one written; null where there is no such file. */
  kept: number | null;
  /** The first entry that is not as it was written. */
  broken: { entry: number; reason: string } | null;
}

/** Where a record ended at some moment: what comes later is appended behind it. */
export interface RecordPosition {
  /** The number of the last entry, 0 for none, and its hash. */
  entries: number;
  head: string;
  /** The last episode's id, 0 for none. */
  episodes: number;
}
