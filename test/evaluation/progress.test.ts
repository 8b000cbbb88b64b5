/** How far an evaluation is, and how long it took: of what is played now, also by others and side by side. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { displaySymbol } from "../../src/display/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { evaluate } from "../../src/evaluation/index.ts";
import { batchPlayer } from "../../src/evaluation/play.ts";
import { openProgress } from "../../src/evaluation/progress.ts";
import type { Policy } from "../../src/policy/index.ts";
import type { Elsewhere } from "../../src/rollout/index.ts";
import { playPart } from "../../src/workers/part.ts";
import { fakeSandbox } from "../sandbox/fake.ts";

const writer = (name: string): Policy => ({
  ...{ name, fingerprint: name },
  act: async (observations) => observations.map(() => ({ program: "1", label: "", choice: 0, logProb: -1 })),
});
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("the progress of an evaluation", () => {
  const scope = globalThis as { display?: unknown };
  const { now } = performance;
  let texts: string[];
  beforeEach(() => {
    texts = [];
    const textOf = (value: unknown): string =>
      (value as { [displaySymbol](): { "text/plain": string } })[displaySymbol]()["text/plain"];
    scope.display = async (value: unknown) => {
      texts.push(textOf(value));
      return { update: async (next: unknown) => void texts.push(textOf(next)) };
    };
  });
  afterEach(() => {
    delete scope.display;
    performance.now = now;
  });

  it("tells what is left by what was played now, and at the end how much was known before", async () => {
    let clock = 5000;
    performance.now = () => clock;
    const { show } = openProgress(4, true);
    clock += 10_000;
    show(1, "a", false);
    show(2, "b", true);
    clock += 2500;
    show(3, "c", false);
    show(4, "d", true);
    await turn();
    assert.deepEqual(texts, [
      "Evaluated 1 of 4 batches (a), 10 s, about 30 s left",
      "Evaluated 2 of 4 batches (b), 10 s, about 20 s left",
      "Evaluated 3 of 4 batches (c), 13 s, about 7 s left",
      "Evaluated 4 batches in 13 s; 2 were known",
    ]);
  });

  it("takes nothing for known that workers play side by side, whichever ends first", async () => {
    const folder = mkdtempSync(join(tmpdir(), "autoagent-progress-"));
    try {
      let [begun, ended] = [0, 0];
      const others = Promise.withResolvers<void>();
      const on: Elsewhere = {
        async *play(env, policy, batch) {
          const isFirst = begun++ === 0;
          const part = await playPart({ env, policy }, batch);
          if (isFirst) await others.promise.then(turn);
          yield part;
          if (!isFirst && ++ended === 3) others.resolve();
        },
      };
      const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, maxSteps: 1 });
      const file = join(folder, "episodes.jsonl");
      const options = { env, episodes: 4, batch: 2, file, on };
      await evaluate({ one: writer("one"), two: writer("two") }, options);
      await turn();
      assert.match(texts.at(-1)!, /^Evaluated 4 batches in \d+ s$/);
      await evaluate({ one: writer("one"), two: writer("two") }, options);
      await turn();
      assert.match(texts.at(-1)!, /^Evaluated 4 batches in \d+ s; 4 were known$/);
      assert.equal(begun, 4);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("gives batches that are played side by side the seconds that they took together, not each its own", async () => {
    let clock = 0;
    performance.now = () => clock;
    const gates = [0, 1].map(() => Promise.withResolvers<void>());
    const on: Elsewhere = {
      async *play(env, policy, batch) {
        await gates[batch.seed]!.promise;
        yield await playPart({ env, policy }, batch);
      },
    };
    const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, maxSteps: 1 });
    const parts = [0, 1].map((seed) => ({ env, policy: writer("one"), key: `${seed}`, episodes: 1, seed }));
    const player = batchPlayer(parts, null, { signal: undefined, on });
    clock = 1000;
    gates[1]!.resolve();
    assert.equal((await player.play(parts[1]!)).seconds, 1);
    clock = 1500;
    gates[0]!.resolve();
    assert.equal((await player.play(parts[0]!)).seconds, 0.5);
    player.stop();
  });
});
