/** The defaults of an evaluation and of its control, on lives that a fake sandbox reports. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { displaySymbol } from "../../src/display/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { evaluate, sharpen } from "../../src/evaluation/index.ts";
import type { Policy, TokenPolicy } from "../../src/policy/index.ts";
import { fakeSandbox, infrastructureError } from "../sandbox/fake.ts";

const writer = (name: string, program: string): Policy => ({
  name,
  act: async (observations) => observations.map(() => ({ program, label: "", choice: 0, logProb: -1 })),
});

describe("sharpening", () => {
  /** A model that lives the longer the nearer its temperature is to 0.3, and at 0.1 only meets faults of the sandbox. */
  const fake = () =>
    fakeSandbox((program, { step }) => {
      const temperature = Number(program);
      if (temperature === 0.1) return infrastructureError;
      return step >= 4 - Math.round(10 * Math.abs(temperature - 0.3)) ? { verdict: "inert", cause: "" } : {};
    });
  const tried: number[] = [];
  const model = {
    pretrained: ({ temperature }: { temperature: number }) => {
      tried.push(temperature);
      return writer("pretrained", String(temperature));
    },
  } as unknown as TokenPolicy;

  it("tries six temperatures with 48 lives each where nothing is said, and takes the first of the best", async () => {
    const { sandbox, opened } = fake();
    const env = new SurvivalEnv({ sandbox, maxSteps: 4 });
    const temperatures = [1, 0.7, 0.5, 0.3, 0.2];
    const found = await sharpen(model, { env, temperatures, seed: 0 });
    assert.equal(opened.length, 5 * 48);
    assert.deepEqual(tried.splice(0), [...temperatures, 0.3]);
    assert.equal(found.temperature, 0.3);
    assert.deepEqual(
      found.trials.map(({ temperature, survival, successRate }) => [temperature, survival, successRate]),
      [
        [1, 0, null],
        [0.7, 0, null],
        [0.5, 2, null],
        [0.3, 4, null],
        [0.2, 3, null],
      ],
    );
    const lines = String((found[displaySymbol]() as { "text/plain": string })["text/plain"]).split("\n");
    assert.equal(lines[0], "pretrained: 48 episodes at each temperature");
    assert.deepEqual(
      lines.map((line) => line.endsWith("← best")),
      [false, false, false, false, false, true, false],
    );
    assert.match(lines[5]!, /^ *0\.3 +4\.00 +4\.00 +← best$/);
    const equal = await sharpen(model, { env, temperatures: [0.4, 0.2], episodes: 2 });
    assert.equal(equal.temperature, 0.4);
    assert.equal(opened.length, 5 * 48 + 6, "0.4 was the hotter of two: 0.8 was tried too");
    tried.length = 0;
    await assert.rejects(sharpen(model, { env, temperatures: [] }), {
      message: "Expected at least one of `temperatures` to try, got none",
    });
    await sharpen(model, { env, episodes: 2 }).catch(() => {});
    assert.deepEqual(tried.slice(0, 6), [1, 0.7, 0.5, 0.3, 0.2, 0.1]);
  });

  it("goes on beyond its list where the best is at an end of it, on either side, and says where it still is", async () => {
    const env = new SurvivalEnv({ sandbox: fake().sandbox, maxSteps: 4 });
    const found = async (...temperatures: number[]) => {
      tried.length = 0;
      const { temperature, [displaySymbol]: show } = await sharpen(model, { env, temperatures, episodes: 2 });
      return {
        temperature,
        tried: tried.slice(0, -1),
        text: String(((await show()) as { "text/plain": string })["text/plain"]),
      };
    };
    // Steps survived are 4 less tenths from 0.3: 0.5 has 2, 0.357 has 3, 0.255 all 4, 0.182 has 3.
    const colder = await found(0.7, 0.5);
    assert.deepEqual([colder.temperature, colder.tried], [0.255, [0.7, 0.5, 0.357, 0.255, 0.182]]);
    assert.match(colder.text, /0\.255 .*← best$/m);
    const hotter = await found(0.15, 0.12);
    assert.deepEqual([hotter.temperature, hotter.tried], [0.188, [0.15, 0.12, 0.188, 0.236]]);
    const single = await found(0.3);
    assert.deepEqual([single.temperature, single.tried], [0.3, [0.3, 0.15, 0.6]]);
    // All fall short alike, and beyond 3 nothing is tried.
    const far = await found(3, 2.9);
    assert.deepEqual([far.temperature, far.tried], [3, [3, 2.9]]);
    assert.match(far.text, /^ *3 .*← best, at an end of what was tried$/m);
  });

  it("is never at a temperature that met nothing but faults of the sandbox, the first of the list too", async () => {
    const env = new SurvivalEnv({ sandbox: fake().sandbox, maxSteps: 4 });
    const { temperature, trials } = await sharpen(model, { env, temperatures: [0.1, 0.3, 0.5], episodes: 2 });
    assert.equal(temperature, 0.3);
    assert.ok(Number.isNaN(trials[0]!.return));
  });

  it("of a trained policy is its own weights' best temperature, and evaluate finds it as the control's was", async () => {
    const { sandbox, opened } = fake();
    const env = new SurvivalEnv({ sandbox, maxSteps: 4 });
    const policy = {
      ...model,
      ...{ name: "head", variables: [], act: writer("head", "0.7").act },
      // The trained weights want it half as hot.
      frozen: ({ temperature = 0.7 } = {}) => writer(`frozen ${temperature}`, String(temperature * 2)),
    } as unknown as TokenPolicy;
    const search = { env, temperatures: [0.6, 0.3, 0.15], episodes: 4, seed: 5 };
    assert.equal((await sharpen(policy, { ...search, weights: "trained" })).temperature, 0.15);
    const sharpened = await sharpen(policy, search);
    assert.equal(sharpened.temperature, 0.3);
    const folder = mkdtempSync(join(tmpdir(), "sharpen-"));
    try {
      const file = join(folder, "episodes.jsonl");
      const contestants = { pretrained: policy.pretrained({ temperature: 1 }), sharpened, trained: policy };
      const options = { env, episodes: 4, progress: false, file };
      const fair = await evaluate(contestants, options);
      assert.equal(fair.results.episodes!.trained!.survival.estimate, 4);
      assert.equal(
        fair.sentences[0],
        "trained plays at the temperature that is best for it, found as the control's was: 0.15.",
      );
      const played = opened.length;
      assert.deepEqual((await evaluate(contestants, options)).sentences, fair.sentences);
      assert.equal(opened.length, played, "the search is kept in the file too");
      const { file: _, ...unkept } = options;
      assert.deepEqual((await evaluate(contestants, unkept)).sentences, fair.sentences);
      // A policy that likes to be asked in cohorts is asked so at its best temperature, too.
      const asked: number[] = [];
      const counted = (temperature: number): Policy => ({
        ...{ batch: 8, cohorts: 2, name: `counted ${temperature}` },
        act: (...given) => {
          asked.push(given[0].length);
          return writer("counted", String(temperature * 2)).act(...given);
        },
      });
      const cohorted = { ...policy, frozen: ({ temperature = 0.7 } = {}) => counted(temperature) } as typeof policy;
      await evaluate({ ...contestants, trained: cohorted }, { env, episodes: 8, progress: false });
      assert.deepEqual(asked.slice(-8), new Array(8).fill(4));
      const unequal = await evaluate(contestants, { ...options, sharpenTrained: false });
      assert.equal(unequal.results.episodes!.trained!.survival.estimate, 0, "at 0.7 it dies at once");
      assert.ok(!unequal.sentences.some((text) => text.startsWith("trained plays")));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("an evaluation without options", () => {
  const scope = globalThis as { display?: unknown };
  afterEach(() => {
    delete scope.display;
  });

  it("has 64 lives of each policy, in batches of 32, and tells its progress in a notebook unless it must not", async () => {
    const texts: string[] = [];
    const textOf = (value: unknown): string =>
      (value as { [displaySymbol](): { "text/plain": string } })[displaySymbol]()["text/plain"];
    scope.display = async (value: unknown) => {
      texts.push(textOf(value));
      return { update: async (next: unknown) => void texts.push(textOf(next)) };
    };
    const { sandbox, opened } = fakeSandbox();
    const env = new SurvivalEnv({ sandbox, maxSteps: 1 });
    const told: [number, number, string][] = [];
    const contestants = { one: writer("one", "1"), two: writer("two", "2") };
    const found = await evaluate(contestants, { env, onProgress: (...given) => void told.push(given) });
    assert.equal(opened.length, 128);
    assert.deepEqual([found.episodes.episodes!.one!.length, found.episodes.episodes!.two!.length], [64, 64]);
    const order = ["one, episodes", "two, episodes", "one, episodes", "two, episodes"];
    assert.deepEqual(
      told,
      order.map((what, i) => [i + 1, 4, what]),
    );
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(texts[0]!, /^Evaluated 1 of 4 batches \(one, episodes\), \d+ s, about \d+ s left$/);
    assert.match(texts.at(-1)!, /^Evaluated 4 batches in \d+ s$/);
    texts.length = 0;
    await evaluate(contestants, { env, episodes: 1, progress: false });
    assert.deepEqual(texts, []);
  });

  it("takes a policy for one that learns only if it has weights and can be frozen", async () => {
    const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, maxSteps: 1 });
    for (const more of [{ variables: [] }, { frozen: () => assert.fail("it has no weights") }]) {
      const odd = { ...writer("odd", "1"), ...more } as Policy;
      const { episodes } = await evaluate({ odd }, { env, episodes: 1, progress: false });
      assert.equal(episodes.episodes!.odd!.length, 1);
    }
    let frozen = 0;
    const learning = {
      ...writer("learning", "1"),
      variables: [],
      frozen: () => {
        frozen++;
        return writer("frozen", "1");
      },
    };
    await evaluate({ learning: learning as Policy }, { env, episodes: 1, progress: false });
    assert.equal(frozen, 1);
    await assert.rejects(evaluate({ learning: learning as Policy }, { env, reference: "none" }), {
      message: 'Expected `reference` and `control` to be one of learning, got "none"',
    });
  });
});
