/**
 * `npm run draw:problems`: writes `data/coding/ladder.json` out of the grammar and the textbook problems of `coding/`. Same seed,
 * same file. `-- --split sealed --seed A-WORD-OF-YOURS --output FILE` draws sealed ones, of families that are in no other split,
 * from a seed that nobody else knows: keep both out of the tree.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import type { CodeSplit } from "../src/coding/index.ts";
import { dataPath } from "../src/data/index.ts";
import { drawLadder } from "./coding/draw.ts";
import { takenElsewhere } from "./coding/taken.ts";

const { values } = parseArgs({
  options: {
    split: { type: "string", default: "dev" },
    seed: { type: "string" },
    counts: { type: "string" },
    output: { type: "string" },
  },
});

const split = values.split as CodeSplit;
if (split === "sealed" && (values.seed === undefined || values.output === undefined))
  throw new Error("Sealed problems need a `--seed` that nobody else knows, and an `--output` outside the tree");
const counts = (values.counts ?? (split === "dev" ? "94,86,84,84" : "30,40,40,40")).split(",").map(Number);
const output = values.output ?? dataPath("coding", "ladder.json");
const records = drawLadder({
  ...{ split, seed: values.seed ?? "1", counts, isTaken: await takenElsewhere() },
  onProblem: (done) => done % 50 === 0 && console.log(`${done} problems`),
});
mkdirSync(dirname(output), { recursive: true });
writeFileSync(output, `[\n${records.map((one) => `  ${JSON.stringify(one)}`).join(",\n")}\n]\n`);
for (const kind of ["textbook", "composed"]) {
  const own = records.filter((one) => one.kind === kind);
  const levels = [1, 2, 3, 4].map((level) => own.filter((one) => one.level === level).length);
  console.log(
    `${kind}: ${own.length} problems, of levels 1 to 4 ${levels.join(", ")}, in ${new Set(own.map((one) => one.family)).size} families`,
  );
}
console.log(
  `mutants kept ${records.flatMap(({ mutants }) => mutants).length}, equal ${records.flatMap(({ equal }) => equal).length}`,
);
console.log(output);
