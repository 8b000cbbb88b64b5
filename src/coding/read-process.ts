/** The process that programs are read in: what a native parser does with a hostile text, it does to this process alone. */

import { readProgram } from "./read.ts";

process.on("message", (sources: string[]) => {
  process.send!(sources.map(readProgram));
});
process.on("disconnect", () => process.exit());
