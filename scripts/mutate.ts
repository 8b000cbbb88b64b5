/**
 * `npm run mutate -- FOLDER...` and `npm run mutate -- --sample 400 --seed 1`: would the tests notice? Makes small changes to
 * the code (`mutate/edits.ts`), one at a time, in throw-away copies of the project, and runs the tests that load the changed
 * file until one fails. Prints who was killed, who survived, and a diff for each survivor. `docs/testing.md` tells more.
 *
 * `--only NAME,NAME` judges single changes, by the names that survivors are told with: after a test was written for them.
 * Goes on where it was stopped (`--file`); `--minutes 0` tells what is known and judges nothing. The exit code tells of the
 * driver's own errors alone, never of survivors.
 */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { openBaselines } from "./mutate/baseline.ts";
import { type Copy, listFiles, makeCopy, makeHome } from "./mutate/copy.ts";
import { runsMutant } from "./mutate/coverage.ts";
import { inRounds, orderMutants, shareOut } from "./mutate/draw.ts";
import { judge } from "./mutate/judge.ts";
import { findKept, type Kept, readKept, staleKept } from "./mutate/kept.ts";
import { readLoads } from "./mutate/loads.ts";
import { findMutants, type Mutant } from "./mutate/mutants.ts";
import { makePlanner } from "./mutate/plan.ts";
import { processorOf } from "./mutate/processes.ts";
import { figures, markdown, overall, replacePart, survivors } from "./mutate/report.ts";
import { openResults, type Result } from "./mutate/results.ts";
import { passTypes } from "./mutate/typecheck.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: "string", default: "60" },
    only: { type: "string" },
    seed: { type: "string", default: "1" },
    jobs: { type: "string", default: String(availableParallelism()) },
    patience: { type: "string", default: "20" },
    budget: { type: "string", default: "30" },
    minutes: { type: "string", default: "Infinity" },
    file: { type: "string", default: "scripts/mutate/judged.jsonl" },
    seconds: { type: "string", default: "scripts/mutate/seconds.json" },
    kept: { type: "string", default: "scripts/mutate/kept.json" },
    write: { type: "string" },
    root: { type: "string", default: resolve(import.meta.dirname, "..") },
  },
});

/** Tests that name files of the project and run none of them. */
const names = "test/scripts/mutate/";

const root = resolve(values.root);
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop.abort(new Error(`stopped by ${name}`)));

