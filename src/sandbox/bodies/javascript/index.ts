/** The JavaScript body: an agent in an isolate of its own, in a locked child without a JIT. What the host asks of it. */

import type { Body } from "../../host/body.ts";
import { readError } from "./error.ts";
import { extractProgram } from "./fences.ts";
import { findStatically } from "./findings.ts";
import { bodyHash } from "./hash.ts";
import { lostNames } from "./lost.ts";
import { newbornGenome } from "./newborn.ts";
import { childPlan } from "./plan.ts";
import { asSent, createProbes } from "./probe/index.ts";
import type { Prepared } from "./program.ts";
import { createReader } from "./reader.ts";

/** JavaScript: the default, and the one that everything else is measured by. */
export const javascript: Body = {
  name: "javascript",
  get hash() {
    return bodyHash();
  },
  newborn: newbornGenome,
  reads: /^process\.(env|mainModule)\b/,
  outOfMemory: /is_heap_oom|Last few GCs|bad_alloc|invalid size error|out of memory|Resource temporarily unavailable/,
  child: childPlan,
  createReader: (start) => createReader(start),
  createProbes(random, life) {
    const probes = createProbes(random, life);
    return { of: (step, lived, program) => probes.of(step, lived, program as Prepared).map(asSent) };
  },
  readError,
  findings: findStatically,
  extractProgram,
  lostNames,
};
