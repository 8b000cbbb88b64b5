/** What a rollout's table and an episode's page show, life by life, and what is closed before a replay is told. */

import assert from "node:assert/strict";
import { displaySymbol } from "../../src/display/index.ts";
import { type Environment, SurvivalEnv } from "../../src/environment/index.ts";
import type { Policy } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { fakeSandbox, infrastructureError } from "../sandbox/fake.ts";
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

describe("a rollout some of whose episodes were not scored", () => {
  it("has them last in its table, and neither for its worst nor for its best, unless all are such", async () => {
    const returnsOf = async (...returns: number[]) => {
      let next = 0;
      const own = (): Environment<number> => {
        const inner = nameEnv(1);
        const step = async (program: string) => ({ ...(await inner.step(program)), reward: returns[next++]! });
        return { ...inner, step, clone: own };
      };
      const lives = await rollout(own(), () => "good", { episodes: returns.length, concurrency: 1 });
      const rows = (await textOf(lives.table())).split("\n").slice(2);
      return [lives.worst().index, lives.best().index, rows.map((row) => Number(row.trim().split(/\s+/)[0]))];
    };
    const { NaN: none } = Number;
    assert.deepEqual(await returnsOf(5, none, 7, none, 3, 7, 1), [6, 2, [6, 4, 0, 2, 5, 1, 3]]);
    assert.deepEqual(await returnsOf(none, 4, none, 2), [3, 1, [3, 1, 0, 2]]);
    assert.deepEqual(await returnsOf(none, none), [0, 0, [0, 1]]);
  });

  it("shows what was solved before a step that could not be scored", async () => {
    let asked = 0;
    const tasks = [{ id: "a", ask: "Do.", score: () => (asked++ < 2 ? 1 : null) }];
    const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, tasks, maxSteps: 3 });
    const lives = await rollout(env, () => "self.a = 1", { episodes: 1 });
    const [, head, row] = (await textOf(lives.table())).split("\n");
    assert.match(head!, /tasks solved/);
    assert.match(row!, /^ *0 +3 +NaN +survived +2 /);
    const plain = await rollout(new SurvivalEnv({ sandbox: fakeSandbox().sandbox, maxSteps: 1 }), () => "1", {
      episodes: 1,
    });
    assert.doesNotMatch(await textOf(plain.table()), /tasks solved/);
  });
});

describe("the figures of a rollout", () => {
  it("are of its sound lives: how long each lived, and how they ended", async () => {
    const { sandbox } = fakeSandbox((program, { life, step }) => {
      if (life >= 3) return infrastructureError;
      return step === life ? { verdict: "inert", cause: program } : {};
    });
    const lives = await rollout(new SurvivalEnv({ sandbox, maxSteps: 9 }), () => "1", { episodes: 4, concurrency: 1 });
    assert.equal(lives.summary.faults, 1);
    const [bars, ...others] = lives.histogram().data as unknown as { x: number[]; y: number[]; name: string }[];
    assert.deepEqual([bars!.x, bars!.y.map(Math.round), others], [[0, 1, 2], [33, 33, 33], []]);
    assert.match(bars!.name, /\(n = 3\)$/);
    assert.match(JSON.stringify(lives.plot().layout), /How 3 episodes ended/);
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

  it("begins as its group was told to", async () => {
    const tasks = ["a", "b", "c"].map((id) => ({ id, ask: `Do ${id}.`, score: () => 1 }));
    const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, tasks, maxSteps: 2 });
    const begin = ["b", "c", "a"].map((id) => ({ tasks: [id, id] }));
    const { episodes } = await rollout(env, () => "1", { episodes: 6, group: 2, begin });
    assert.deepEqual(
      episodes.map(({ steps }) => steps.map(({ task }) => task).join("")),
      ["bb", "bb", "cc", "cc", "aa", "aa"],
    );
    for (const episode of episodes) {
      assert.equal(String(await episode.replay()), `Episode ${episode.index}: 2 steps agree byte for byte`);
      const { steps } = await episode.fork({ step: 0 });
      assert.deepEqual(
        steps.map(({ task }) => task),
        episode.steps.map(({ task }) => task),
      );
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
