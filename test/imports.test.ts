/**
 * Keeps the import plan: which folder may import which. The table is the plan; docs/decisions.md says why. Not here: circles
 * between files (`house.test.ts`).
 */

import assert from "node:assert/strict";
import { dirname } from "node:path";
import { importEdges, sourceFiles } from "../scripts/sources.ts";

/** Training and evaluation stand on the same folders, and never on each other. */
const aboveLives = [
  "src/episode",
  "src/agent",
  "src/environment",
  "src/model",
  "src/policy",
  "src/record",
  "src/rollout",
  "src/plot",
  "src/statistics",
  "src/tasks",
];

/**
 * Folder to the folders it may import. Of one whose inner folders have lines of their own, every inner one must; others know it
 * by its own files alone. `random`, `data` and `display` are leaves that every folder of src may use, `common`
 * one of the kernel's. `(types)`: only `import type`.
 */
const plan: { [folder: string]: string[] } = {
  corpus: [
    "corpus/families",
    "corpus/pretrain",
    "corpus/python",
    "src/model",
    "src/policy",
    "src/random",
    "src/training",
  ],
  "corpus/families": ["corpus", "src/random"],
  "corpus/python": ["corpus", "src/random"],
  "corpus/pretrain": ["corpus", "src/environment", "src/model", "src/policy", "src/random", "src/sandbox", "src/tasks"],
  "kernel/common": [],
  "kernel/wire": [],
  "kernel/language": [],
  "kernel/display": [],
  "kernel/session": ["kernel/wire", "kernel/language", "kernel/display"],
  "kernel/notebook": ["kernel/session", "kernel/wire", "kernel/display"],
  kernel: ["kernel/wire", "kernel/language", "kernel/display", "kernel/session", "kernel/notebook"],
  "src/random": [],
  "src/data": [],
  "src/display": [],
  "src/statistics": [],
  "src/sandbox": ["src/sandbox/host", "src/sandbox/bodies/javascript", "src/sandbox/bodies/python"],
  "src/sandbox/host": ["src/sandbox (types)"],
  "src/sandbox/bodies/javascript": ["src/sandbox (types)", "src/sandbox/host"],
  "src/sandbox/bodies/python": ["src/sandbox (types)", "src/sandbox/host"],
  "src/llm": ["src/model", "src/policy (types)"],
  "src/record": ["src/episode", "src/sandbox (types)"],
  "src/plot": ["src/episode", "src/statistics"],
  "src/model": [],
  "src/policy": ["src/model"],
  "src/serve": [],
  "src/serve/model": ["src/serve", "src/model"],
  "src/serve/environment": ["src/serve", "src/environment", "src/episode", "src/record", "src/sandbox"],
  "src/tasks": ["src/sandbox (types)"],
  "src/environment": ["src/sandbox", "src/tasks"],
  "src/episode": ["src/environment", "src/policy (types)", "src/sandbox (types)", "src/statistics"],
  "src/rollout": [
    "src/agent",
    "src/episode",
    "src/environment",
    "src/policy",
    "src/record",
    "src/sandbox",
    "src/plot",
    "src/statistics",
  ],
  "src/agent": ["src/llm", "src/plot", "src/policy", "src/sandbox", "src/environment", "src/episode", "src/record"],
  "src/training": aboveLives,
  "src/evaluation": [...aboveLives, "src/sandbox (types)"],
  "src/ethics": [
    "src/environment",
    "src/episode",
    "src/evaluation",
    "src/policy",
    "src/sandbox",
    "src/statistics",
    "src/tasks",
  ],
  "src/coding": [
    "src/evaluation",
    "src/llm",
    "src/model",
    "src/plot",
    "src/policy",
    "src/rollout",
    "src/sandbox",
    "src/statistics",
  ],
  "src/workers": [
    "src/agent",
    "src/coding",
    "src/environment",
    "src/episode",
    "src/ethics",
    "src/llm",
    "src/model",
    "src/policy",
    "src/rollout",
    "src/sandbox",
    "src/training",
  ],
  "src/cli": ["*"],
  src: ["*"],
};

describe("the import plan", () => {
  const edges = importEdges(sourceFiles(["kernel", "src", "corpus"]));

  it("is kept by every import in kernel, src and corpus", () => {
    const offending = edges
      .filter(
        ({ from, to, typeOnly }) => folderOf(from) !== folderOf(to) && !allowed(folderOf(from), folderOf(to), typeOnly),
      )
      .map(({ from, to }) => `${from} → ${to}`);
    assert.deepEqual(offending, []);
  });

  it("has a line for every folder that holds code", () => {
    const folders = new Set(edges.map(({ from }) => folderOf(from)));
    assert.deepEqual([...folders].filter((folder) => !(folder in plan)).sort(), []);
  });

  it("looks into the sandbox: its host imports no body, bodies not each other, and nobody comes in past its door", () => {
    assert.equal(folderOf("src/sandbox/host/life/steps.ts"), "src/sandbox/host");
    assert.equal(folderOf("src/sandbox/index.ts"), "src/sandbox");
    assert.equal(folderOf("src/policy/token/head.ts"), "src/policy");
    const python = folderOf("src/sandbox/bodies/python/child/main.ts");
    const third = folderOf("src/sandbox/bodies/third/child/main.ts");
    assert.ok(!(third in plan), "a new body needs a line");
    const javascript = "src/sandbox/bodies/javascript";
    for (const [from, to] of [
      ["src/sandbox/host", javascript],
      ["src/sandbox/host", python],
      [third, javascript],
      [python, javascript],
      [javascript, python],
      ["src/rollout", "src/sandbox/host"],
      ["src/rollout", javascript],
    ] as const)
      assert.equal(allowed(from, to, true), false, `${from} → ${to}`);
    assert.ok(allowed("src/sandbox/host", "src/sandbox", true));
    assert.ok(!allowed("src/sandbox/host", "src/sandbox", false), "the door leads to all bodies");
  });
});

function allowed(from: string, to: string, typeOnly: boolean): boolean {
  const may = plan[from] ?? [];
  if (typeOnly && may.includes(`${to} (types)`)) return true;
  const leaf =
    ["src/random", "src/data", "src/display", "kernel/common"].includes(to) && from.split("/")[0] === to.split("/")[0];
  return may.includes("*") ? to.startsWith("src/") : may.includes(to) || leaf;
}

/**
 * `src/policy/menu.ts` to `src/policy`, `kernel/main.ts` to `kernel`: one noun a folder, and deeper ones belong to it. Where
 * these have lines of their own, the deepest folder that has one, or else, having none, the folder itself.
 */
function folderOf(file: string): string {
  const folder = dirname(file);
  const noun = folder.split("/").slice(0, 2).join("/");
  const inner = Object.keys(plan).filter((one) => one.startsWith(`${noun}/`));
  if (folder === noun || inner.length === 0) return noun;
  return inner.find((one) => folder === one || folder.startsWith(`${one}/`)) ?? folder;
}
