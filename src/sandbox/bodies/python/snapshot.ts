/**
 * The memory of CPython with a newborn agent in it, made once on each machine by a locked child and kept in the user's cache:
 * to start CPython and to import its library takes ten seconds, to read 30 MiB some milliseconds. The same on every machine.
 */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { cacheFolder } from "../../../data/cache.ts";
import { removeParts } from "../../../data/leftovers.ts";
import { replaceWhole } from "../../../data/write.ts";
import type { StartChild } from "../../host/body.ts";
import { SandboxFailure } from "../../host/error.ts";
import type { ReadReply } from "../../host/reply.ts";
import type { Marks } from "./child/types.ts";
import { worldHash } from "./hash.ts";
import { childPlan } from "./plan.ts";

/** A snapshot that is there. */
export interface Snapshot {
  path: string;
  marks: Marks;
  /** SHA-256 of the memory. */
  hash: string;
}

/** Longest that a busy machine may take. */
const wallMs = 180_000;
const mostBytes = 128 * 2 ** 20;

let kept: Snapshot | undefined;
let making: Promise<void> | undefined;

/** The snapshot as it is in the cache; null where there is none, or one that is not whole. */
export function keptSnapshot(): Snapshot | null {
  const [path, about] = places();
  if (kept?.path === path && existsSync(path)) return kept;
  try {
    const { hash, marks } = JSON.parse(readFileSync(about, "utf8")) as Omit<Snapshot, "path">;
    if (createHash("sha256").update(readFileSync(path)).digest("hex") !== hash) return null;
    kept = { path, marks, hash };
    noteUse(path);
    return kept;
  } catch {
    return null;
  }
}

/** Makes the snapshot, where there is none. `start` starts a locked child. */
export async function prepareSnapshot(start: StartChild): Promise<void> {
  if (keptSnapshot() !== null) return;
  making ??= make(start).finally(() => {
    making = undefined;
  });
  await making;
}

async function make(start: StartChild): Promise<void> {
  const [path, about] = places();
  const began = performance.now();
  process.stderr.write(
    "Python starts for the first time here, which takes half a minute at most; it is kept in the cache …",
  );
  try {
    const { heap, marks } = await bornAnew(start);
    const hash = createHash("sha256").update(heap).digest("hex");
    for (const one of [path, about]) removeParts(one);
    replaceWhole(path, (part) => writeFileSync(part, heap));
    replaceWhole(about, (part) => writeFileSync(part, JSON.stringify({ hash, marks })));
    kept = { path, marks, hash };
    pruneSnapshots(path);
  } finally {
    process.stderr.write(` ${((performance.now() - began) / 1000).toFixed(0)} s\n`);
  }
}

/** Who begins to use a snapshot leaves the time of it. */
function noteUse(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // a cache that somebody else fills may be read-only
  }
}

/**
 * Takes away the snapshots of other bodies in the folder of this one that nobody has begun to use for a day: a change of the
 * body makes a new one, of 33 MiB, and another checkout may live by its own meanwhile.
 */
export function pruneSnapshots(path: string, now: number = Date.now()): void {
  const [folder, dayMs] = [dirname(path), 86_400_000];
  for (const name of readdirSync(folder)) {
    const stem = /^([0-9a-f]{16})\.memory$/.exec(name)?.[1];
    if (stem === undefined || join(folder, name) === path) continue;
    try {
      if (now - statSync(join(folder, name)).mtimeMs <= dayMs) continue;
      for (const end of [".json", ".memory"]) rmSync(join(folder, stem + end), { force: true });
    } catch {
      // somebody else was quicker
    }
  }
}

/** Has a child start CPython, and gives its memory. */
export async function bornAnew(start: StartChild): Promise<{ heap: Buffer; marks: Marks }> {
  const worker = await start(childPlan(null), { signal: new AbortController().signal });
  const pieces: string[] = [];
  const answer = await worker.request(
    { op: "snapshot" },
    {
      read: readPiece,
      wallMs,
      answers: 64,
      onAnswer: (outcome) => outcome.kind === "answer" && pieces.push(outcome.reply.text),
    },
  );
  worker.kill();
  await worker.gone;
  if (answer.kind === "answer" && answer.reply.marks !== null)
    return {
      heap: inflateRawSync(Buffer.from(pieces.join(""), "base64"), { maxOutputLength: mostBytes }),
      marks: answer.reply.marks,
    };
  const said =
    answer.kind === "fault" ? answer.message : answer.kind === "death" ? answer.death.stderr.slice(-400) : "nothing";
  throw new SandboxFailure({
    kind: "start",
    why: "ended",
    code: null,
    signal: null,
    said: `Python did not start: ${said}`,
  });
}

const readPiece: ReadReply<{ text: string; marks: Marks | null }> = (message) => {
  const { kind, text = "", marks = null } = (message ?? {}) as { [field: string]: unknown };
  if (kind !== "piece" || typeof text !== "string" || typeof marks !== "object") return null;
  return { text, marks: marks as Marks | null };
};

function places(): [memory: string, about: string] {
  const at = join(cacheFolder(), "python", worldHash());
  return [`${at}.memory`, `${at}.json`];
}
