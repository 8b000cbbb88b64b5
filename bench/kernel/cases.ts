/**
 * What people type, under this kernel, tslab and Deno's, each cell in a folder far from any clone, with the value that must be
 * seen: `node --conditions=autoagent-lab-source bench/kernel/cases.ts` prints the table of docs/kernel.md.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type PeerOptions, startPeer } from "./peer.ts";
import { peers } from "./peers.ts";

const files: { [path: string]: string } = {
  "package.json": '{ "type": "commonjs" }',
  "lib/k.ts": "export const k = 41;\nexport default function f(): number {\n  return 42;\n}\n",
  "lib/index.ts": 'export { k } from "./k";\n',
  "lib/d.json": '{ "n": 43 }',
};

/** A case: cells, and what the last one must show or print, or must fail with. */
const cases: [name: string, cells: string[], seen: RegExp][] = [
  ["`./lib/k.ts` with npm init's `commonjs`", ['import { k } from "./lib/k.ts"; k'], /41/],
  ["`./lib/k`", ['import { k } from "./lib/k"; k'], /41/],
  ["`./lib/k.js` for k.ts", ['import { k } from "./lib/k.js"; k'], /41/],
  ["an index file", ['import { k } from "./lib"; k'], /41/],
  ["a default export", ['import f from "./lib/k.ts"; f()'], /42/],
  ["JSON without an attribute", ['import d from "./lib/d.json"; d.n'], /43/],
  ["a name that is not exported is an error", ['import { nope } from "./lib/k.ts"; 1'], /nope/],
  ["`<T>(x: T) => x`", ["const id = <T>(x: T) => x; id(44)"], /44/],
  ["`<number>5`", ["const z = <number>45; z"], /45/],
  ["`{ a: 46, b: 2 }`", ["{ a: 46, b: 2 }"], /a: 46,\s+b: 2/],
  ["merged namespaces", ["namespace NS { export const a = 46 } namespace NS { export const b = a + 1 }\nNS.b"], /47/],
  ["a loop's `var` in the next cell", ["for (var i = 0; i < 48; i++) {}", "i"], /48/],
  ["a function after the last expression", ["g()\nfunction g() { return 49 }"], /49/],
  ["a `#!` line", ["#!/usr/bin/env node\n25 + 25"], /50/],
  ["`throw null`", ["throw null"], /null/],
  ["`__dirname`", ["__dirname.length > 0 ? 'fifty-one' : ''"], /fifty-one/],
];

const kernels = [peers().checked, peers().tslab, peers().deno];
const folder = mkdtempSync(join(tmpdir(), "cases-"));
for (const [path, text] of Object.entries(files)) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
const rows = cases.map(([name]) => [name]);
for (const kernel of kernels) {
  if ("missing" in kernel) continue;
  const peer = await startPeer({ ...kernel, directory: folder } as PeerOptions);
  for (const [i, [, cells, wanted]] of cases.entries()) {
    let text = "";
    for (const cell of cells) {
      const seen = await peer.run(cell, { limitMs: 15_000 });
      await sleep(400); // Deno says idle before the result, and tslab refuses cells for 200 ms after an error
      text = `${seen.shown.map((data) => data["text/plain"]).join("\n")}${seen.stdout}${seen.error ?? ""}${seen.stderr}`;
    }
    const isNoisy = /TS\d+|Warning|\d+:\d+ - /.test(text) && !/nope|null/.test(String(wanted));
    rows[i]!.push(!wanted.test(text) ? "no" : isNoisy ? "with a complaint" : "yes");
  }
  await peer.close();
}
rmSync(folder, { recursive: true, force: true });
console.log(`| case | ${kernels.map(({ name }) => name).join(" | ")} |`);
console.log(`| --- ${kernels.map(() => "| --- ").join("")}|`);
for (const row of rows) console.log(`| ${row.join(" | ")} |`);
