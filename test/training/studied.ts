/** A study that another process kills: `studied.ts FILE`. Prints a line an update, then the curves, measures and weights. */

import { editMenu } from "../../src/policy/index.ts";
import { study } from "../../src/training/index.ts";
import { menu, nameEnv } from "./fixtures.ts";

const { runs } = await study({
  env: nameEnv(),
  makePolicy: () => editMenu(menu),
  variants: { mean: { estimator: "mean", updates: 4, episodes: 8 }, literal: { estimator: "raw-return", updates: 4 } },
  seeds: [1, 2, 3],
  evaluationEpisodes: 10,
  ...(process.argv[2] && { file: process.argv[2] }),
  onProgress: (done, _, what) => console.log(`${done} ${what}`),
});
console.log(JSON.stringify(runs.map(({ policy, ...run }) => [run, [...policy.variables[0]!.dataSync()]])));