const home = makeHome();
try {
  await main();
} catch (error) {
  if (!stop.signal.aborted) throw error;
  console.error("\nStopped. The same command goes on from here.");
  process.exitCode = 130;
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

async function main(): Promise<void> {
  const files = listFiles(root);
  const sources = new Map(files.filter(isMutable).map((file) => [file, readFileSync(join(root, file), "utf8")]));
  const all = [...sources].flatMap(([file, source]) => findMutants(file, source));
  const kept = readKept(join(root, values.kept));
  for (const { file, text } of staleKept(kept, all)) console.log(`kept entry means nothing any more: ${file}: ${text}`);

  const copies = Array.from({ length: count("jobs") }, (_, i) => makeCopy(root, home, i, files));
  const drawn =
    values.only === undefined
      ? await draw(all, (file) => sources.get(file)!, copies[0]!)
      : named(all, values.only.split(","));
  const loads = readLoads(root, files);
  const tests = files.filter((file) => /^test\/.*\.test\.ts$/.test(file) && !file.startsWith(names));
  const sourceOf = (file: string): string | null => sources.get(file) ?? null;
  const baselines = openBaselines({ root, loads, seconds: resolve(root, values.seconds), sourceOf });
  const budget = Number(values.budget);
  const planner = makePlanner({ tests, loads, secondsOf: baselines.secondsOf, budget });
  const began = Date.now();
  const isOver = (): boolean => Date.now() - began >= Number(values.minutes) * 60_000;
  const results = openResults(resolve(root, values.file), root);
  const judged: Result[] = [];
  const options = { baselines, budget, patience: Number(values.patience), signal: stop.signal };
  const spent = processorOf("self") ?? 0;
  let anew = 0;
  await inParallel(drawn, copies, async (mutant, copy) => {
    const source = sources.get(mutant.file)!;
    const runs = (test: string): boolean | undefined => {
      const ran = baselines.ranOf(test);
      return baselines.isUnfit(test) ? false : ran && runsMutant(ran, mutant, source);
    };
    const noticed = results.noticed(mutant);
    const whole = () => planner.planFor(mutant.file, { runs, noticed });
    const { result, rest, holds } = results.of(mutant, whole().tests);
    if (isOver() && !holds) return;
    if (result !== undefined && (rest.length === 0 || isOver())) judged.push(result);
    else {
      const known = result === undefined ? null : new Set(rest); // a survivor is run with what it has not met, and no further
      const plan = () => {
        const { tests, left } = whole();
        return { tests: known === null ? tests : tests.filter((test) => known.has(test)), left };
      };
      judged.push(results.add(await judge(copy, mutant, { ...options, plan, runs, source })));
      anew += 1;
    }
    const alive = judged.filter(({ outcome }) => outcome === "survived").length;
    const minutes = ((Date.now() - began) / 60_000).toFixed(1);
    progress(`${judged.length} of ${drawn.length}, ${alive} survived, ${minutes} min: ${mutant.file}:${mutant.line}`);
  }).catch((error) => {
    if (!stop.signal.aborted) throw error;
  });
  progress("");
  const processor = (processorOf("self") ?? 0) - spent;
  if (anew > 0) console.log(`${anew} judged now, ${(processor / anew).toFixed(1)} seconds of processor each`);
  const there = new Set(all.map(({ id }) => id));
  results.tidy((id) => there.has(id));
  for (const [test, { state, why }] of baselines.unfit()) console.log(`judges nothing, ${state}: ${test} (${why})`);
  tell(sorted(judged, drawn), kept, { budget, drawn: drawn.length });
  stop.signal.throwIfAborted();
}

/** The mutants of these names, as a survivor's diff has them. */
function named(all: readonly Mutant[], ids: readonly string[]): Mutant[] {
  return ids.map((wanted) => {
    const found = all.find(({ id }) => id === wanted);
    if (found === undefined) throw new Error(`No change of the code as it is has the name ${wanted}`);
    return found;
  });
}

/** The mutants of this run, as many of each folder as its share, without those that the type-check refuses. */
async function draw(all: readonly Mutant[], source: (file: string) => string, copy: Copy): Promise<Mutant[]> {
  const asked = positionals.map((one) => one.replace(/^\.\//, "").replace(/\/$/, ""));
  const under = all.filter(
    ({ file }) => asked.length === 0 || asked.some((one) => file === one || file.startsWith(`${one}/`)),
  );
  if (under.length === 0)
    throw new Error(`No code to change under ${asked.join(", ")}: name a folder of src/, kernel/ or corpus/`);
  const seed = Number(values.seed);
  const folders = orderMutants(under, seed);
  const shares = shareOut(folders, values.sample === "all" ? under.length : count("sample"), seed);
  progress("checking the types of what is drawn ...");
  const chosen: Mutant[] = [];
  let open = [...shares].map(([folder, share]) => ({ share, rest: folders.get(folder)! }));
  while (open.length > 0) {
    const tried = open.flatMap(({ share, rest }) => rest.slice(0, share * 2));
    const path = join(root, ".cache", "mutate", "types.json");
    const passed = new Set(await passTypes(copy, tried, { source, path, signal: stop.signal }));
    open = open.flatMap(({ share, rest }) => {
      const good = rest.slice(0, share * 2).filter((mutant) => passed.has(mutant));
      chosen.push(...good.slice(0, share));
      const left = { share: share - good.length, rest: rest.slice(share * 2) };
      return left.share > 0 && left.rest.length > 0 ? [left] : [];
    });
  }
  return inRounds(chosen, seed);
}

function tell(
  judged: readonly Result[],
  kept: readonly Kept[],
  { budget, drawn }: { budget: number; drawn: number },
): void {
  const what = positionals.length > 0 ? ` of ${positionals.join(", ")}` : "";
  const drawing = values.only === undefined ? `seed ${values.seed}, drawn evenly over folders and kinds` : "named";
  const how =
    `${judged.length} of ${drawn} mutants${what}, ${drawing}; each was run against ` +
    `the tests that run the place, the likeliest for their seconds first, up to ${budget} measured seconds of them. ${overall(judged, kept)}`;
  const diffs = survivors(judged, kept);
  if (diffs !== "") console.log(`${diffs}\n`);
  console.log(`${how}\n\n${figures(judged, kept)}`);
  const equal = judged.filter(
    (one) => one.outcome === "survived" && findKept(kept, one)?.verdict === "equivalent",
  ).length;
  if (equal > judged.length * 0.05)
    console.log(`\n${equal} are kept as equivalent, more than 5 %: look at them again.`);
  if (values.write === undefined) return;
  const page = resolve(root, values.write);
  writeFileSync(page, replacePart(readFileSync(page, "utf8"), markdown(judged, kept, how)));
  console.log(`\nwritten: ${values.write}`);
}

/** Works through the items, one in each copy at a time. */
async function inParallel<T>(
  items: readonly T[],
  copies: readonly Copy[],
  work: (item: T, copy: Copy, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (copy: Copy): Promise<void> => {
    while (next < items.length) {
      stop.signal.throwIfAborted();
      const index = next++;
      await work(items[index]!, copy, index);
    }
  };
  const lanes = await Promise.allSettled(copies.map(lane));
  for (const one of lanes) if (one.status === "rejected") throw one.reason;
}

function isMutable(file: string): boolean {
  return /^(src|kernel|corpus)\/.*\.ts$/.test(file) && !file.endsWith(".d.ts");
}

function sorted(results: readonly Result[], order: readonly Mutant[]): Result[] {
  const at = new Map(order.map(({ id }, i) => [id, i]));
  return results.toSorted((a, b) => at.get(a.id)! - at.get(b.id)!);
}

function count(name: "sample" | "jobs"): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new Error(
    `Expected --${name} to be a positive integer${name === "sample" ? ' or "all"' : ""}, got ${values[name]}`,
  );
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${text.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}
