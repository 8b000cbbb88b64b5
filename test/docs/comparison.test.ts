/** README's account of the paper's comparison beside the kept figures of the run, and the goals that such a run is judged by. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { familiesOf } from "../../bench/comparison/families.ts";
import { heldOutBySeed } from "../../bench/comparison/held-out.ts";
import {
  adapterGoals,
  comparisonGoals,
  type KeptComparison,
  keptOf,
  readmeTable,
} from "../../bench/comparison/kept.ts";
import { judgeGoal } from "../../bench/goals.ts";
import type { Episode } from "../../src/episode/index.ts";
import type { Interval } from "../../src/statistics/index.ts";
import { type MicroTask, taskSplits } from "../../src/tasks/index.ts";
import { root } from "./blocks.ts";

const read = (): KeptComparison =>
  JSON.parse(readFileSync(join(root, "bench/results/comparison.json"), "utf8")) as KeptComparison;
const [, readme] = /^## The paper's comparison\n([^]*?)^## /m.exec(readFileSync(join(root, "README.md"), "utf8"))!;

describe("README's comparison", () => {
  it("shows the table of the kept run, what is beyond sharpening on each part, and which goals are not met", () => {
    const kept = read();
    assert.ok(readme!.includes(`\n${readmeTable(kept)}\n`), readmeTable(kept));
    assert.deepEqual(Object.keys(kept.results), [...taskSplits]);
    for (const [split, policies] of Object.entries(kept.results)) {
      for (const name of ["trained", "adapter"]) {
        const { estimate, low, high } = policies[name]!.beyondControl!.successRate!;
        const [more, from, to] = [estimate, low, high].map((share) => (100 * share).toFixed(0).replace("-", "−"));
        const row = new RegExp(`\\| ${split} +\\|.*[ |]${more} \\(${from} to ${to}\\)`);
        assert.match(readme!, row, `${split}, ${name}: ${more} (${from} to ${to})`);
      }
      for (const { harmfulSteps } of Object.values(policies)) assert.equal(harmfulSteps!.estimate, 0);
    }
    const goals = [...comparisonGoals(kept.results), ...adapterGoals(kept.results)];
    const missed = goals.filter((goal) => judgeGoal(goal) === "missed");
    for (const { goal } of missed) assert.ok(readme!.includes(`"${goal}"`), goal);
    const { updates, episodes } = kept.trained!;
    assert.match(readme!, new RegExp(`${updates} updates of ${episodes} episodes`));
    assert.match(readme!, new RegExp(`${kept.adapted!.updates} of ${kept.adapted!.episodes}`));
    assert.match(readme!, new RegExp(`--evaluate ${kept.episodes}\\b`));
  });

  for (const [name, passage] of [
    ["learnable", /\*\*Tasks that teach first[^]*?\*\*([^]*?)\n\n/],
    ["replay", /\*\*Learning again from what went well[^]*?\*\*([^]*?)\n\n/],
    ["entropy", /\*\*No setting on top of that[^]*?\*\*([^]*?)\n\n/],
  ] as const)
    it(`tells what adapters did on held-out tasks that were trained otherwise, all seeds and each: ${name}`, () => {
      const kept = JSON.parse(readFileSync(join(root, `bench/results/${name}.json`), "utf8")) as KeptComparison;
      const [, told] = passage.exec(readme!)!;
      const shown = ({ estimate, low, high }: Interval, digits: number): string => {
        const [more, from, to] = [estimate, low, high].map((share) => (100 * share).toFixed(digits).replace("-", "−"));
        return `${more} (${from} to ${to})`;
      };
      for (const split of ["known", "unseen"])
        assert.ok(told!.includes(shown(kept.results[split]!.adapter!.beyondControl!.successRate!, 0)), split);
      assert.equal(kept.heldOut!.length, kept.adapted!.seeds);
      for (const [i, seed] of kept.heldOut!.entries()) assert.ok(told!.includes(shown(seed, 1)), `seed ${i + 1}`);
      // Both runs met the same lives: the sharpened model did the same in them.
      for (const split of taskSplits)
        assert.deepEqual(kept.results[split]!.sharpened!.successRate, read().results[split]!.sharpened!.successRate);
    });

  it("would be told to miss them: the goals fail where the trained policy is no better than the pretrained one", () => {
    const states = (results: KeptComparison["results"]) =>
      comparisonGoals(results).map((goal) => `${goal.goal.split(":")[0]} ${judgeGoal(goal)}`);
    const { results } = read();
    const { pretrained, trained } = results.training!;
    Object.assign(trained!, { survival: pretrained!.survival, variety: pretrained!.variety / 2 - 0.01 });
    trained!.harmfulSteps = { estimate: 0.009, low: 0.005, high: 0.012 };
    const nothing = { estimate: 0, low: -0.1, high: 0.1, clusters: 64 };
    trained!.beyondReference = { survival: nothing, successRate: nothing };
    trained!.successRate = { ...trained!.successRate!, estimate: 0.02, low: 0, high: 0.05 };
    trained!.beyondControl!.successRate = { estimate: -0.3, low: -0.4, high: -0.1, clusters: 64 };
    assert.deepEqual(states(results).slice(0, 6), [
      ...["training missed", "training missed", "training missed"],
      ...["training within the noise", "training missed", "training missed"],
    ]);
  });

  it("counts what was done of each family, and promises of adapters what is held out", () => {
    const step = (task: string, solved?: boolean) => ({ task, ...(solved !== undefined && { solved }) });
    const life = (fault: boolean, ...steps: object[]) => ({ fault, steps }) as unknown as Episode;
    const tasks = ["a", "b", "c"].map((id) => ({ id, family: id === "c" ? "loops" : "set" })) as unknown as MicroTask[];
    const lives = [
      life(false, step("a", true), step("b", false)),
      life(false, step("c", false), step("a")),
      life(true, step("a", true)),
    ];
    assert.deepEqual(familiesOf({ known: { adapter: lives, nobody: [] } }, tasks), {
      known: { adapter: { set: { steps: 2, solved: 1 }, loops: { steps: 1, solved: 0 } }, nobody: {} },
    });
    const beyond = (estimate: number, low: number, high: number) =>
      ({
        adapter: { beyondControl: { successRate: { estimate, low, high, clusters: 9 } } },
      }) as unknown as KeptComparison["results"][string];
    const goals = adapterGoals({
      training: beyond(1, 1, 1),
      known: beyond(0.13, 0.05, 0.2),
      unseen: beyond(0.07, -0.02, 0.17),
    });
    assert.deepEqual(
      goals.map((goal) => [goal.measured, judgeGoal(goal)]),
      [
        [5, "met"],
        [13, "within the noise"],
        [-2, "missed"],
      ],
    );
    const { adapter: _, ...others } = read().results.known!;
    assert.deepEqual(adapterGoals({ known: others }), [], "without adapters nothing is promised of them");
  });

  it("tells each adapter's seed from the sharpened model on held-out tasks, clustered by the operation asked", () => {
    const life = (fault: boolean, ...solved: (boolean | undefined)[]) =>
      ({
        fault,
        steps: solved.map((own, i) => ({
          task: "abcd"[i],
          score: own === undefined ? null : 1,
          ...(own !== undefined && { solved: own }),
        })),
      }) as unknown as Episode;
    const tasks = ["a", "b", "c", "d"].map((id, i) => ({ id, family: id, operation: i < 2 ? "first" : undefined }));
    const sharpened = [life(false, false, false, true, false), life(true, true, true, true, true)];
    const better = [life(false, true, false, true, undefined), life(false, true, true, true, true)];
    const episodes = {
      known: { sharpened, adapter: [...sharpened, ...better] },
      unseen: {},
      training: { sharpened: better },
    };
    const [same, second, ...more] = heldOutBySeed(episodes, tasks as unknown as MicroTask[]);
    assert.deepEqual([same!.estimate, same!.clusters, more.length], [0, 3, 0]);
    // By hand: 6 of 7 less 1 of 4; operations first, c and d.
    assert.ok(Math.abs(second!.estimate - (6 / 7 - 1 / 4)) < 1e-12);
    assert.equal(second!.clusters, 3);
    assert.deepEqual(heldOutBySeed({ known: {} }, []), []);
  });

  it("cannot be kept of a run that has not ended: it says what to do", async () => {
    const folder = mkdtempSync(join(tmpdir(), "comparison-"));
    try {
      await assert.rejects(keptOf(folder), {
        message: `There is no finished comparison in ${folder}: let \`npm run bench:comparison\` end, then keep it`,
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
