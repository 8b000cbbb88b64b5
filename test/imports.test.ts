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
 * Folder to the folders it may import. `random`, `data` and `display` are leaves that every folder of src may use, `common`
 * one of the kernel's. `(types)`: only `import type`.
 */
const plan: { [folder: string]: string[] } = {
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
  "src/sandbox": [],
  "src/llm": ["src/model"],
  "src/record": ["src/sandbox (types)"],
  "src/plot": ["src/episode", "src/statistics"],
  "src/model": [],
  "src/corpus": ["src/model"],
  "src/policy": ["src/model"],
  "src/serve": ["src/model"],
  "src/tasks": ["src/sandbox (types)"],
  "src/environment": ["src/sandbox", "src/tasks"],
  "src/episode": ["src/environment (types)", "src/policy (types)", "src/sandbox (types)", "src/statistics"],
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
  "src/agent": ["src/llm", "src/plot", "src/policy", "src/sandbox", "src/environment"],
  "src/training": aboveLives,
  "src/evaluation": [...aboveLives, "src/sandbox (types)"],
  "src/cli": ["*"],
  src: ["*"],
};

describe("the import plan", () => {
  const edges = importEdges(sourceFiles(["kernel", "src"]));

  it("is kept by every import in kernel and src", () => {
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
});

function allowed(from: string, to: string, typeOnly: boolean): boolean {
  const may = plan[from] ?? [];
  if (typeOnly && may.includes(`${to} (types)`)) return true;
  const leaf =
    ["src/random", "src/data", "src/display", "kernel/common"].includes(to) && from.split("/")[0] === to.split("/")[0];
  return may.includes("*") ? to.startsWith("src/") : may.includes(to) || leaf;
}

/** `src/policy/menu.ts` to `src/policy`, `kernel/main.ts` to `kernel`: one noun a folder, deeper ones belong to it. */
function folderOf(file: string): string {
  const parts = dirname(file).split("/");
  return parts.slice(0, 2).join("/");
}
