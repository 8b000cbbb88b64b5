/** The code blocks of README, CONTRIBUTING and docs: where each stands, and what of it a test cannot run, with the reason. */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** The repository's root. */
export const root = resolve(import.meta.dirname, "../..");

/** A fenced block. */
export interface Block {
  /** Path from the root, and the line of the fence. */
  place: string;
  file: string;
  /** What stands behind the fence: `ts`, `sh`, or nothing. */
  language: string;
  lines: string[];
}

/** The pages for people, as paths from the root. */
export const pages = [
  "README.md",
  "CONTRIBUTING.md",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join("docs", file)),
];

/** All blocks of the pages, in order. */
export function allBlocks(): Block[] {
  return pages.flatMap((file) => {
    const blocks: Block[] = [];
    let open: Block | null = null;
    for (const [i, line] of readFileSync(join(root, file), "utf8").split("\n").entries()) {
      const fence = /^```(\w*)/.exec(line);
      if (fence === null) open?.lines.push(line);
      else if (open !== null) open = null;
      else {
        open = { place: `${file}:${i + 1}`, file, language: fence[1]!, lines: [] };
        blocks.push(open);
      }
    }
    return blocks;
  });
}

/** Shell lines that no test runs here, by how they begin, and why. One that stands nowhere any more fails the test. */
export const leftOut: { [line: string]: string } = {
  "npm start": "test/notebooks/tour.test.ts runs it",
  "npm test": "it is what runs this",
  "npm run lab": "test/kernel/notebook/lab.test.ts opens it in a browser",
  "npm run pack": "test/package/pack.test.ts packs, unpacks and uses the library",
  "npm install --ignore-scripts autoagent-lab": "test/package/pack.test.ts, without asking a registry",
  "npm run setup:tensorflow": "`npm test` runs it before the tests",
  "npm run setup:smollm2": "`npm test` runs it before the tests",
  "npm run setup:cuda": "247 MB for a card; test/scripts/setup-cuda.test.ts runs it without the download",
  "npm run pretrain": "it takes 22 minutes; test/corpus/pretrain.test.ts trains a small one",
  "npm run bench:token": "it takes an hour; `npm run bench:all` runs it for a minute",
  "npm run mutate": "it takes an hour; test/scripts/mutate.test.ts runs it on a small project",
  "npm run stress:tests": "it takes hours; test/scripts/stress-tests.test.ts runs one file twice",
  "sbatch --array": "there is no Slurm here; test/workers/folder.test.ts runs what it starts",
  "AUTOAGENT_REDIS=": "it does not end; test/workers/redis.test.ts starts workers and gives them parts",
  "npx autoagent serve": "it does not end; test/cli/serve.test.ts starts and asks it",
  "npx autoagent env serve": "it does not end; test/cli/env.test.ts starts and asks it",
  "cat gpu-check.tar.xz": "test/scripts/gpu-check.test.ts unpacks and runs the pack",
  "npm run gpu:check -- --only": "test/scripts/gpu-check.test.ts runs the stages up to the card that is not there",
  "gpu-check/run.sh": "test/scripts/gpu-check.test.ts unpacks and runs the pack",
};

/** Blocks that are no program: what stands for them, by a line of theirs. */
export const noPrograms: { [line: string]: string } = {
  "variant        seeds": "test/notebooks/tour.test.ts compares the table with what `npm start` prints",
  "killed                 times": "test/chaos/chaos.test.ts makes such a table in a small run",
  "kernel/        the Jupyter kernel": "test/docs/figures.test.ts looks for every folder and lesson",
  "from autoagent_env.trl import": "`npm run test:trl` trains a tiny model so",
  "from openenv.core import": "test/trainers/calls.py plays lives so",
  "class SurvivalTextEnv": "SkyRL wants another Python: the page says that it was not run",
  "class ProgramAction": "NeMo Gym wants another Python: the page says that it was not run",
  "flowchart TD": "test/docs/architecture.test.ts draws it again and compares",
};

/** What a TypeScript block would need too long for, and what the test puts in its place; a place that is gone fails it. */
export const smaller: [text: string, instead: string, reason: string][] = [
  [
    'fromPretrained("smollm2", ',
    'fromPretrained("tiny", ',
    "SmolLM2 takes minutes where the bundled model takes seconds",
  ],
  ["updates: 5,", "updates: 2,", "an update on a language model takes seconds"],
  ["  episodes: 48,", "  episodes: 16,", "the same"],
  ["updates: 12, ...head, episodes: 48, group: 8", "updates: 1, ...head, episodes: 8, group: 4", "the same"],
  ["updates: 30 }))", "updates: 3 }))", "sixteen lives of up to fifty steps in each"],
  [", on });", " });", "there is no queue at that address; test/workers/redis.test.ts does it on one"],
  [", on }).run();", " }).run();", "the same"],
  [
    "count: 80 }), samples: 2,",
    "count: 1 }), samples: 1, quality: false,",
    "eight answers of each of three contestants to eighty problems, twice",
  ],
  ['{ prompt: "given", samples: 64 }', "{ samples: 16 }", "the small model has no room for that prompt"],
  ["episodes: 128", "episodes: 8", "a hundred episodes for each of three policies on both splits"],
];
