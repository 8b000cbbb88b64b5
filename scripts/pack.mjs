/**
 * `npm run pack`: builds dist/ and makes the package's tarball. `npm pack` alone would not build, because install
 * scripts, and with them `prepack`, are off. Arguments go to `npm pack`.
 */

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { command, root, runNode, setUp } from "./setup.mjs";

await command(async () => {
  const node = await setUp({ dev: true });
  const built = await runNode(node, [join(root, "scripts/build.mjs")]);
  if (built !== 0) return built;
  const packed = spawnSync("npm", ["pack", "--loglevel=error", ...process.argv.slice(2)], {
    cwd: root,
    stdio: "inherit",
    shell: process.platform === "win32",
  });
  return packed.status ?? 1;
});
