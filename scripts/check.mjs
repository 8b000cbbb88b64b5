/** `npm run check`: format, lint and types in one command. `-- --write` mends format and what lint can mend. */

import { join } from "node:path";
import { command, root, runNode, setUp } from "./setup.mjs";

await command(async () => {
  const node = await setUp({ dev: true });
  const mend = process.argv.includes("--write");
  const biome = [
    join(root, "node_modules/@biomejs/biome/bin/biome"),
    mend ? "check" : "ci",
    ...(mend ? ["--write"] : []),
    ...(process.stdout.isTTY ? [] : ["--colors=off"]),
    ".",
  ];
  const styled = await runNode(node, biome);
  const typed = await runNode(node, [join(root, "node_modules/typescript/bin/tsc"), "--noEmit"]);
  if (typed === 0) console.log("types: no errors");
  return styled || typed;
});
