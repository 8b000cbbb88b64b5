/** Who plays episodes, and which: parts of a batch, a runner of one's own, and one call of a policy for many players. */

import assert from "node:assert/strict";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { fromJson, toJson } from "../../src/episode/index.ts";
import { gather } from "../../src/policy/gather.ts";
import { editMenu, type Policy } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { openRecord } from "../../src/record/index.ts";
import { type CollectOptions, collect, localRunner, type Runner, rollout } from "../../src/rollout/index.ts";
import { timeless } from "../episode/timeless.ts";
import { fakeSandbox } from "../sandbox/fake.ts";

/** Draws a number for what it sees; `asked` keeps how many it was asked for at once. */
const drawing = (batch: number, asked: number[] = []): Policy => ({
  name: "drawing",
  batch,
  act: async (observations, streams) => {
    asked.push(observations.length);
    return streams.map((stream, i) => {
      const { step = 0 } = observations[i] as { step?: number };
      const program = `self.n = ${step} + ${stream.integer(1e6)}`;
      return { program, label: "drawn", choice: [step, 7], logProb: stream.uniform() < 0.5 ? Number.NaN : -0 };
    });
  },
});

/** Dies by chance of what was drawn, so that lives have different lengths. */
const mortal = () =>
  fakeSandbox((program) => (/[37]$/.test(program) ? { verdict: "runtime_error", cause: "an unlucky number" } : {}))
    .sandbox;

const play = (policy: Policy, more: Partial<CollectOptions> = {}) =>
  collect(new SurvivalEnv({ sandbox: mortal(), maxSteps: 6 }), policy, { episodes: 24, seed: 5, ...more });

const textOf = (episodes: Awaited<ReturnType<typeof collect>>): string =>
  episodes.map((episode) => toJson(timeless(episode))).join("\n");

describe("a batch of episodes in parts", () => {
  const policies: [string, Policy][] = [
    ["one by one", drawing(1)],
    ["side by side", drawing(8)],
    ["many steps at once", editMenu()],
  ];
  for (const [how, policy] of policies)
    it(`is the whole, byte for byte: two halves, three parts that cut through groups, and one alone, ${how}`, async () => {
      const whole = textOf(await play(policy, { group: 4 }));
      for (const cuts of [[12], [5, 19], [1, 2]]) {
        const from = [0, ...cuts];
        const parts = from.map((first, i) =>
          play(policy, { first, episodes: (from[i + 1] ?? 24) - first, group: 4, concurrency: 3 }),
        );
        assert.equal(textOf((await Promise.all(parts)).flat()), whole);
      }
    });

  it("begins at a whole number", async () => {
    for (const first of [-1, 0.5, Number.NaN])
      await assert.rejects(play(drawing(1), { first }), {
        message: `Expected \`first\` to be a whole number from 0, got ${first}`,
      });
  });

  it("is recorded with its numbers, and an episode of a part is lived again and forked as of the whole", async () => {
    using record = openRecord(":memory:");
    const env = new SurvivalEnv({ sandbox: mortal(), maxSteps: 6 });
    const { episodes } = await rollout(env, drawing(8), { first: 6, episodes: 4, seed: 5, group: 2, record });
    for (const episode of episodes) {
      const { index, group, seed } = record.episode(episode.id!);
      assert.deepEqual([index, group, seed], [episode.index, Math.floor(episode.index / 2), episode.seed]);
      assert.equal((await episode.replay()).difference, null);
    }
    const [whole] = (await rollout(env, drawing(8), { episodes: 10, seed: 5, group: 2 })).episodes.slice(6);
    const ends = async (life: typeof whole) => textOf([{ ...life!, steps: (await life!.fork()).steps, id: null }]);
    assert.equal(await ends(episodes[0]), await ends(whole));
  });
});

describe("a runner of one's own", () => {
  /** Everything goes through texts, as to another machine and back. */
  const distant = (inner: Runner, most: number): Runner & { played: number; closed: boolean } => ({
    played: 0,
    closed: false,
    places: async () => most,
    async play(job, how) {
      this.played++;
      const there = JSON.parse(JSON.stringify(job)) as typeof job;
      return fromJson(toJson(await inner.play(there, how)));
    },
    async close() {
      this.closed = true;
    },
  });

  it("gives the same episodes, though jobs and episodes were texts on the way", async () => {
    const env = new SurvivalEnv({ sandbox: mortal(), maxSteps: 6 });
    const runner = distant(localRunner(env, drawing(1)), 3);
    const episodes = await collect(env, drawing(1), { episodes: 24, seed: 5, runner });
    assert.equal(textOf(episodes), textOf(await play(drawing(1))));
    assert.deepEqual([runner.played, runner.closed], [24, false], "whoever made it closes it");
  });

  it("may play an episode that nobody listens to and nobody stops", async () => {
    const env = new SurvivalEnv({ sandbox: mortal(), maxSteps: 6 });
    const runner = localRunner(env, drawing(1));
    const wanted = (await play(drawing(1), { episodes: 1 }))[0]!;
    assert.equal(textOf([await runner.play({ seed: 5, index: 0 })]), textOf([wanted]));
    await runner.close();
  });

  it("plays as many at once as it has places", async () => {
    let [now, most] = [0, 0];
    const inner = localRunner(new SurvivalEnv({ sandbox: mortal(), maxSteps: 6 }), drawing(1));
    const counting: Runner = {
      places: async () => 2,
      async play(job, how) {
        most = Math.max(most, ++now);
        const episode = await inner.play(job, how);
        now--;
        return episode;
      },
      close: () => inner.close(),
    };
    await play(drawing(1), { runner: counting, concurrency: 9 });
    assert.equal(most, 2);
  });
});

