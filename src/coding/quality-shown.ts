/** The four parts of code quality, contestant by contestant, each with what it is counted among. There is no total. */

import { type Displayable, displaySymbol, type MimeBundle, type Row, tableBundle } from "../display/index.ts";
import type { CodeQuality } from "./types.ts";

/** The quality of all contestants' programs, which shows itself. */
export interface CodeQualities extends Displayable {
  readonly of: { readonly [name: string]: CodeQuality };
}

/** Makes a table of them, and one of the effects that programs attempted. */
export function qualitiesOf(of: { readonly [name: string]: CodeQuality }): CodeQualities {
  return { of, [displaySymbol]: () => bundleOf(of) };
}

function bundleOf(of: CodeQualities["of"]): MimeBundle {
  const rows = Object.entries(of).map(([contestant, { parts }]): Row => {
    const shares = Object.entries(parts).flatMap(([part, { good, programs, goodParsing, parsing }]) => [
      [`${part}, %`, shown(good, programs)],
      ...(part === "syntactic" ? [] : [[`${part}, of those that parse, %`, shown(goodParsing, parsing)]]),
    ]);
    return { contestant, programs: parts.syntactic.programs, ...Object.fromEntries(shares) };
  });
  const effects = Object.entries(of).flatMap(([contestant, { effects: all }]) =>
    all.map(({ kind, severity, programs }): Row => ({ contestant, effect: kind, severity, programs })),
  );
  const tables = [
    tableBundle(rows, { caption: "Code quality: four parts that measure different things, and no total" }),
    ...(effects.length === 0 ? [] : [tableBundle(effects, { caption: "Effects that programs attempted" })]),
  ];
  return {
    "text/html": tables.map((table) => table["text/html"]).join(""),
    "text/plain": tables.map((table) => table["text/plain"]).join("\n\n"),
  };
}

function shown(good: number, of: number): string {
  return of === 0 ? "" : `${((100 * good) / of).toFixed(0)}`;
}
