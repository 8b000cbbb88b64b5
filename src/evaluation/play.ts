/** One batch of an evaluation: what names it, and who plays it. */

import { createHash } from "node:crypto";
import type { Environment } from "../environment/index.ts";
import type { Policy } from "../policy/index.ts";
import { collect } from "../rollout/index.ts";
import type { Batch, FactsFile } from "./facts.ts";

/** A batch that is to be played. */
export interface Part {
  env: Environment;
  policy: Policy;
  /** What tells it from others: see `Batch`. */
  key: string;
  episodes: number;
  seed: number;
}

/** Plays a batch, and keeps it. */
export async function playBatch(
  { env, policy, episodes, seed, key }: Part,
  facts: FactsFile | null,
  signal: AbortSignal | undefined,
): Promise<Batch> {
  const began = performance.now();
  const played = await collect(env, policy, { episodes, seed, ...(signal && { signal }) });
  const batch = { key, seconds: (performance.now() - began) / 1000, episodes: played };
  facts?.append(batch);
  return batch;
}

/** An environment's settings as text; functions by their source, the sandbox left out. */
export function settingsOf(env: Environment): string {
  const { options } = env as { options?: object };
  return JSON.stringify(options ?? env.constructor.name, (key, value: unknown) =>
    key === "sandbox" ? undefined : typeof value === "function" ? String(value) : value,
  );
}

/** A short name of these texts. */
export function digest(texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 24);
}