describe("calls of a policy that are gathered", () => {
  it("go out for all who are in play, each step of them at once, and draw what one by one would", async () => {
    const asked: number[] = [];
    const together = await play(drawing(8, asked), { concurrency: 8 });
    assert.equal(textOf(together), textOf(await play(drawing(1))));
    assert.equal(asked[0], 8);
    const rows = together.reduce((sum, { steps }) => sum + steps.length, 0);
    assert.equal(
      asked.reduce((sum, count) => sum + count, 0),
      rows,
    );
    // Who ends makes room for the next, so that all but the last calls are for eight.
    const last = asked.findIndex((count) => count < 8);
    assert.ok(
      asked.slice(last).every((count, i, rest) => i === 0 || count <= rest[i - 1]!),
      asked.join(" "),
    );
  });

  it("go out for each cohort by itself: the programs of one run while another is drawn for, and the episodes are the same", async () => {
    const [asked, log]: [number[], string[]] = [[], []];
    const plain = drawing(8, asked);
    let calls = 0;
    let ranOne = (): void => {};
    const ran = new Promise<void>((resolve) => {
      ranOne = resolve;
    });
    const policy: Policy = {
      ...plain,
      cohorts: 2,
      async act(observations, streams) {
        // The second cohort's first programs are not there before one of the first's has run.
        if (++calls === 2) await ran;
        return plain.act(observations, streams);
      },
    };
    const { sandbox } = fakeSandbox((program) => {
      log.push(program);
      ranOne();
      return {};
    });
    const env = new SurvivalEnv({ sandbox, maxSteps: 3 });
    const episodes = await collect(env, policy, { episodes: 8, seed: 5 });
    assert.deepEqual(asked, new Array<number>(6).fill(4));
    assert.equal(log.length, 24);
    const alone = new SurvivalEnv({ sandbox: fakeSandbox(() => ({})).sandbox, maxSteps: 3 });
    assert.equal(textOf(episodes), textOf(await collect(alone, drawing(8), { episodes: 8, seed: 5 })));
  });

  it("come back to who asked, in the order of their numbers, and an error comes to all", async () => {
    const seen: unknown[][] = [];
    const echo: Policy = {
      name: "echo",
      act: async (observations) => {
        seen.push([...observations]);
        if (observations.includes("fail")) throw new Error("the model is away");
        return observations.map((one) => ({ program: String(one), label: "", choice: 0, logProb: 0 }));
      },
    };
    const gathering = gather(echo);
    const stream = createRandom(1, "test");
    const ask = async (order: number, ...words: string[]) =>
      (
        await gathering.act(
          order,
          words,
          words.map(() => stream),
        )
      ).map(({ program }) => program);
    for (let i = 0; i < 3; i++) gathering.join();
    const first = Promise.all([ask(2, "c"), ask(0, "a", "A"), ask(1, "b")]);
    assert.deepEqual(await first, [["c"], ["a", "A"], ["b"]]);
    assert.deepEqual(seen, [["a", "A", "b", "c"]]);
    const failing = Promise.allSettled([ask(0, "d"), ask(1, "fail"), ask(2, "e")]);
    assert.deepEqual(
      (await failing).map((one) => (one.status === "rejected" ? (one.reason as Error).message : one.value)),
      new Array(3).fill("the model is away"),
    );
    const waiting = Promise.all([ask(0, "f"), ask(1, "g")]);
    assert.equal(seen.length, 2, "the third may still ask");
    gathering.leave();
    assert.deepEqual(await waiting, [["f"], ["g"]]);
  });

  it("are actions with a program each, else the policy is named with what it gave", async () => {
    for (const [given, told] of [
      [null, "null"],
      ["self.x = 1", '"self.x = 1"'],
      [["self.x = 1"], '"self.x = 1"'],
      [[undefined], "undefined"],
      [[{ program: 3 }], '{"program":3}'],
    ] as const)
      await assert.rejects(play({ ...drawing(1), name: "own", act: async () => given as never }), {
        name: "TypeError",
        message: `The policy own gave ${told}: let act() give a list of actions, { program, logProb, choice, label }, or be a function that gives programs`,
      });
  });

  it("are as many actions as were asked for, else the policy is named", async () => {
    const lazy: Policy = { ...drawing(1), name: "lazy", act: async () => [] };
    for (const batch of [1, 8])
      await assert.rejects(play({ ...lazy, batch }), {
        name: "TypeError",
        message: `The policy lazy gave 0 actions for ${batch} ${batch === 1 ? "observation" : "observations"}: let act() give one for each`,
      });
  });
});
