/**
 * A degenerate policy lives for ever because it does nothing. However long it lived, it has learned nothing worth
 * having, so every table and panel says so: entropy below 0.05 nats, or nine of ten edits change nothing.
 */

/** Below this entropy (nats a token) a policy does one thing only. */
export const degenerateEntropy = 0.05;

/** Above this share of edits without effect, nothing is being done. */
export const degenerateEmpty = 0.9;

/**
 * Why a policy is degenerate, or null if it is none.
 * @param entropy nats a token, as `metrics.entropy` has it; null if it is not known
 * @param changed the share of steps that changed the agent, if known
 */
export function degenerateReason({
  entropy,
  changed,
}: {
  entropy: number | null;
  changed?: number | null;
}): string | null {
  if (entropy !== null && entropy < degenerateEntropy)
    return `entropy ${entropy.toFixed(3)} nats: it does one thing only`;
  if (changed !== undefined && changed !== null && 1 - changed > degenerateEmpty)
    return `${(100 * (1 - changed)).toFixed(0)} % of its edits change nothing`;
  return null;
}
