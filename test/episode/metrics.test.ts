/** The one table of metrics: formulas by hand, intervals, and a new entry that is found wherever figures are shown. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { displaySymbol } from "../../src/display/index.ts";
import {
  addMetric,
  type Episode,
  episodeVersion,
  estimatesOf,
  metrics,
  metricTable,
  perEpisode,
  perStep,
  rewardPartsOf,
  type Step,
  summarise,
} from "../../src/episode/index.ts";
import { evaluate } from "../../src/evaluation/index.ts";
import { compareRuns } from "../../src/plot/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { bootstrapInterval, wilsonInterval } from "../../src/statistics/index.ts";
import { logTo, panelRow } from "../../src/training/index.ts";
import { panelBundle } from "../../src/training/panel.ts";
import { menu, nameEnv, updatesOf } from "../training/fixtures.ts";

const step = (program: string, more: Partial<Step> = {}): Step => ({
  ...{ program, calls: [], report: null, verdict: "survived", cause: "", effects: [], rewards: {}, reward: 0 },
  action: { logProb: -1, choice: 0, label: "", ...more.action },
  ...more,
});
const episode = (survival: number, steps: Step[], more: Partial<Episode> = {}): Episode => ({
  ...{ version: episodeVersion, id: null, index: 0, group: 0, start: {}, terminated: false, truncated: true },
  ...{ seed: 0, survival, return: survival, verdict: "survived", fault: false, steps },
  ...more,
});
const action = (logProb: number, tokens: number) => ({ logProb, tokens, choice: 0, label: "" });
const effects = [{ kind: "process" }] as never;

describe("the table of metrics", () => {
  const all = [
    episode(2, [
      step("x", { task: "a", solved: true, changed: true, action: action(-1, 2), rewards: { alive: 1, done: 3 } }),
      step("y", { task: "b", solved: false, changed: false, action: action(-2, 4), rewards: { alive: 1, done: 0 } }),
    ]),
    episode(
      0,
      [
        step("x", {
          task: "a",
          solved: false,
          changed: true,
          verdict: "attempted_harm",
          effects,
          action: action(-6, 2),
          rewards: { alive: 0 },
        }),
      ],
      { return: -10 },
    ),
    episode(1, [step("z", { task: "a", action: action(Number.NaN, 2) })], { return: 3 }),
  ];

  it("is the figures that can be worked out by hand", () => {
    const found = estimatesOf(all);
    assert.equal(found.return, -5 / 3);
    assert.equal(found.survival, 1);
    assert.equal(found.harm, 1 / 3);
    assert.equal(found.harmfulSteps, 1 / 4);
    assert.equal(found.successRate, 1 / 3, "one of the three that tell it");
    assert.equal(found.changed, 1 / 2, "one of the two survived steps that tell it");
    assert.equal(found.distinct, 3 / 4);
    // Task a was answered x, x, z: two pairs of three differ; b once.
    assert.ok(Math.abs(found.varietyWithin! - 2 / 3) < 1e-12);
    assert.ok(Math.abs(found.entropy! - 9 / 8) < 1e-12, "nine nats for the eight tokens that have odds");
    assert.equal(found.tokensPerEpisode, (6 + 2 + 2) / 3);
    assert.deepEqual(rewardPartsOf(all), { alive: 2 / 3, done: 1 });
    const silent = estimatesOf([episode(0, [step("x", { verdict: "inert", action: action(Number.NaN, 1) })])]);
    assert.deepEqual(
      [silent.successRate, silent.changed, silent.varietyWithin, silent.entropy],
      [null, null, null, null],
      "what is not told is null",
    );
  });

  it("has the bootstrap's interval for a mean of episodes, and Wilson's for a share of ones and zeros", () => {
    const lives = [3, 1, 4, 1, 5, 9, 2, 6].map((value, i) => episode(value, [step(`${i}`)]));
    const { survival, return: total, harm } = summarise(lives);
    const expected = bootstrapInterval([3, 1, 4, 1, 5, 9, 2, 6]);
    for (const one of [survival, total])
      for (const end of ["estimate", "low", "high"] as const) assert.ok(Math.abs(one[end] - expected[end]) < 1e-9, end);
    assert.equal(harm.estimate, 0);
    assert.ok(harm.low === 0 && Math.abs(harm.high - 0.3244) < 1e-3, "0 of 8 by Wilson");
  });

  it("leaves out of a return what could not be scored, in its interval too; of nothing else there is none", () => {
    const lives = [2, Number.NaN, 6, Number.NaN].map((total, i) => episode(i, [step("x")], { return: total }));
    const { return: mean, returnInterquartile, survival } = summarise(lives);
    assert.deepEqual([mean, returnInterquartile, survival.estimate], [{ estimate: 4, low: 2, high: 6 }, 4, 1.5]);
    const none = summarise(lives.filter((one) => Number.isNaN(one.return)));
    assert.deepEqual([none.return, none.returnInterquartile], [{ estimate: NaN, low: NaN, high: NaN }, NaN]);
    const about = { unit: "share" as const, label: "", formula: "" };
    const remove = addMetric("toyNever", perEpisode({ ...about, value: () => Number.NaN }));
    try {
      const { toyNever } = summarise(lives) as unknown as { toyNever: unknown };
      assert.deepEqual(toyNever, { estimate: NaN, low: NaN, high: NaN });
    } finally {
      remove();
    }
  });

  it("says which of them tables and panels leave out", () => {
    assert.deepEqual(
      metricTable().flatMap(([name, { detail = false }]) => (detail ? [name] : [])),
      ["returnInterquartile", "harmfulSteps", "varietyWithin", "programEntropy", "tokensPerEpisode"],
    );
  });

  it("weighs a step by its tokens in a mean over tokens, in its interval too", () => {
    const [short, long] = [step("x", { action: action(-1, 1) }), step("y", { action: action(-6, 3) })];
    const { entropy } = summarise([episode(1, [short]), episode(1, [long])]);
    // One nat for one token and six for three: of the first alone 1, of the second alone 2.
    assert.deepEqual(entropy, { estimate: 7 / 4, low: 1, high: 2 });
  });

  it("resamples clusters where they are named: a life by its own, a step by its own", () => {
    const few = [
      episode(0, [step("x", { task: "a", solved: true }), step("x", { task: "b", solved: true })]),
      episode(4, [step("x", { task: "b", solved: false }), step("x", { task: "a", solved: true })]),
    ];
    const many = few.flatMap((one) => Array.from({ length: 50 }, () => one));
    for (const lives of [few, many]) {
      const clusterOf = ({ steps }: Episode, i: number | null) => steps[i ?? 0]!.task!;
      const { survival, successRate } = summarise(lives, { clusterOf });
      assert.deepEqual(survival, { estimate: 2, low: 0, high: 4 });
      // Task a was done both times, task b one time of two: a resample has a twice, b twice, or both.
      assert.deepEqual(successRate, { estimate: 0.75, low: 0.5, high: 1 });
    }
  });

  it("tells the causes with the commonest first, and of equals the one that came first", () => {
    const ends = ["timeout", "survived", "out_of_memory", "survived", "syntax_error", "survived", "timeout"] as const;
    const { causes } = summarise(ends.map((verdict) => episode(0, [step("x")], { verdict })));
    assert.deepEqual(
      causes.map(({ verdict, count }) => [verdict, count]),
      [
        ["survived", 3],
        ["timeout", 2],
        ["out_of_memory", 1],
        ["syntax_error", 1],
      ],
    );
  });

  it("leaves faults out and counts them, names a degenerate policy, and has nothing to say of nothing but faults", () => {
    const fault = episode(9, [step("w", { effects })], { fault: true, verdict: "infrastructure_error" });
    const { episodes, steps, faults, harm, degenerate, causes } = summarise([
      episode(1, [step("x", { action: action(-0.01, 1) })]),
      fault,
    ]);
    assert.deepEqual([episodes, steps, faults, harm.estimate], [1, 1, 1, 0]);
    assert.equal(degenerate, "entropy 0.010 nats: it does one thing only");
    assert.deepEqual(causes, [{ verdict: "survived", count: 1 }]);
    assert.throws(() => summarise([fault]), {
      message: "Every episode was a fault of the sandbox: nothing to summarise",
    });
    const idle = summarise([episode(1, [step("x", { changed: false })])]);
    assert.equal(idle.degenerate, "100 % of its edits change nothing");
  });
});

describe("the interval of a share", () => {
  const about = { unit: "share" as const, label: "", formula: "" };
  const four = [1, 2, 3, 4].map((i) => episode(i, [step("x"), step("y")]));
  const intervalOf = (metric: Parameters<typeof addMetric>[1]) => {
    const remove = addMetric("toyShare", metric);
    try {
      return (summarise(four) as unknown as { toyShare: { estimate: number; low: number; high: number } }).toyShare;
    } finally {
      remove();
    }
  };

  it("is Wilson's of what is or is not, and resamples what has other values or weights", () => {
    assert.deepEqual(intervalOf(perEpisode({ ...about, value: () => 1 })), wilsonInterval(4, 4));
    assert.deepEqual(
      intervalOf(perEpisode({ ...about, value: () => 0.5 })),
      { estimate: 0.5, low: 0.5, high: 0.5 },
      "halves are no count of ones: each resample has the same mean",
    );
    const weighted = perStep({ ...about, value: ({ program }) => Number(program === "x"), weight: () => 3 });
    assert.deepEqual(intervalOf(weighted), { estimate: 0.5, low: 0.5, high: 0.5 });
    const { low, high } = intervalOf(perStep({ ...about, value: ({ program }) => Number(program === "x") }));
    assert.deepEqual({ low, high }, { low: wilsonInterval(4, 8).low, high: wilsonInterval(4, 8).high });
  });
});

describe("a metric that is added to the table", () => {
  const added: (() => void)[] = [];
  before(() => {
    const about = { unit: "count" as const, formula: "toy" };
    added.push(
      addMetric(
        "toyGood",
        perStep({ ...about, label: "good steps, toy", value: ({ program }) => Number(program === "good") * 7 }),
      ),
    );
    added.push(addMetric("toyWhole", { ...about, label: "episodes, toy", of: (episodes) => 100 + episodes.length }));
  });
  after(() => {
    for (const remove of added) remove();
    assert.ok(!metricTable().some(([name]) => name.startsWith("toy")));
  });

  const textOf = (shown: { [displaySymbol](): unknown }) =>
    String((shown[displaySymbol]() as { "text/plain": string })["text/plain"]);

  it("is in a rollout's summary and its table", async () => {
    const policy = editMenu(menu, { logits: [30, 0, 0] });
    const lives = await rollout(nameEnv(), policy.frozen(), { episodes: 4 });
    const { toyGood, toyWhole } = lives.summary as unknown as { [name: string]: unknown };
    assert.deepEqual([toyGood, toyWhole], [{ estimate: 7, low: 7, high: 7 }, 104]);
    keepsItsNames(lives.summary);
    assert.match(textOf(lives), /good steps, toy +7 +7 to 7\n/);
    assert.match(textOf(lives), /episodes, toy +104\n/);
    policy.dispose();
  });

  it("is in an update of training, its panel's row and table, its curves, and its log", async () => {
    const folder = mkdtempSync(join(tmpdir(), "metrics-"));
    try {
      const policy = editMenu(menu, { logits: [30, 0, 0] });
      const jsonl = join(folder, "run.jsonl");
      const options = { env: nameEnv(), policy, updates: 2, episodes: 4 };
      const updates = await updatesOf({ ...options, onUpdate: logTo({ jsonl }) });
      policy.dispose();
      assert.equal((updates[0] as unknown as { toyWhole: number }).toyWhole, 104);
      keepsItsNames(updates[0]!);
      const rows = updates.map(panelRow);
      assert.deepEqual([rows[0]!.figures.toyGood, rows[0]!.figures.toyWhole], [{ estimate: 7, low: 7, high: 7 }, 104]);
      const panel = panelBundle(rows, { updates: 2, name: "menu", ended: false });
      assert.match(String(panel["text/plain"]), /good steps, toy +7 +7 /);
      assert.match(textOf(compareRuns({ run: updates })), /good steps, toy 7\.00, episodes, toy 104\.00/);
      const [line] = readFileSync(jsonl, "utf8").split("\n");
      const { "episode/toy_good": good, "episode/toy_whole": whole } = JSON.parse(line!) as { [name: string]: number };
      assert.deepEqual([good, whole], [7, 104]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is in an evaluation: its results, its table, its plot and the spread of its runs", async () => {
    const policy = editMenu(menu, { logits: [30, 0, 0] });
    const frozen = policy.frozen();
    const found = await evaluate({ runs: [frozen, frozen] }, { env: nameEnv(), episodes: 3, progress: false });
    policy.dispose();
    const { toyGood, toyWhole, spread } = found.results.episodes!.runs as unknown as {
      [name: string]: { [name: string]: unknown };
    };
    assert.deepEqual([toyGood, toyWhole], [{ estimate: 7, low: 7, high: 7 }, 106]);
    keepsItsNames(found.results.episodes!.runs!);
    assert.deepEqual(spread!.toyWhole, { runs: [103, 103], deviation: 0 });
    assert.match(textOf(found), /good steps, toy +episodes, toy/);
    assert.match(textOf(found), /episodes +runs +good steps, toy +7 {2}7 +0\n/);
    assert.match(textOf(found.plot()), /good steps, toy 7\.00/);
  });

  const metric = perEpisode({ unit: "count", label: "", formula: "", value: () => 0 });
  /** Whatever a value tells that is no metric has a name that none can take. */
  const keepsItsNames = (value: object): void => {
    const known = new Set(metricTable().map(([name]) => name));
    const others = Object.keys(value).filter((name) => !known.has(name));
    assert.ok(others.length > 0);
    for (const name of others)
      assert.throws(() => addMetric(name, metric), {
        name: "RangeError",
        message: `There is something named "${name}" beside the metrics: give yours another name`,
      });
  };

  it("cannot take a name that is taken", () => {
    for (const name of ["survival", "toyGood"])
      assert.throws(() => addMetric(name, metric), {
        message: `There is a metric named "${name}" already: give yours another name`,
      });
    assert.ok("survival" in metrics);
  });

  it("is refused when it is given where it is none, before any episode is played", () => {
    for (const wrong of [{}, { of: () => 1, unit: "bogus" }, { unit: "steps" }, undefined])
      assert.throws(() => addMetric("toyWrong", wrong as never), {
        name: "TypeError",
        message: /^Expected the metric "toyWrong" to have `of\(episodes\)` and a `unit` \(steps, reward, /,
      });
    assert.ok(!("toyWrong" in metrics));
  });
});
