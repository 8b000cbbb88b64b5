/** How workers are, as a value that shows itself: one line, and a table. */

import { inspect } from "node:util";
import { type Displayable, displaySymbol, type Row, tableBundle } from "../display/index.ts";

/** What `on.status()` gives. */
export interface WorkersStatus extends Displayable {
  /** One line that says how it stands. */
  readonly line: string;
  readonly rows: readonly Row[];
}

/** A status out of its line and its rows. */
export function asStatus(rows: readonly Row[], line: string): WorkersStatus {
  const bundle = () => tableBundle(rows, { caption: line });
  return Object.defineProperty({ line, rows, [displaySymbol]: bundle }, inspect.custom, {
    value: () => String(bundle()["text/plain"]),
  });
}
