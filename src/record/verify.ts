/** Checks that a record is as it was written: every hash of the chain, every genome, every reference. */

import type { DatabaseSync } from "node:sqlite";
import { sha256 } from "./canonical.ts";
import { RecordFailure, withRecordErrors } from "./error.ts";
import { type EntryRow, entryHash, genesis } from "./schema.ts";
import type { Verification } from "./types.ts";

/** Walks the chain from its first entry. A file that SQLite cannot read throws `corrupt`. */
export function verifyChain(database: DatabaseSync, { path, head }: { path: string; head?: string }): Verification {
  return withRecordErrors(path, 0, () => {
    const integrity = database.prepare("PRAGMA integrity_check(1)").get()!.integrity_check;
    if (integrity !== "ok") throw new RecordFailure({ kind: "corrupt", path, detail: String(integrity) });
    const genomes = new Set<string>();
    let badGenome: string | null = null;
    for (const { hash, genes } of database.prepare("SELECT hash, genes FROM genomes").iterate()) {
      genomes.add(String(hash));
      if (sha256(String(genes)) !== hash) badGenome ??= String(hash);
    }
    let previous = genesis;
    let entries = 0;
    const result = (broken: Verification["broken"]): Verification => ({
      ok: broken === null,
      entries,
      genomes: genomes.size,
      head: previous,
      broken,
    });
    for (const row of database.prepare("SELECT * FROM entries ORDER BY seq").iterate() as Iterable<unknown>) {
      const entry = row as EntryRow;
      const reason = faultOf(entry, { previous, expected: entries + 1, genomes, badGenome });
      if (reason !== null) return result({ entry: entries + 1, reason });
      previous = entry.hash;
      entries++;
    }
    if (head !== undefined && head !== previous)
      return result({ entry: entries + 1, reason: `the chain ends in ${previous}, not in the given ${head}` });
    return result(
      badGenome === null ? null : { entry: entries, reason: `genome ${badGenome} is not what its hash says` },
    );
  });
}

function faultOf(
  entry: EntryRow,
  at: { previous: string; expected: number; genomes: Set<string>; badGenome: string | null },
): string | null {
  if (entry.seq !== at.expected) return `entry ${at.expected} is missing`;
  if (entryHash(at.previous, entry) !== entry.hash) return "its hash does not match its content and the entry before";
  const { genome } = JSON.parse(entry.body) as { genome?: string | null };
  if (genome === undefined || genome === null) return null;
  if (!at.genomes.has(genome)) return `its genome ${genome} is missing`;
  return genome === at.badGenome ? `its genome ${genome} is not what its hash says` : null;
}
