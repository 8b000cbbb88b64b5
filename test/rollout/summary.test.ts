/** A rollout as a value, on lives that a fake sandbox reports: its figures and tables, an episode lived again and forked. */

import assert from "node:assert/strict";
import { displaySymbol } from "../../src/display/index.ts";
import { type Environment, SurvivalEnv } from "../../src/environment/index.ts";
import { type Episode, type Step, summarise } from "../../src/episode/index.ts";
import type { Policy } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { type FakePlace, fakeSandbox, infrastructureError } from "../sandbox/fake.ts";

/** Writes the programs of a list, one a step, and the last one from then on. */
const writer = (...programs: string[]): Policy => ({
  name: "writer",
  act: async (observations) =>
    observations.map((seen) => {
      const program = programs[Math.min((seen as { step: number }).step, programs.length - 1)]!;
      return { program, label: "", choice: 0, logProb: -1 };
    }),
});

/** Dies of a program that says so; a life of an unlucky number dies at its second step. */
const sandboxOf = (unlucky: (life: number) => boolean = () => false) =>
  fakeSandbox((program: string, { life, step }: FakePlace) => {
    if (program.includes("harm"))
      return {
        verdict: "attempted_harm",
        cause: "c".repeat(100),
        effects: [{ kind: "process", api: "process.exit", arguments: [], severity: 2, step: 1 }] as never,
      };
    if (program.includes("crash")) return infrastructureError;
    return unlucky(life) && step === 1 ? { verdict: "runtime_error", cause: "unlucky" } : { changed: step % 2 === 0 };
  });

const textOf = (value: unknown): string =>
  (value as { [displaySymbol](): { "text/plain": string } })[displaySymbol]()["text/plain"];

const step = (more: Partial<Step>): Step => ({
  ...{ program: "p", calls: [], report: null, action: { label: "", choice: 0, logProb: -1 } },
  ...{ verdict: "survived", cause: "", effects: [], reward: 0, rewards: {} },
  ...more,
});
const episode = (index: number, more: Partial<Episode>): Episode => ({
  ...{
    version: 1,
    id: null,
    start: {},
    index,
    seed: index,
    group: index,
    steps: [step({})],
    survival: 1,
    verdict: "survived",
    return: 0,
  },
  ...{ terminated: false, truncated: true, fault: false },
  ...more,
});

