/**
 * One text for one value: JSON with sorted keys and no spaces (as RFC 8785, whose number format is JavaScript's own).
 * Lone surrogates and null bytes are escaped by JSON.stringify, so any program survives. NaN and infinities, which JSON
 * would silently turn into null, are refused.
 */

import { createHash } from "node:crypto";
import { show } from "../data/check.ts";
import type { GenomeMember } from "../sandbox/types.ts";
import { RecordFailure } from "./error.ts";

/** The canonical JSON of plain data; fields that are `undefined` are left out. Throws on what JSON cannot say. */
export function canonicalJson(value: unknown, name = "value"): string {
  if (value === null || typeof value === "string" || typeof value === "boolean") return JSON.stringify(value);
  if (typeof value === "number") {
    if (Number.isFinite(value)) return JSON.stringify(value);
    throw new RecordFailure({ kind: "value", name, expected: "a finite number", value: String(value) });
  }
  if (Array.isArray(value)) return `[${value.map((item, i) => canonicalJson(item, `${name}[${i}]`)).join(",")}]`;
  if (typeof value !== "object")
    throw new RecordFailure({ kind: "value", name, expected: "plain data", value: show(value) });
  const object = value as { [key: string]: unknown };
  const fields = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key], `${name}.${key}`)}`);
  return `{${fields.join(",")}}`;
}

/** SHA-256 in hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A genome as it is stored, its members in the order of their names; `sha256` of this text is the genome's address. */
export function genomeText(genome: readonly GenomeMember[]): string {
  const sorted = [...genome].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  return canonicalJson(
    sorted.map(({ name, kind, source }) => ({ name, kind, source })),
    "genome",
  );
}
