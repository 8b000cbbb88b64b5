/**
 * `npm run test:trl -- PYTHON`: TRL's GRPOTrainer takes three steps on lives of `autoagent env serve`. PYTHON is an interpreter
 * that has trl, transformers, datasets and torch, 1.2 GB of packages, which is why no other test asks for it. Exit code 1
 * if anything is wrong, and where the interpreter lacks them, with a sentence.
 */

import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { reportOutcomes, runFile } from "./calls.ts";
import { installInto } from "./environments.ts";
import { withServer } from "./served.ts";

const [python = "python3"] = process.argv.slice(2);
const root = resolve(import.meta.dirname, "../..");
const probe = spawnSync(python, ["-c", "import trl, torch, datasets"], { encoding: "utf8" });
if (probe.status !== 0) {
  const why = probe.stderr?.trim().split("\n").at(-1) || String(probe.error);
  console.log(
    `${python} lacks what this needs (${why}): give an interpreter with trl, transformers, datasets and torch`,
  );
  process.exitCode = 1;
} else {
  const beside = installInto(python);
  const outcomes = await withServer((url, expected) =>
    runFile(python, "trl_run.py", [url, expected], { PYTHONPATH: [join(root, "python", "src"), beside].join(":") }),
  );
  process.exitCode = reportOutcomes(outcomes, { least: 2 });
}
