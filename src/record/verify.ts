/**
 * Checks that a record is as it was written: every hash of the chain, every genome, every reference from one entry to
 * another, and that it ends where the head beside it says, or later.
 */

import type { DatabaseSync } from "node:sqlite";
import { sha256 } from "./canonical.ts";
import { RecordFailure, withRecordErrors } from "./error.ts";
import { headPath, readHead } from "./head.ts";
import { asOfNow, type EntryRow, entryHash, genesis, holds } from "./schema.ts";
import type { Verification } from "./types.ts";

/** Walks the chain from its first entry. A file that SQLite cannot read throws `corrupt`. */
export function verifyChain(database: DatabaseSync, { path, head }: { path: string; head?: string }): Verification {
  // Read before the chain is: another process may append meanwhile, and its head would be ahead of what is walked.
  const kept = readHead(path);
  return withRecordErrors(path, 0, () =>
    asOfNow(database, () => {
      const integrity = database.prepare("PRAGMA integrity_check(1)").get()!.integrity_check;
      if (integrity !== "ok") throw new RecordFailure({ kind: "corrupt", path, detail: String(integrity) });
      const genomes = readGenomes(database);
      const seen: Seen = { episodes: new Map(), nodes: 0 };
      let previous = genesis;
      let entries = 0;
      const result = (broken: Verification["broken"]): Verification => ({
        ok: broken === null,
        entries,
        genomes: genomes.size,
        head: previous,
        kept: kept?.entries ?? null,
        broken,
      });
      for (const row of database.prepare("SELECT * FROM entries ORDER BY seq").iterate() as Iterable<unknown>) {
        const entry = row as EntryRow;
        const reason = chainFault(entry, previous, entries + 1) ?? referenceFault(entry, genomes, seen);
        if (reason !== null) return result({ entry: entries + 1, reason });
        previous = entry.hash;
        entries++;
      }
      if (kept !== null && !holds(database, kept))
        return result({
          entry: entries + 1,
          reason: `the chain ends here, but ${headPath(path)} notes entry ${kept.entries} as written`,
        });
      if (head !== undefined && head !== previous)
        return result({ entry: entries + 1, reason: `the chain ends in ${previous}, not in the given ${head}` });
      const bad = [...genomes].find(([, isWhole]) => !isWhole);
      return result(
        bad === undefined ? null : { entry: entries, reason: `genome ${bad[0]} is not what its hash says` },
      );
    }),
  );
}

/** What the entries before have begun: the steps of each episode, and how many nodes the lineage has. */
interface Seen {
  episodes: Map<number, number>;
  nodes: number;
}

/** Hash of each genome, and whether it is what its hash says. */
function readGenomes(database: DatabaseSync): Map<string, boolean> {
  const found = new Map<string, boolean>();
  for (const { hash, genes } of database.prepare("SELECT hash, genes FROM genomes").iterate())
    found.set(String(hash), sha256(String(genes)) === hash);
  return found;
}

function chainFault(entry: EntryRow, previous: string, expected: number): string | null {
  if (entry.seq !== expected) return `entry ${expected} is missing`;
  return entryHash(previous, entry) === entry.hash ? null : "its hash does not match its content and the entry before";
}

/** Whether all that an entry names is there: its genomes, its episode and step, its node. Notes down what it begins. */
function referenceFault(entry: EntryRow, genomes: ReadonlyMap<string, boolean>, seen: Seen): string | null {
  const body = JSON.parse(entry.body) as { [field: string]: unknown };
  for (const field of ["genome", "born"]) {
    const hash = body[field];
    if (typeof hash !== "string") continue;
    const what = field === "genome" ? "its genome" : "the genome it was born with,";
    if (!genomes.has(hash)) return `${what} ${hash} is missing`;
    if (!genomes.get(hash)) return `${what} ${hash} is not what its hash says`;
  }
  const { kind, episode, step } = entry;
  if (kind === "node") {
    const { id, parent } = body as { id: number; parent: number | null };
    if (parent !== null && parent > seen.nodes) return `its parent, node ${parent}, is missing`;
    if (id !== ++seen.nodes) return `it is node ${id}, where node ${seen.nodes} comes next`;
    return null;
  }
  if (kind === "score") return Number(body.node) <= seen.nodes ? null : `its node ${body.node} is missing`;
  if (kind === "episode") {
    seen.episodes.set(episode!, 0);
    return null;
  }
  const steps = seen.episodes.get(episode!);
  if (steps === undefined) return `its episode ${episode} is missing`;
  if (kind === "parts" && step! >= steps) return `its step ${step} of episode ${episode} is missing`;
  if (kind === "step") {
    if (step !== steps) return `it is step ${step} of episode ${episode}, where step ${steps} comes next`;
    seen.episodes.set(episode!, steps + 1);
  }
  return null;
}
