/** The members that every agent is born with, as `child/guest.ts` makes them: a test holds the two together. */

import type { GenomeMember } from "../../types.ts";

/** Executor, loop and end: three methods, nothing else. */
export const newbornGenome: readonly GenomeMember[] = [
  { name: "self.call_LLM", kind: "method", source: "function call_LLM(query) {\n  return ask(query);\n}" },
  { name: "self.end", kind: "method", source: "function end() {\n  finish();\n}" },
  { name: "self.execute_code", kind: "method", source: "function execute_code(code) {\n  return exec(code);\n}" },
];
