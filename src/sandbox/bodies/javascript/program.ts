/**
 * The part of reading a program that runs in the driver: the child's compiler, for short texts alone. Guest text never meets a
 * native parser here: see `reader.ts`.
 */

import * as acorn from "acorn";
import type { Prepared as Sendable } from "../../host/body.ts";
import { type Foreseen, foreseeTree } from "./foresee/index.ts";
import { canDerive } from "./probe/derive.ts";

import "./child/compile.ts";

/** A program as the host sends it, and what its copies need. */
export interface Prepared extends Sendable {
  foreseen: Foreseen | null;
  /** Of one that a probe may be a copy of. */
  tree?: acorn.Program;
}

// The child's own compiler: a script there, and in this process the same file.
const { makeCompile } = globalThis as unknown as { makeCompile(parser: object): (code: string) => string };
Reflect.deleteProperty(globalThis, "makeCompile");
let tree: acorn.Program | null = null;
const compile = makeCompile({
  parse(...given: Parameters<typeof acorn.parse>) {
    tree = acorn.parse(...given);
    return tree;
  },
});

/** Longest program that is compiled here: of acorn, a few milliseconds whatever it is. */
const compiledLength = 2048;

/** A short program, read; null for one that is long, or that the child must refuse in its own words. */
export function readHere(program: string): (Prepared & { compiled: string }) | null {
  if (program.length > compiledLength) return null;
  try {
    const compiled = compile(program);
    const foreseen = foreseeTree(tree!, program);
    return { text: program, compiled, foreseen, ...(canDerive(program, foreseen) && { tree: tree! }) };
  } catch {
    return null;
  } finally {
    tree = null;
  }
}
