/** `npm run build`: JavaScript and type declarations of kernel/ and src/ into dist/, for the published package. */

import { cpSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { command, root, runNode, setUp } from "./setup.mjs";

await command(async () => {
  const node = await setUp({ dev: true });
  const dist = join(root, "dist");
  rmSync(dist, { recursive: true, force: true });
  const code = await runNode(node, [join(root, "node_modules/typescript/bin/tsc"), "-p", "tsconfig.build.json"]);
  if (code !== 0) return code;
  for (const folder of ["kernel", "src"]) copyAssets(join(root, folder), join(dist, folder));
  return existsSync(join(dist, "src", "index.js")) ? 0 : 1;
});

/** What is not compiled (scripts of a child process, logos, style sheets, declarations for cells) goes along as it is. */
function copyAssets(from, to) {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /(?<!\.d)\.ts$/.test(entry.name)) continue;
    const source = join(entry.parentPath ?? entry.path, entry.name);
    cpSync(source, join(to, relative(from, source)));
  }
}
