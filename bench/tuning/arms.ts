/** The settings of an adapter that are tried against each other: what each changes of the usual ones. */

/** How an arm trains. */
export interface Arm {
  updates: number;
  /** Lives an update, and steps a life. */
  episodes: number;
  steps: number;
  group: number;
  /** Adapted blocks, and their rank. */
  blocks: number;
  rank: number;
  rate: number;
  temperature: number;
  /** What a life is paid for staying alive and for what was asked. */
  alive: number;
  done: number;
  kl: number;
  entropy: number;
  estimator: "leave-one-out" | "reinforce++";
  /** Which training tasks: all, or those that the frozen model now does and now does not. */
  tasks: "all" | "learnable";
  curriculum: "each task new" | "learnable";
  /** Programs of earlier updates that an update learns from again. */
  replay: number;
}

/** Those that `bench:comparison` had before anything was tried. */
const usual: Arm = {
  updates: 24,
  episodes: 32,
  steps: 4,
  group: 8,
  blocks: 4,
  rank: 16,
  rate: 1.5e-3,
  temperature: 0.6,
  alive: 2,
  done: 3,
  kl: 0,
  entropy: 0,
  estimator: "leave-one-out",
  tasks: "all",
  curriculum: "each task new",
  replay: 0,
};

/** What learned most of those that were tried first. */
const carry: Partial<Arm> = { curriculum: "learnable", replay: 64 };

const changes: { [name: string]: Partial<Arm> } = {
  usual: {},
  longer: { updates: 64 },
  "one-step": { steps: 1, episodes: 128 },
  "one-step, entropy 0.01": { steps: 1, episodes: 128, entropy: 0.01 },
  "one-step, learnable": { steps: 1, episodes: 128, tasks: "learnable" },
  "one-step, learnable, done alone": { steps: 1, episodes: 128, tasks: "learnable", alive: 0.5 },
  "one-step, learnable, rate 3e-3": { steps: 1, episodes: 128, tasks: "learnable", rate: 3e-3 },
  learnable: { tasks: "learnable" },
  "learnable, rate 3e-3": { tasks: "learnable", rate: 3e-3 },
  "learnable, longer": { tasks: "learnable", updates: 64 },
  "done alone": { alive: 0.5 },
  "rate 3e-3": { rate: 3e-3 },
  "rate 5e-4": { rate: 5e-4 },
  curriculum: { curriculum: "learnable" },
  "curriculum, 40 updates": { curriculum: "learnable", updates: 40 },
  replay: { replay: 64 },
  "curriculum, replay": carry,
  "curriculum, replay 128": { ...carry, replay: 128 },
  "curriculum, replay, 8 blocks": { ...carry, blocks: 8 },
  "curriculum, replay, 16 blocks": { ...carry, blocks: 16 },
  "curriculum, replay, rank 4": { ...carry, rank: 4 },
  "curriculum, replay, groups of 16": { ...carry, group: 16 },
  "curriculum, replay, reinforce++": { ...carry, estimator: "reinforce++" },
  "curriculum, replay, kl 0.02": { ...carry, kl: 0.02 },
  "curriculum, replay, entropy 0.01": { ...carry, entropy: 0.01 },
  "curriculum, replay, temperature 0.8": { ...carry, temperature: 0.8 },
  "8 blocks": { blocks: 8 },
  "rank 4": { rank: 4 },
  "groups of 16": { group: 16 },
  "groups of 4": { group: 4 },
  "reinforce++": { estimator: "reinforce++" },
  "kl 0.02": { kl: 0.02 },
  "entropy 0.01": { entropy: 0.01 },
  "temperature 0.8": { temperature: 0.8 },
  "small batches": { episodes: 16, updates: 48 },
};

/** The arm of a name, `usual` with what it changes; undefined where there is none. */
export function armOf(name: string): Arm | undefined {
  const change = changes[name];
  return change && { ...usual, ...change };
}

export const armNames = Object.keys(changes);
