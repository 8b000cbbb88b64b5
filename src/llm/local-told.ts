/** What a local model tells of itself besides its name. Not here: how another process opens it (`local.ts`). */

import { digest } from "../data/digest.ts";
import type { PromptDesign } from "../model/index.ts";

/** All that shapes a local model's answers, as one text: two that are asked in different ways are different models. */
export function fingerprintOf(
  {
    fingerprint,
    sampling: { temperature = "its design's", topK, topP },
    design,
  }: {
    fingerprint: string;
    sampling: { temperature: number | string | undefined; topK: number; topP: number };
    design: PromptDesign | null;
  },
  how: { prompt?: unknown; system?: string; maxTokens?: number; stop?: readonly string[]; seed?: number },
): string {
  const { prompt, system, maxTokens, stop, seed } = how;
  // A text that is asked as it stands needs no word: nothing is put before it.
  const put = design === null ? (prompt === "plain" ? undefined : prompt) : digest([JSON.stringify(design)]);
  const asked = { prompt: put, system, maxTokens, stop, seed };
  const told = Object.values(asked).some((value) => value !== undefined) ? [asked] : [];
  return JSON.stringify([fingerprint, temperature, topK, topP, ...told]);
}
