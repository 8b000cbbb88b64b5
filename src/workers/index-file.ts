/**
 * A folder that a driver and its workers share, without any server: an index of parts (`spec.json`), what they are made of
 * (`contents/`), and what came of them (`parts/`). A part's file appears at once and whole, and the first stays. Batches are
 * added at the end of the index, so a part keeps its number. One driver a folder.
 */

import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { partOf, replaceWhole } from "../data/write.ts";
import type { EpisodeRange } from "../rollout/index.ts";
import { buildOf } from "./build.ts";
import { WorkersFailure } from "./error.ts";
import { type Packed, unpack } from "./pack.ts";
import { partsOf } from "./part.ts";

/** A batch of episodes in the index. */
export interface IndexedLives extends EpisodeRange {
  /** Names of contents. */
  spec: string;
  weights: string;
  /** Episodes a part, about. */
  size: number;
}

/** Other work in the index. */
export interface IndexedWork {
  /** What comes of it: `answers of tiny`, `scores`. */
  what: string;
  /** Names of contents, of what all parts share and of each part; and how many each gives. */
  work: string;
  parts: readonly { given: string; count: number }[];
}

/** A batch in the index. */
export type IndexedBatch = IndexedLives | IndexedWork;

/** What `spec.json` holds. */
export interface PartIndex {
  format: "autoagent-lab parts";
  version: 1;
  build: string;
  batches: IndexedBatch[];
}

/** What is to be done of a batch. */
type PartPlace = { batch: IndexedLives; range: EpisodeRange } | { batch: IndexedWork; given: string; count: number };

/** One part of an index. */
export type IndexedPart = { number: number } & PartPlace;

/** Reads an index. Throws a WorkersFailure for what is none, and for one of another build. */
export function readIndex(path: string): PartIndex {
  const refused = (why: string, cause?: unknown) => new WorkersFailure({ kind: "index", path, why }, { cause });
  let found: PartIndex;
  try {
    found = JSON.parse(readFileSync(path, "utf8")) as PartIndex;
  } catch (cause) {
    throw refused((cause as Error).message, cause);
  }
  const { format, version, build } = found ?? {};
  if (format !== "autoagent-lab parts" || version !== 1) throw refused(`its format is ${format} ${version}`);
  if (build !== buildOf()) throw new WorkersFailure({ kind: "build", where: path, found: build, expected: buildOf() });
  return found;
}

/** All parts of an index, by their numbers. */
export function indexedParts({ batches }: PartIndex): IndexedPart[] {
  const parts = batches.flatMap((batch): PartPlace[] =>
    "work" in batch
      ? batch.parts.map((part) => ({ batch, ...part }))
      : partsOf(batch, batch.size).map((range) => ({ batch, range })),
  );
  return parts.map((part, number) => ({ number, ...part }));
}

/** Adds a batch, unless it is there, and gives its parts. */
export function addBatch(path: string, batch: IndexedBatch): IndexedPart[] {
  const index: PartIndex = existsSync(path)
    ? readIndex(path)
    : { format: "autoagent-lab parts", version: 1, build: buildOf(), batches: [] };
  const same = (other: IndexedBatch): boolean => keyOf(other) === keyOf(batch);
  if (!index.batches.some(same)) {
    index.batches.push(batch);
    replaceWhole(path, (part) => writeFileSync(part, `${JSON.stringify(index, null, 1)}\n`));
  }
  return indexedParts(index).filter((part) => same(part.batch));
}

function keyOf(batch: IndexedBatch): string {
  if ("work" in batch) return JSON.stringify([batch.work, batch.parts.map(({ given }) => given)]);
  const { spec, weights, seed, first, episodes, group, size, begin } = batch;
  return JSON.stringify([spec, weights, seed, first, episodes, group, size, begin]);
}

/** Writes a content under its name, unless it is there. */
export function keepContent(folder: string, { bytes, hash }: Packed): string {
  const path = contentPath(folder, hash);
  if (!existsSync(path)) replaceWhole(path, (part) => writeFileSync(part, bytes));
  return hash;
}

/** Reads a content by its name. Throws a WorkersFailure where it is not there, or is another. */
export function readContent(folder: string, name: string): unknown {
  const path = contentPath(folder, name);
  if (!existsSync(path)) throw new WorkersFailure({ kind: "missing", name: path });
  const { value, hash } = unpack(readFileSync(path));
  if (hash !== name) throw new WorkersFailure({ kind: "content", name: path, found: hash });
  return value;
}

function contentPath(folder: string, name: string): string {
  return join(folder, "contents", `${name}.zst`);
}

/** Where the result of a part is, or the reason why there is none. */
export function resultPath(folder: string, part: number): { result: string; failure: string } {
  const base = join(folder, "parts", String(part));
  return { result: `${base}.zst`, failure: `${base}.failed.json` };
}

/** Puts a result there; of two the first stays. Gives `same` or `differs` where one was there. */
export function putResult(folder: string, part: number, { bytes, hash }: Packed): "first" | "same" | "differs" {
  const { result, failure } = resultPath(folder, part);
  mkdirSync(dirname(result), { recursive: true });
  const own = partOf(result);
  writeFileSync(own, bytes);
  try {
    linkSync(own, result);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return unpack(readFileSync(result)).hash === hash ? "same" : "differs";
  } finally {
    rmSync(own, { force: true });
    rmSync(failure, { force: true });
  }
  return "first";
}
