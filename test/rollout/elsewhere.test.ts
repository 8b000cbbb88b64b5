/** Episodes that somebody else plays: who listens hears what is heard of episodes played here, in the order of their numbers. */

import assert from "node:assert/strict";
import { type Environment, SurvivalEnv } from "../../src/environment/index.ts";
import type { Episode } from "../../src/episode/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { type EpisodeRecord, openRecord } from "../../src/record/index.ts";
import { collect, type Elsewhere, type EpisodeRange, rollout } from "../../src/rollout/index.ts";
import { playPart } from "../../src/workers/part.ts";
import { fakeSandbox, infrastructureError } from "../sandbox/fake.ts";
import { nameEnv } from "../training/fixtures.ts";
import { textOf } from "../workers/equal.ts";

/** Plays parts of two episodes in this process; `asked` keeps what it was asked for. */
function nearby(asked: (EpisodeRange & { traces: boolean })[] = []): Elsewhere {
  return {
    async *play(env, policy, batch, { traces, signal }) {
      asked.push({ ...batch, traces });
      for (let first = batch.first; first < batch.first + batch.episodes; first += 2)
        yield await playPart({ env, policy }, { ...batch, first, episodes: 2 }, { ...(signal && { signal }) });
    },
  };
}

/** Life 3 is spoiled by the sandbox, once. */
const spoiling = () =>
  new SurvivalEnv({
    sandbox: fakeSandbox((_, { life, step }) => (life === 3 && step === 1 ? infrastructureError : {})).sandbox,
    maxSteps: 3,
  });

describe("episodes that are played elsewhere", () => {
  it("are the same, whole batches and parts of one, and asked for as data", async () => {
    const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, maxSteps: 3 });
    const asked: (EpisodeRange & { traces: boolean })[] = [];
    for (const more of [{}, { first: 4, group: 2 }]) {
      const how = { episodes: 6, seed: 9, ...more };
      const [here, there] = [
        await collect(env, editMenu(), how),
        await collect(env, editMenu(), { ...how, on: nearby(asked), traces: true }),
      ];
      assert.equal(textOf(there), textOf(here));
    }
    assert.deepEqual(asked, [
      { seed: 9, first: 0, episodes: 6, group: 1, traces: true },
      { seed: 9, first: 4, episodes: 6, group: 2, traces: true },
    ]);
    await collect(env, editMenu(), { episodes: 1, on: nearby(asked) });
    assert.deepEqual(asked.at(-1), { seed: 0, first: 0, episodes: 1, group: 1, traces: false }, "as its comments say");
  });

  it("are begun as their group is told, here and there", async () => {
    const told = (): Environment<number> => ({
      ...nameEnv(1),
      reset: ({ options } = {}) => {
        begins.push(options?.letter ?? "none");
        return nameEnv(1).reset();
      },
      clone: told,
    });
    const begins: unknown[] = [];
    const begin = [{ letter: "a" }, { letter: "b" }, { letter: "c" }];
    const how = { episodes: 8, group: 2, concurrency: 1, begin };
    for (const on of [undefined, nearby()]) {
      begins.length = 0;
      await collect(told(), () => "good", { ...how, ...(on && { on }) });
      assert.deepEqual(begins, ["a", "a", "b", "b", "c", "c", "none", "none"]);
    }
    for (const [wrong, message] of [
      [{ a: 1 }, 'Expected `begin` to be a list of what `reset` is given, one a group, got {"a":1}'],
      [[{}, 3], "Expected `begin[1]` to be an object, got 3"],
    ] as const)
      await assert.rejects(
        collect(told(), () => "good", { episodes: 1, begin: wrong as never }),
        { message },
      );
  });

  it("are heard of as those that are played here, also those that the sandbox spoiled", async () => {
    const hear = async (on?: Elsewhere, record?: EpisodeRecord) => {
      const heard: string[] = [];
      await rollout(spoiling(), editMenu(), {
        ...{ episodes: 6, concurrency: 1, ...(on && { on }), ...(record && { record }) },
        listen: (index) => ({
          onStart: () => heard.push(`${index} begins`),
          onStep: ({ verdict }) => void heard.push(`${index} ${verdict}`),
          onEnd: ({ id, fault }, actions) => void heard.push(`${index} ends ${id} ${fault} ${actions.length}`),
        }),
        onSpoiled: ({ index }) => void heard.push(`${index} spoiled`),
        onEpisode: ({ index }, done) => void heard.push(`${index} is ${done}`),
      });
      return heard;
    };
    const here = await hear();
    assert.ok(here.includes("3 spoiled"));
    assert.deepEqual(await hear(nearby()), here);
    const ends: number[] = [];
    const onEnd = ({ index }: Episode) => void ends.push(index);
    await collect(spoiling(), editMenu(), {
      episodes: 2,
      on: nearby(),
      listen: (index) => (index === 0 ? {} : { onEnd }),
    });
    assert.deepEqual(ends, [1], "who listens need not listen to everything");
    using record = openRecord(":memory:");
    const recorded = await hear(undefined, record);
    const withoutIds = (lines: readonly string[]) => lines.map((line) => line.replace(/ends \d+/, "ends"));
    assert.deepEqual(withoutIds(recorded), withoutIds(here), "whoever listens beside a record hears the same");
    assert.deepEqual(
      recorded.flatMap((line) => /(?<=ends )\d+/.exec(line) ?? []),
      ["1", "2", "3", "4", "5", "6", "7"],
    );
  });

  it("are recorded with the spoiled ones before them, and have their ids", async () => {
    const kept = async (on?: Elsewhere) => {
      using record = openRecord(":memory:");
      const how = { episodes: 6, concurrency: 1, record, ...(on && { on }) };
      const { episodes } = await rollout(spoiling(), editMenu(), how);
      const ids = episodes.map(({ id }) => id);
      return {
        ids,
        lives: record
          .episodes()
          .map(({ id }) => record.episode(id) as Episode)
          .map(({ steps }) => steps.length),
      };
    };
    const here = await kept();
    assert.deepEqual(here.ids, [1, 2, 3, 5, 6, 7]);
    assert.deepEqual(await kept(nearby()), here);
  });

  it("end with an error of who plays them, and by a notebook's stop", async () => {
    const failing: Elsewhere = {
      // biome-ignore lint/correctness/useYield: it fails before it gives anything
      async *play() {
        throw new Error("the workers are away");
      },
    };
    const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox });
    const scope = globalThis as { kernel?: unknown };
    scope.kernel = { signal: AbortSignal.abort(new Error("interrupted")) };
    const heeding: Elsewhere = {
      async *play(_env, _policy, _batch, { signal }) {
        signal?.throwIfAborted();
        yield { plays: [] };
      },
    };
    try {
      await assert.rejects(collect(env, editMenu(), { episodes: 2, on: heeding }), { message: "interrupted" });
    } finally {
      delete scope.kernel;
    }
    await assert.rejects(collect(env, editMenu(), { episodes: 2, on: failing }), { message: "the workers are away" });
    await assert.rejects(collect(env, editMenu(), { episodes: 2, on: 3 as never }), {
      message: "Expected `on` to be workers, as `workers.redis(url)` or `workers.folder(path)` gives, got 3",
    });
  });
});
