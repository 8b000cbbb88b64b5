/** The Python body: CPython in WebAssembly, in a locked child, an agent's whole state its memory. What the host asks of it. */

import type { Body } from "../../host/body.ts";
import { readError } from "./error.ts";
import { extractProgram } from "./fences.ts";
import { findings } from "./findings.ts";
import { foresee } from "./foresee.ts";
import { bodyHash } from "./hash.ts";
import { lostNames } from "./lost.ts";
import { newbornGenome } from "./newborn.ts";
import { childPlan } from "./plan.ts";
import { createProbes } from "./probe/index.ts";
import { keptSnapshot, prepareSnapshot } from "./snapshot.ts";

/** Python, as the paper has it: CPython 3.14 with its own library. Needs the optional package `pyodide`. */
export const python: Body = {
  name: "python",
  get hash() {
    return bodyHash();
  },
  newborn: newbornGenome,
  oneDictionary: true,
  reads: /^os\.environ\b/,
  outOfMemory: /Last few GCs|bad_alloc|invalid size error|out of memory|Out of memory|Resource temporarily unavailable/,
  // A life is memory, which is put back, in an instance that is made anew.
  isContained: true,
  prepare: prepareSnapshot,
  child: () => childPlan(keptSnapshot()),
  // CPython reads programs itself, where they are run.
  createReader: () => ({
    read: async (program) => ({ text: program, compiled: null, foreseen: foresee(program) }),
    dispose: async () => {},
  }),
  createProbes,
  readError,
  findings,
  extractProgram,
  lostNames,
};
