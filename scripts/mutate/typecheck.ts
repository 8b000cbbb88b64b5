/**
 * Leaves out mutants that the type-check refuses: `npm test` would never get to its tests. All at once: each mutant is a
 * file of its own beside the one that it changes, and one run of the compiler tells which of them have errors.
 */

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Copy, writeTo } from "./copy.ts";
import { applyMutant, type Mutant } from "./mutants.ts";
import { runIn } from "./processes.ts";
import { parseProgram } from "./tree.ts";

/** Errors that come of the file being there twice: the same global declared again. */
const twice = new Set(["TS2451", "TS2300", "TS2393", "TS6200"]);

/** The mutants of these that are still TypeScript and pass the type-check, where the project has one. */
export async function passTypes(
  copy: Copy,
  drawn: readonly Mutant[],
  source: (file: string) => string,
  signal: AbortSignal,
): Promise<Mutant[]> {
  const mutants = drawn.filter(
    (mutant) => parseProgram(mutant.file, applyMutant(source(mutant.file), mutant)) !== null,
  );
  const compiler = join(copy.root, "node_modules/typescript/bin/tsc");
  if (!existsSync(join(copy.root, "tsconfig.json")) || !existsSync(compiler) || mutants.length === 0) return mutants;
  const variants = new Map(mutants.map((mutant) => [mutant.file.replace(/\.ts$/, `.m${mutant.id}.ts`), mutant]));
  for (const [file, mutant] of variants) writeTo(copy, file, applyMutant(source(mutant.file), mutant));
  const refused = new Set<Mutant>();
  const onLine = (line: string): undefined => {
    const [, file, code] = /^(.+?)\(\d+,\d+\): error (TS\d+)/.exec(line) ?? [];
    const mutant = variants.get(file ?? "");
    if (mutant !== undefined && !twice.has(code!)) refused.add(mutant);
  };
  const { code, output } = await runIn(copy, [compiler, "--noEmit", "--pretty", "false"], {
    seconds: 900,
    onLine,
    signal,
  });
  for (const file of variants.keys()) rmSync(join(copy.root, file));
  signal.throwIfAborted();
  if (code === null) throw new Error(`The type-check did not end by itself: ${output.slice(-500)}`);
  return mutants.filter((mutant) => !refused.has(mutant));
}
