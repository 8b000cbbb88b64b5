/** What figures are given besides their data. */

import { checkOptions, only, optional, text } from "../data/check.ts";

const titleSchema = only<{ title?: string }>({ title: optional(text) });

/** The options of a figure that takes a title and nothing else. Throws an OptionFailure for any other. */
export function titled(options: { title?: string }, of: string): { title?: string } {
  checkOptions(titleSchema, options, `the options of ${of}`);
  return options;
}
