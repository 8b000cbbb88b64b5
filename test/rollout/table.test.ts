/** What a rollout's table and an episode's page show, life by life, and what is closed before a replay is told. */

import assert from "node:assert/strict";
import { displaySymbol } from "../../src/display/index.ts";
import { type Environment, SurvivalEnv } from "../../src/environment/index.ts";
import type { Policy } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";
import { nameEnv } from "../training/fixtures.ts";

/** Writes what `program` says of the life's own draw, without a name for it. */
const writing = (program: (drawn: number) => string): Policy => ({
  name: "writing",
  act: async (_, streams) =>
    streams.map((stream) => ({ program: program(stream.uniform()), label: "", choice: 0, logProb: 0 })),
});

const textOf = async (shown: { [displaySymbol](): unknown }): Promise<string> =>
  ((await shown[displaySymbol]()) as { "text/plain": string })["text/plain"];

/** Dies at once of half of its programs. */
const deadly = () =>
  fakeSandbox((program) => (program.startsWith("die") ? { verdict: "runtime_error", cause: "it died" } : {}));

describe("the table of a rollout", () => {
  const policy = writing((drawn) => (drawn < 0.5 ? "die();\nsecond line" : "live();\nsecond line"));

  it("has twenty rows unless it is told otherwise, the lowest returns first, equals in their order", async () => {
    const env = new SurvivalEnv({ sandbox: deadly().sandbox, maxSteps: 3 });
    const lives = await rollout(env, policy, { episodes: 25, seed: 4 });
    const lines = (await textOf(lives.table())).split("\n");
    assert.equal(lines[0], "writing: 20 of 25 episodes, the lowest returns first");
    const shown = lines.slice(2).map((line) => {
      const [life, , total] = line.trim().split(/\s+/);
      return [Number(total), Number(life)] as const;
    });
    const expected = lives.episodes
      .map(({ return: total, index }) => [total, index] as const)
      .sort((a, b) => a[0] - b[0] || a[1] - b[1])
      .slice(0, 20);
    assert.deepEqual(shown, expected);
    assert.ok(new Set(expected.map(([total]) => total)).size > 1, "the lives of this seed end alike: choose another");
    const whole = (await textOf(lives.table({ most: 100 }))).split("\n");
    assert.deepEqual([whole[0], whole.length], ["writing: 25 of 25 episodes, the lowest returns first", 27]);
  });

  it("shows the first line of a life's last program", async () => {
    const env = new SurvivalEnv({ sandbox: deadly().sandbox, maxSteps: 3 });
    const text = await textOf((await rollout(env, policy, { episodes: 4, seed: 4 })).table());
    assert.match(text, /(die|live)\(\);/);
    assert.doesNotMatch(text, /second line/);
  });
});

describe("an episode's page", () => {
  it("names a step by its first line that says something, and one that does nothing by that", async () => {
    const page = async (program: string): Promise<string> => {
      const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, maxSteps: 1 });
      const { episodes } = await rollout(
        env,
        writing(() => program),
        { episodes: 1 },
      );
      return textOf(episodes[0]!);
    };
    assert.match(await page(""), /\(nothing\)/);
    assert.match(await page("\n  \n"), /\(nothing\)/);
    const said = await page("\n\nself.a = 1;\nself.b = 2;");
    assert.match(said, /self\.a = 1;/);
    assert.doesNotMatch(said, /\(nothing\)|self\.b/);
  });
});

describe("an episode's page, of an environment without a sandbox", () => {
  it("marks the steps that did what was asked, and has a certificate without an agent", async () => {
    const asking = (): Environment<number> => {
      const inner = nameEnv(3);
      const step = async (program: string) => {
        const transition = await inner.step(program);
        return { ...transition, info: { ...transition.info, solved: program === "good", changed: program !== "good" } };
      };
      return { ...inner, step, clone: asking };
    };
    let drawn = 0;
    const { episodes } = await rollout(asking(), () => (drawn++ === 0 ? "good" : "fatal"), { episodes: 1 });
    const lines = (await textOf(episodes[0]!)).split("\n");
    assert.match(lines[1]!, /changed +did what was asked$/);
    assert.deepEqual(
      lines.slice(2, 4).map((line) => line.replace(/[^★✎]/g, "")),
      ["★", "✎"],
    );
    const { survived, lastLiving } = episodes[0]!.certificate;
    assert.deepEqual([survived, lastLiving], [1, []]);
  });
});

describe("a replay or fork of an episode", () => {
  it("is of the life with the episode's own seed, whatever its number and group", async () => {
    const seeing = fakeSandbox((_, { options }) => ({ output: `${options.seed}` }));
    const env = new SurvivalEnv({ sandbox: seeing.sandbox, maxSteps: 2 });
    for (const how of [{ group: 1 }, {}, { group: 2 }, { seed: 5, group: 3 }]) {
      const { episodes } = await rollout(env, () => "self.a = 1", { episodes: 5, ...how });
      for (const episode of episodes)
        assert.equal(String(await episode.replay()), `Episode ${episode.index}: 2 steps agree byte for byte`);
      assert.equal(new Set(episodes.map(({ seed }) => seed)).size, Math.ceil(5 / (how.group ?? 1)));
    }
  });

  it("has closed its environment when it is told, of a life that cannot be closed at once too", async () => {
    const { sandbox, opened } = deadly();
    const closed = new Set<object>();
    const slow: typeof sandbox = {
      ...sandbox,
      open: async (options) => {
        const life = await sandbox.open(options);
        return {
          ...life,
          close: async () => {
            await new Promise((resolve) => setTimeout(resolve, 20));
            closed.add(life);
          },
        };
      },
    };
    const env = new SurvivalEnv({ sandbox: slow, maxSteps: 2 });
    const { episodes } = await rollout(
      env,
      writing(() => "self.a = 1"),
      { episodes: 2 },
    );
    assert.deepEqual([opened.length, closed.size], [2, 2]);
    assert.equal((await episodes[0]!.replay()).agrees, true);
    assert.deepEqual([opened.length, closed.size], [3, 3]);
    // One that ends before its life does has nobody else to close it.
    const longer = new SurvivalEnv({ sandbox: slow, maxSteps: 5 });
    const policy = writing((drawn) => (drawn < 0.5 ? "die()" : "live()"));
    const [dead] = (await rollout(longer, policy, { episodes: 8, seed: 1 })).episodes.filter((e) => e.terminated);
    const before = opened.length;
    const fork = await dead!.fork({ maxSteps: 0 });
    assert.equal(fork.alive, true);
    assert.deepEqual([opened.length, closed.size], [before + 1, before + 1]);
  });
});
