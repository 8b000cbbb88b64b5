/** Rollouts in a sandbox that fails: a spoiled life is played again once, the same; and lives that begin alike. */

import assert from "node:assert/strict";
import { SurvivalEnv } from "../../src/environment/index.ts";
import type { Policy } from "../../src/policy/index.ts";
import { type CollectOptions, collect, rollout } from "../../src/rollout/index.ts";
import { type FakePlace, fakeSandbox, infrastructureError } from "../sandbox/fake.ts";
import { nameEnv } from "../training/fixtures.ts";
import { until } from "../waiting.ts";

/** Writes a program out of what it sees and what it draws. `batch` above 1: many lives are asked for at once. */
const drawing = (batch: number, openLoop = false): Policy => ({
  name: "drawing",
  batch,
  ...(openLoop && { openLoop }),
  act: async (observations, streams) =>
    streams.map((stream, i) => {
      const { step = 0 } = observations[i] as { step?: number };
      const choice = stream.integer(1e6);
      return { program: `self.n = ${openLoop ? 0 : step} + ${choice}`, label: "", choice, logProb: -1 };
    }),
});

const players: [string, Policy][] = [
  ["one by one", drawing(1)],
  ["side by side", drawing(4)],
  ["many steps at once", drawing(1, true)],
];

/** Crashes at the second step of the lives that `spoils` names: by their seed, and how often it was opened before. */
function unreliable(spoils: (seed: number, before: number) => boolean) {
  const begun = new Map<number, number>();
  const byLife = new Map<number, boolean>();
  const fake = fakeSandbox((_, { life, step, options }: FakePlace) => {
    const seed = options.seed ?? 0;
    if (step === 0) {
      const before = begun.get(seed) ?? 0;
      begun.set(seed, before + 1);
      byLife.set(life, spoils(seed, before));
    }
    return step === 1 && byLife.get(life) ? infrastructureError : {};
  });
  return { ...fake, begun };
}

const lives = async (
  policy: Policy,
  sandbox: ReturnType<typeof fakeSandbox>["sandbox"],
  more: Partial<CollectOptions> = {},
) => collect(new SurvivalEnv({ sandbox, maxSteps: 4 }), policy, { episodes: 10, seed: 6, ...more });

describe("a life that the sandbox spoils", () => {
  for (const [how, policy] of players) {
    it(`is played again once, the same as if nothing had been, ${how}`, async () => {
      const calm = await lives(policy, fakeSandbox().sandbox);
      const third = calm[2]!.seed;
      const { sandbox, begun, opened } = unreliable((seed, before) => seed === third && before === 0);
      const ended: number[] = [];
      const seen = await lives(policy, sandbox, { onEpisode: ({ index }) => void ended.push(index) });
      assert.deepEqual(seen, calm);
      assert.deepEqual([begun.get(third), opened.length], [2, 11]);
      assert.deepEqual(
        ended.sort((a, b) => a - b),
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
        "told of each once",
      );
    });

    it(`twice is kept as a fault and played no third time, and spoils no other, ${how}`, async () => {
      const calm = await lives(policy, fakeSandbox().sandbox);
      const third = calm[2]!.seed;
      const { sandbox, begun } = unreliable((seed) => seed === third);
      const seen = await lives(policy, sandbox);
      assert.equal(begun.get(third), 2);
      assert.deepEqual(
        seen.map(({ fault }) => fault),
        calm.map(({ index }) => index === 2),
      );
      const { verdict, terminated, truncated, steps, return: total } = seen[2]!;
      assert.deepEqual(
        { verdict, terminated, truncated, total },
        { verdict: "infrastructure_error", terminated: false, truncated: true, total: 1 },
      );
      assert.deepEqual(
        steps.map(({ reward }) => reward),
        [1, 0],
      );
      for (const [i, episode] of seen.entries()) if (i !== 2) assert.deepEqual(episode, calm[i]);
    });
  }

  it("each time leaves a rollout whose figures count it, and nothing else of it", async () => {
    const calm = await lives(drawing(4), fakeSandbox().sandbox);
    const { sandbox } = unreliable((seed) => seed === calm[2]!.seed);
    const env = new SurvivalEnv({ sandbox, maxSteps: 4 });
    const { summary, worst, best } = await rollout(env, drawing(4), { episodes: 10, seed: 6 });
    assert.deepEqual([summary.episodes, summary.faults, summary.survival.estimate], [9, 1, 4]);
    assert.deepEqual(summary.causes, [{ verdict: "survived", count: 9 }]);
    assert.deepEqual([worst().fault, best().fault], [false, false]);
    const never = unreliable(() => true);
    await assert.rejects(
      rollout(new SurvivalEnv({ sandbox: never.sandbox }), drawing(1), { episodes: 3 }),
      /^RangeError: Every episode was a fault of the sandbox: nothing to summarise$/,
    );
    assert.equal(never.opened.length, 6);
  });
});