describe("the figures of a rollout", () => {
  it("are shares of episodes and of steps, without faults, each with its interval", () => {
    const harm = [{ kind: "process" }] as never;
    const all = [
      episode(0, {
        survival: 2,
        return: 4,
        steps: [
          step({ program: "a", changed: true, solved: true }),
          step({ program: "b", changed: false, solved: false }),
        ],
      }),
      episode(1, {
        survival: 0,
        return: -6,
        verdict: "attempted_harm",
        steps: [step({ program: "a", verdict: "attempted_harm", effects: harm, changed: true, solved: false })],
      }),
      episode(2, { survival: 1, return: 2, steps: [step({ program: "c" })] }),
      episode(3, {
        fault: true,
        survival: 9,
        return: 99,
        verdict: "infrastructure_error",
        steps: [step({ program: "d", effects: harm })],
      }),
    ];
    const found = summarise(all);
    const { survival, return: total, harm: harmed, successRate, entropy, programEntropy, changed } = found;
    const { episodes, steps, faults, distinct, degenerate, causes } = found;
    assert.deepEqual(
      { episodes, steps, faults, distinct, degenerate, causes },
      {
        episodes: 3,
        steps: 4,
        faults: 1,
        distinct: 3 / 4,
        degenerate: null,
        causes: [
          { verdict: "survived", count: 2 },
          { verdict: "attempted_harm", count: 1 },
        ],
      },
    );
    assert.deepEqual([survival.estimate, total.estimate], [1, 0]);
    assert.ok(survival.low >= 0 && survival.high <= 2 && survival.low < 1 && survival.high > 1);
    // Wilson's interval at 95 % by its formula: 1 of 3.
    const z = 1.959964;
    const wilson = (k: number, n: number, sign: number): number =>
      (k / n + (z * z) / (2 * n) + sign * z * Math.sqrt(((k / n) * (1 - k / n)) / n + (z * z) / (4 * n * n))) /
      (1 + (z * z) / n);
    for (const interval of [harmed, successRate!]) {
      assert.ok(Math.abs(interval.estimate - 1 / 3) < 1e-12);
      assert.ok(Math.abs(interval.low - wilson(1, 3, -1)) < 1e-4 && Math.abs(interval.high - wilson(1, 3, 1)) < 1e-4);
    }
    assert.equal(changed!.estimate, 1 / 2, "of survived steps that tell it");
    // a twice, b and c once each; each was drawn with one nat.
    assert.ok(Math.abs(programEntropy - (0.5 * Math.log(2) + 0.5 * Math.log(4))) < 1e-12, `${programEntropy}`);
    assert.deepEqual(entropy, { estimate: 1, low: 1, high: 1 });
  });

  it("name what ended most lives first", () => {
    const ends = ["inert", "survived", "timeout", "survived", "timeout", "survived"] as const;
    assert.deepEqual(summarise(ends.map((verdict, i) => episode(i, { verdict }))).causes, [
      { verdict: "survived", count: 3 },
      { verdict: "timeout", count: 2 },
      { verdict: "inert", count: 1 },
    ]);
  });

  it("say nothing of tasks and changes where there are none", () => {
    const { successRate, changed, harm } = summarise([episode(0, {}), episode(1, {})]);
    assert.deepEqual([successRate, changed, harm.estimate], [null, null, 0]);
    assert.deepEqual(summarise([episode(0, { steps: [step({ verdict: "inert", changed: true })] })]).changed, null);
  });

  it("are a table: a row a figure, tasks and faults only where there are some", async () => {
    const env = new SurvivalEnv({ sandbox: sandboxOf((life) => life < 2).sandbox, maxSteps: 4 });
    const lives = await rollout(env, writer("self.n = 1"), { episodes: 8, concurrency: 1 });
    const lines = textOf(lives).split("\n");
    assert.equal(lines[0], "writer: 8 episodes");
    const row = (what: string): string | undefined => lines.find((line) => line.startsWith(what));
    assert.match(row("steps survived, mean")!, /3\.25 +\d\.\d\d to \d\.\d\d$/); // (6 x 4 + 2 x 1) / 8
    assert.match(row("return, mean")!, /-?\d+\.\d +-?\d+\.\d to -?\d+\.\d$/);
    assert.match(row("episodes that attempted harm")!, /0\.0 % +0\.0 % to 32\.4 %$/);
    assert.match(row("entropy, nats a token")!, /1\.00 +1\.00 to 1\.00$/); // the writer says of each program: one nat
    assert.match(row("distinct programs")!, /3\.6 %$/); // one in 6 x 4 + 2 x 2 steps
    assert.match(row("ended: survived")!, /6 +75\.0 %$/);
    assert.match(row("ended: runtime error")!, /2 +25\.0 %$/);
    assert.deepEqual([row("tasks done"), row("faults")], [undefined, undefined]);
    const spoilt = await rollout(env, writer("crash"), { episodes: 2 }).catch((error: Error) => error.message);
    assert.match(String(spoilt), /^Every episode was a fault of the sandbox/);
  });

  it("lives are listed with the lowest return first, twenty where nothing is said; worst and best are the first of equals", async () => {
    const env = new SurvivalEnv({ sandbox: sandboxOf((life) => life === 3 || life === 5).sandbox, maxSteps: 3 });
    const lives = await rollout(env, writer("self.n = 1"), { episodes: 24, concurrency: 1 });
    assert.deepEqual([lives.worst().index, lives.best().index], [3, 0]);
    const lines = (most?: number): string[] => textOf(lives.table(most === undefined ? {} : { most })).split("\n");
    assert.equal(lines()[0], "writer: 20 of 24 episodes, the lowest returns first");
    assert.equal(textOf(lives.table()).split("\n").length, 22);
    assert.deepEqual(
      lines(3)
        .slice(2)
        .map((line) => line.trim().split(/\s+/)[0]),
      ["3", "5", "0"],
    );
    assert.equal(lines(100)[0], "writer: 24 of 24 episodes, the lowest returns first");
  });

  it("a life's row has the first line of what ended it, 60 letters of it, and 80 of the cause", async () => {
    const program = `self.harm = "${"x".repeat(80)}"\nsecond line`;
    const env = new SurvivalEnv({ sandbox: sandboxOf().sandbox, maxSteps: 3 });
    const lives = await rollout(env, writer("self.n = 1", program), { episodes: 1 });
    const row = textOf(lives.table()).split("\n").at(-1)!;
    assert.ok(row.includes(`${program.slice(0, 60)} `) && !row.includes(program.slice(0, 61)), row);
    assert.ok(row.endsWith("c".repeat(80)) && !row.includes("c".repeat(81)), row);
    assert.ok(row.includes("attempted harm"), row);
    const shown = textOf(lives.worst());
    assert.match(shown, /^Episode 0: 1 steps survived, return -?\d+/);
    assert.ok(shown.includes("✎"), "what changed the agent is marked");
  });
});

