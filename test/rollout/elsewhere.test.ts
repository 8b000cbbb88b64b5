/** Episodes that somebody else plays: who listens hears what is heard of episodes played here, in the order of their numbers. */

import assert from "node:assert/strict";
import { SurvivalEnv } from "../../src/environment/index.ts";
import type { Episode } from "../../src/episode/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { openRecord } from "../../src/record/index.ts";
import { collect, type Elsewhere, type EpisodeRange, rollout } from "../../src/rollout/index.ts";
import { playPart } from "../../src/workers/part.ts";
import { fakeSandbox, infrastructureError } from "../sandbox/fake.ts";
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
  });

  it("are heard of as those that are played here, also those that the sandbox spoiled", async () => {
    const hear = async (on?: Elsewhere) => {
      const heard: string[] = [];
      await collect(spoiling(), editMenu(), {
        ...{ episodes: 6, concurrency: 1, ...(on && { on }) },
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

  it("end with an error of who plays them", async () => {
    const failing: Elsewhere = {
      // biome-ignore lint/correctness/useYield: it fails before it gives anything
      async *play() {
        throw new Error("the workers are away");
      },
    };
    const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox });
    await assert.rejects(collect(env, editMenu(), { episodes: 2, on: failing }), { message: "the workers are away" });
    await assert.rejects(collect(env, editMenu(), { episodes: 2, on: 3 as never }), {
      message: "Expected `on` to be workers, as `workers.redis(url)` or `workers.folder(path)` gives, got 3",
    });
  });
});
