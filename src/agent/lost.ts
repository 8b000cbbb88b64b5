/** What methods have lost, in words; which have is seen by their body. */

import type { LostNames } from "../sandbox/index.ts";

/** In one sentence; empty where nothing is lost. */
export function describeLost(lost: readonly LostNames[]): string {
  if (lost.length === 0) return "";
  const each = lost.map(({ method, names }) => `${method} (${names.join(", ")})`);
  return `Methods without what they closed over: ${each.join("; ")}. A snapshot's \`past\` brings it back.`;
}
