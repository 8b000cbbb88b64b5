/**
 * `npm run stress:inert [-- --seeds 20]`: executors that cheat and honest unusual ones, 10 steps a life. Prints how many
 * of each are called alive at the end; fails above 5 % of the cheats, and at one honest life that is called inert.
 */

import { parseArgs } from "node:util";
import { createSandbox } from "../../src/sandbox/index.ts";
import { measure, readDesigns } from "./inert-lives.ts";

const { values } = parseArgs({ options: { seeds: { type: "string", default: "20" }, causes: { type: "boolean" } } });
const seeds = Array.from({ length: Number(values.seeds) }, (_, i) => i);
await using sandbox = await createSandbox({ workers: 2 });

const tally = async (file: "cheats.txt" | "honest.txt") => {
  const rows: Awaited<ReturnType<typeof measure>>[] = [];
  for (const design of readDesigns(file)) rows.push(await measure(sandbox, design, seeds));
  console.log(`\n${file}: ${rows.length} designs, ${seeds.length} seeds, 10 steps`);
  console.table(rows.map(({ causes: _, ...row }) => row));
  if (values.causes) for (const { name, causes } of rows) if (causes[0]) console.log(`${name}: ${causes[0]}`);
  const sum = (key: "lives" | "alive" | "inert"): number => rows.reduce((total, row) => total + row[key], 0);
  return { lives: sum("lives"), alive: sum("alive"), inert: sum("inert") };
};
const cheats = await tally("cheats.txt");
const honest = await tally("honest.txt");
const share = (100 * cheats.alive) / cheats.lives;
console.log(
  `cheats called alive after 10 steps: ${cheats.alive} of ${cheats.lives}, ${share.toFixed(1)} % (goal: at most 5)`,
);
console.log(`honest lives called inert: ${honest.inert} of ${honest.lives} (goal: 0); alive: ${honest.alive}`);
if (share > 5 || honest.inert > 0) process.exitCode = 1;
