/** The defaults of an evaluation and of its control, on lives that a fake sandbox reports. */

import assert from "node:assert/strict";
import { displaySymbol } from "../../src/display/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { evaluate, sharpen } from "../../src/evaluation/index.ts";
import type { Policy, TokenPolicy } from "../../src/policy/index.ts";
import { crash, fakeSandbox } from "../sandbox/fake.ts";

const writer = (name: string, program: string): Policy => ({
  name,
  act: async (observations) => observations.map(() => ({ program, label: "", choice: 0, logProb: -1 })),
});

describe("sharpening", () => {
  /** A model that lives the longer the nearer its temperature is to 0.3, and at 0.1 only meets faults of the sandbox. */
  const fake = () =>
    fakeSandbox((program, { step }) => {
      const temperature = Number(program);
      if (temperature === 0.1) return crash;
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
      found.trials.map(({ temperature, survival, usefulness }) => [temperature, survival, usefulness]),
      [
        [1, 0, null],
        [0.7, 0, null],
        [0.5, 2, null],
        [0.3, 4, null],
        [0.2, 3, null],
      ],
    );
    const lines = String((found[displaySymbol]() as { "text/plain": string })["text/plain"]).split("\n");
    assert.equal(lines[0], "pretrained: 48 lives at each temperature");
    assert.deepEqual(
      lines.map((line) => line.endsWith("← best")),
      [false, false, false, false, false, true, false],
    );
    const equal = await sharpen(model, { env, temperatures: [0.4, 0.2], episodes: 2 });
    assert.equal(equal.temperature, 0.4);
    assert.equal(opened.length, 5 * 48 + 4);
    tried.length = 0;
    await assert.rejects(sharpen(model, { env, temperatures: [] }), {
      message: "Expected at least one of `temperatures` to try, got none",
    });
    await sharpen(model, { env, episodes: 2 }).catch(() => {});
    assert.deepEqual(tried.slice(0, 6), [1, 0.7, 0.5, 0.3, 0.2, 0.1]);
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
    assert.deepEqual([found.lives.lives!.one!.length, found.lives.lives!.two!.length], [64, 64]);
    const order = ["one, lives", "two, lives", "one, lives", "two, lives"];
    assert.deepEqual(
      told,
      order.map((what, i) => [i + 1, 4, what]),
    );
    await new Promise((resolve) => setImmediate(resolve));
    assert.match(texts[0]!, /^Evaluated 1 of 4 batches \(one, lives\), \d+ s, about \d+ s left$/);
    assert.match(texts.at(-1)!, /^Evaluated 4 batches in \d+ s$/);
    texts.length = 0;
    await evaluate(contestants, { env, episodes: 1, progress: false });
    assert.deepEqual(texts, []);
  });

  it("takes a policy for one that learns only if it has weights and can be frozen", async () => {
    const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, maxSteps: 1 });
    for (const more of [{ variables: [] }, { frozen: () => assert.fail("it has no weights") }]) {
      const odd = { ...writer("odd", "1"), ...more } as Policy;
      const { lives } = await evaluate({ odd }, { env, episodes: 1, progress: false });
      assert.equal(lives.lives!.odd!.length, 1);
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
