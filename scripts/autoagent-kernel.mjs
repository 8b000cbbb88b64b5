#!/usr/bin/env node
/**
 * The `autoagent-kernel` command: finds Node 24 and hands over to the kernel's command line, from source in a clone and
 * from dist/ in an installed package. Plain JavaScript for any Node from 18 up.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { command, findNode24, root, runHere } from "./setup.mjs";

await command(async () => {
  const source = join(root, "kernel/cli.ts");
  const entry = existsSync(source) ? ["--conditions=autoagent-lab-source", source] : [join(root, "dist/kernel/cli.js")];
  return runHere(findNode24(), ["--disable-warning=ExperimentalWarning", ...entry, ...process.argv.slice(2)]);
});
