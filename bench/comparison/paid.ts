/** What an adapter's lives are paid for: 2 for being alive, 3 for what was asked, -5 for harm, unless told otherwise; that was found to carry over. */

import { rewards } from "../../src/environment/index.ts";

/** The parts of an adapter's reward. */
export function adapterRewards({ alive = 2, done = 3 }: { alive?: number; done?: number } = {}) {
  return [
    { ...rewards.survival, weight: alive },
    { ...rewards.harm, weight: 0.005 },
    { ...rewards.usefulness, weight: done },
  ];
}