describe("lives of one group", () => {
  for (const [how, policy] of players)
    it(`begin with one seed and are drawn apart, and other groups begin otherwise, ${how}`, async () => {
      const all = await lives(policy, fakeSandbox().sandbox, { episodes: 12, group: 4 });
      assert.deepEqual(
        all.map(({ group }) => group),
        [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2],
      );
      const seeds = all.map(({ seed }) => seed);
      for (const [i, seed] of seeds.entries()) assert.equal(seed, seeds[i - (i % 4)], `life ${i}`);
      assert.equal(new Set(seeds).size, 3);
      const first = all.map(({ steps }) => steps[0]!.program);
      assert.equal(new Set(first).size, 12, "each draws for itself");
      const alone = await lives(policy, fakeSandbox().sandbox, { episodes: 12 });
      assert.equal(new Set(alone.map(({ seed }) => seed)).size, 12, "a group is one life by default");
      const other = await lives(policy, fakeSandbox().sandbox, { episodes: 12, group: 4, seed: 7 });
      assert.ok(
        other.every(({ seed }) => !seeds.includes(seed)),
        "another seed names other lives",
      );
    });

  it("may be larger than what is played at once, and the last may be smaller", async () => {
    for (const [, policy] of players) {
      const all = await lives(policy, fakeSandbox().sandbox, { episodes: 7, group: 5, concurrency: 2 });
      assert.deepEqual(
        all.map(({ group }) => group),
        [0, 0, 0, 0, 0, 1, 1],
      );
      assert.deepEqual(all, await lives(policy, fakeSandbox().sandbox, { episodes: 7, group: 5, concurrency: 7 }));
    }
  });
});

describe("a rollout that is stopped, or fails", () => {
  const slowly = (opens: (life: number) => Promise<unknown>) => {
    const fake = fakeSandbox();
    let next = 0;
    const open: typeof fake.sandbox.open = async (options) => {
      await opens(next++);
      return fake.sandbox.open(options);
    };
    return { ...fake, env: new SurvivalEnv({ sandbox: { ...fake.sandbox, open }, maxSteps: 3 }) };
  };

  it("has closed the lives that it played when it is told", async () => {
    const { env, opened, closed } = slowly(async () => {});
    let asked = 0;
    const failing: Policy = {
      ...drawing(1),
      act: async (...given) => {
        if (++asked === 2) throw new Error("the model is away");
        return drawing(1).act(...given);
      },
    };
    await assert.rejects(collect(env, failing, { episodes: 4, concurrency: 1 }), { message: "the model is away" });
    assert.deepEqual([opened.length, closed()], [1, 1]);
  });

  it("closes those too that are opened while it ends", async () => {
    const stop = new AbortController();
    const late = Promise.withResolvers<void>();
    const { env, opened, closed } = slowly(async (life) => life > 0 && late.promise);
    const policy: Policy = {
      ...drawing(1),
      act: async (...given) => {
        stop.abort(new Error("enough"));
        return drawing(1).act(...given);
      },
    };
    await assert.rejects(collect(env, policy, { episodes: 4, concurrency: 4, signal: stop.signal }), {
      message: "enough",
    });
    assert.deepEqual([opened.length, closed()], [1, 1], "the others are not there yet");
    late.resolve();
    assert.ok(
      await until(() => opened.length === 4 && closed() === 4),
      "the lives that were opened too late are closed",
    );
  });

  it("asks the policy for nothing more for the others, where one of its episodes failed", async () => {
    let asked = 0;
    const failing: Policy = {
      ...drawing(1),
      act: async (...given) => {
        await new Promise((resolve) => setImmediate(resolve));
        if (++asked === 6) throw new Error("the model is away");
        return (await drawing(1).act(...given)).map((action) => ({ ...action, program: "good" }));
      },
    };
    // One that nothing ends when it is closed.
    await assert.rejects(collect(nameEnv(50), failing, { episodes: 8, concurrency: 4 }), {
      message: "the model is away",
    });
    const told = asked + 3; // those who are being asked
    for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(asked <= told, `${asked} of ${told}`);
  });
});

describe("what is collected", () => {
  it("is played in an environment, which has room for one episode at least", async () => {
    for (const play of [collect, rollout])
      for (const given of [undefined, {}, { reset() {}, step() {}, clone() {} }])
        await assert.rejects(play(given as never, drawing(1), { episodes: 1 }), {
          name: "RangeError",
          message: /^Expected `env` to be an environment, with reset\(\), step\(\), clone\(\) and close\(\), .*, got /,
        });
    for (const places of [0, Number.NaN]) {
      const env = new SurvivalEnv({ sandbox: { ...fakeSandbox().sandbox, places } });
      await assert.rejects(collect(env, drawing(1), { episodes: 1 }), {
        message: `The environment has room for ${places} episodes at once: let its places() give 1 at least`,
      });
    }
  });

  it("is asked for by whole numbers above 0", async () => {
    for (const name of ["episodes", "concurrency", "group"])
      for (const value of [0, -1, 1.5, Infinity, Number.NaN])
        await assert.rejects(lives(drawing(1), fakeSandbox().sandbox, { [name]: value }), {
          name: "RangeError",
          message: `Expected \`${name}\` to be a positive integer, got ${value}`,
        });
    assert.equal((await lives(drawing(1), fakeSandbox().sandbox, { episodes: 1, group: 1, concurrency: 1 })).length, 1);
  });

  it("plays eight at once by default, a batch's number where that is more, and no more than it was told", async () => {
    const most = async (policy: Policy, concurrency?: number) => {
      let [now, high] = [0, 0];
      const { sandbox } = fakeSandbox();
      const env = new SurvivalEnv({
        sandbox: {
          ...sandbox,
          open: async (options) => {
            high = Math.max(high, ++now);
            const life = await sandbox.open(options);
            let open = true;
            const close = async (): Promise<void> => {
              if (open) now--;
              open = false;
            };
            return Object.assign(life, { close });
          },
        },
        maxSteps: 3,
      });
      await collect(env, policy, { episodes: 40, ...(concurrency !== undefined && { concurrency }) });
      assert.equal(now, 0, "every life was closed");
      return high;
    };
    assert.equal(await most(drawing(1)), 8);
    assert.equal(await most(drawing(4)), 8);
    assert.equal(await most(drawing(12)), 12);
    for (const batch of [1, 12]) assert.equal(await most(drawing(batch), 3), 3);
  });
});
