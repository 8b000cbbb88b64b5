/** The members that every agent is born with, as `prelude.py` makes them: a test holds the two together. */

import type { GenomeMember } from "../../types.ts";

/** Executor, loop and end: three methods, nothing else. */
export const newbornGenome: readonly GenomeMember[] = [
  { name: "self.call_LLM", kind: "method", source: "def call_LLM(query):\n    return ask(query)" },
  { name: "self.end", kind: "method", source: "def end():\n    finish()" },
  { name: "self.execute_code", kind: "method", source: "def execute_code(code):\n    return exec(code, state)" },
];