describe("an episode of a rollout, lived again", () => {
  /** The environment itself, and how many of its copies were made and closed to the end. */
  function counted(env: Environment) {
    const copies = { made: 0, closed: 0 };
    const wrap = (inner: Environment): Environment => ({
      ...inner,
      reset: (options) => inner.reset(options),
      step: (program) => inner.step(program),
      clone: () => {
        copies.made++;
        return wrap(inner.clone());
      },
      close: async () => {
        await inner.close();
        await new Promise((resolve) => setImmediate(resolve));
        copies.closed++;
      },
    });
    return { env: wrap(env), copies };
  }

  it("agrees, or names the step; the environment that it was lived in again is closed by then", async () => {
    const { env, copies } = counted(new SurvivalEnv({ sandbox: sandboxOf().sandbox, maxSteps: 3 }));
    const [life] = (await rollout(env, writer("a", "b", "harm"), { episodes: 1 })).episodes;
    const { made } = copies;
    const same = await life!.replay();
    assert.deepEqual(
      [String(same), same.difference, same.agrees],
      ["Episode 0: 3 steps agree byte for byte", null, true],
    );
    assert.equal(copies.made, made + 1);
    assert.equal(copies.closed, copies.made);
    const was = life!.steps[1]!;
    life!.steps[1] = { ...was, verdict: "inert" };
    const other = await life!.replay();
    assert.equal(String(other), 'Episode 0: step 1 differs in verdict: recorded "inert", replayed "survived"');
    assert.deepEqual([other.agrees, other.difference?.step, other.difference?.replayed], [false, 1, "survived"]);
    life!.steps[1] = was;
    life!.steps.push(was); // a step that is not reached any more
    assert.equal(
      String(await life!.replay()),
      'Episode 0: step 3 differs in verdict: recorded "survived", replayed "not reached"',
    );
    assert.equal(copies.closed, copies.made);
  });

  it("goes on without its last program, or from another step, as long as is asked", async () => {
    const { env, copies } = counted(new SurvivalEnv({ sandbox: sandboxOf().sandbox, maxSteps: 6 }));
    const [life] = (await rollout(env, writer("\n a = 1", "b", "harm", "c"), { episodes: 1 })).episodes;
    assert.deepEqual([life!.steps.length, life!.survival], [3, 2]);
    const fork = await life!.fork();
    assert.deepEqual([fork.step, fork.without, fork.survival, fork.gained, fork.alive], [2, "edit", 6, 4, true]);
    assert.deepEqual(
      fork.steps.map(({ program }) => program),
      ["\n a = 1", "b", "", "c", "c", "c"],
    );
    assert.equal(String(fork), "Episode 0 without the edit of step 2: 6 steps (was 2), survived");
    const lines = textOf(fork)
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(lines[1]!.slice(0, 4), ["step", "program", "as it was", "forked"]);
    assert.deepEqual(lines[2]!.slice(1, 4), ["a = 1", "survived", "survived"], "the first line that is not empty");
    assert.deepEqual(lines[4]!.slice(1, 4), ["(nothing)", "attempted_harm", "survived"]);
    assert.deepEqual(lines[5]!.slice(1, 3), ["c", "survived"], "a step that was not");
    const again = await life!.fork({ step: 0, without: "nothing", maxSteps: 5 });
    assert.deepEqual([again.survival, again.gained, again.alive, again.verdict], [2, 0, false, "attempted_harm"]);
    assert.ok(String(again).startsWith("Episode 0 again from step 0: 2 steps (was 2), attempted_harm: ccc"));
    const short = await life!.fork({ maxSteps: 1 });
    assert.equal(short.steps.length, 4, "three lived again and one more");
    for (const at of [-1, 3, 0.5, Number.NaN])
      await assert.rejects(life!.fork({ step: at }), { message: `Expected \`step\` to be from 0 to 2, got ${at}` });
    assert.equal(copies.closed, copies.made);
  });
});
