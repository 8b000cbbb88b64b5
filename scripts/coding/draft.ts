/** A problem before it has inputs: what the grammar and the textbook ones both come to. */

import type { CodeLevel, CodeParameter } from "../../src/coding/index.ts";
import type { Random } from "../../src/random/index.ts";

/** What a problem does, in words and in both languages. */
export interface Draft {
  kind: "textbook" | "composed";
  level: Exclude<CodeLevel, 5>;
  family: string;
  name: string;
  ask: string;
  parameters: readonly CodeParameter[];
  returns: string;
  /** Bodies, indented by two and by four. */
  javascript: string;
  python: string;
  /** Inputs that are always among the tests: where its answer changes. */
  edges: readonly (readonly unknown[])[];
  /** Draws one more input. */
  draw(random: Random): unknown[];
}
