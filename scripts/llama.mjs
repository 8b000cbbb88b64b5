/**
 * llama.cpp as a peer: node-llama-cpp with its prebuilt library, out of npm's registry into `.cache/llama` (85 MB, some ten
 * seconds). Nothing is downloaded beside that. A test of the openai provider and `npm run bench:serve` use it; the library
 * does not. Plain JavaScript, standard library only. Not here: the server around it (`bench/serve/llama.ts`).
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import { installAside, root } from "./setup.mjs";

const version = "3.22.1";
const folder = join(root, ".cache", "llama");

/**
 * The folder that has node-llama-cpp in its node_modules, made if it is not there; or why there is none.
 * @param {(line: string) => void} [log]
 * @returns {Promise<{ path: string } | { missing: string }>}
 */
export async function ensureLlama(log = (line) => console.error(line)) {
  const system = process.platform === "darwin" ? "mac" : process.platform === "win32" ? "win" : process.platform;
  const prebuilt = `@node-llama-cpp/${system}-${process.arch}`;
  const there = ["node-llama-cpp", prebuilt].every((name) => existsSync(join(folder, "node_modules", name)));
  if (there) return { path: folder };
  log(`Installing node-llama-cpp ${version} into .cache/llama (85 MB, once) ...`);
  const failure = await installAside(folder, [`node-llama-cpp@${version}`, `${prebuilt}@${version}`]);
  return failure === null ? { path: folder } : { missing: failure };
}
