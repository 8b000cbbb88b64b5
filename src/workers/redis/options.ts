/** How a driver uses a queue. */

import { numberFrom, only, optional, positiveInteger, text } from "../../data/check.ts";
import type { RedisPlace } from "./connect.ts";

/** Options of `workers.redis`, and where the queue is. */
export interface RedisWorkersOptions extends RedisPlace {
  /** Episodes a part. A batch of n parts keeps n workers busy at most. @default 8, from 384 episodes on 16, from 768 on 32 */
  part?: number;
  /**
   * Parts that are out at once, so that others who use the same queue get their turns. @default three for each worker that is up, 8
   * at least
   */
  window?: number;
  /** Seconds without any worker after which it is given up. @default 120 */
  patience?: number;
  /** A part that is out for so many times the median is given out once more; 0: never. @default 4 */
  again?: number;
}

/** What the options may be. */
export const redisOptionsSchema = only<Omit<RedisWorkersOptions, "url">>({
  ca: optional(text),
  part: optional(positiveInteger),
  window: optional(positiveInteger),
  patience: optional(numberFrom(0, Number.MAX_SAFE_INTEGER, "seconds, 0 or more")),
  again: optional(numberFrom(0, Number.MAX_SAFE_INTEGER, "0 or a positive number")),
});
