/**
 * Leaves out mutants that the type-check refuses: `npm test` would never get to its tests. All at once: each mutant is a
 * file of its own beside the one that it changes, and one run of the compiler tells which of them have errors. What it said is
 * kept by the change and the file's content (`path`): which draw comes next hangs on it, and a run takes minutes.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Copy, writeTo } from "./copy.ts";
import { applyMutant, type Mutant } from "./mutants.ts";
import { runIn } from "./processes.ts";
import { parseProgram } from "./tree.ts";

/** Errors that come of the file being there twice: the same global declared again. */
const twice = new Set(["TS2451", "TS2300", "TS2393", "TS6200"]);

/** Options of `passTypes`. */
export interface TypeOptions {
  source: (file: string) => string;
  /** The file of what was said before. */
  path: string;
  signal: AbortSignal;
}

/** The mutants of these that are still TypeScript and pass the type-check, where the project has one. */
export async function passTypes(
  copy: Copy,
  drawn: readonly Mutant[],
  { source, path, signal }: TypeOptions,
): Promise<Mutant[]> {
  const said: { [key: string]: boolean } = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const keyOf = ({ id, file }: Mutant): string =>
    `${id} ${createHash("sha256").update(source(file)).digest("hex").slice(0, 12)}`;
  const asked = drawn.filter((mutant) => said[keyOf(mutant)] === undefined);
  const refused = await refusedOf(copy, asked, source, signal);
  for (const mutant of asked) said[keyOf(mutant)] = !refused.has(mutant);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(said, null, 1)}\n`);
  return drawn.filter((mutant) => said[keyOf(mutant)]);
}

async function refusedOf(
  copy: Copy,
  asked: readonly Mutant[],
  source: (file: string) => string,
  signal: AbortSignal,
): Promise<Set<Mutant>> {
  const changed = (mutant: Mutant): string => applyMutant(source(mutant.file), mutant);
  const refused = new Set(asked.filter((mutant) => parseProgram(mutant.file, changed(mutant)) === null));
  const mutants = asked.filter((mutant) => !refused.has(mutant));
  const compiler = join(copy.root, "node_modules/typescript/bin/tsc");
  if (!existsSync(join(copy.root, "tsconfig.json")) || !existsSync(compiler) || mutants.length === 0) return refused;
  const variants = new Map(mutants.map((mutant) => [mutant.file.replace(/\.ts$/, `.m${mutant.id}.ts`), mutant]));
  for (const [file, mutant] of variants) writeTo(copy, file, changed(mutant));
  const onLine = (line: string): undefined => {
    const [, file, code] = /^(.+?)\(\d+,\d+\): error (TS\d+)/.exec(line) ?? [];
    const mutant = variants.get(file ?? "");
    if (mutant !== undefined && !twice.has(code!)) refused.add(mutant);
  };
  const { code, output } = await runIn(copy, [compiler, "--noEmit", "--pretty", "false"], {
    limit: { seconds: 900 },
    onLine,
    signal,
  });
  for (const file of variants.keys()) rmSync(join(copy.root, file));
  signal.throwIfAborted();
  if (code === null) throw new Error(`The type-check did not end by itself: ${output.slice(-500)}`);
  return refused;
}
