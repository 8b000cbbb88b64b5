/** The trainer's numbers against `oracle.py`: numpy, double precision, written without looking at ours. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import type { Episode } from "../../src/episode/index.ts";
import { tf, tokenPolicy } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import type { Features } from "../../src/training/baseline.ts";
import { estimators, learnedBaseline, policyGradientLoss } from "../../src/training/index.ts";
import { squaresOf, takeStep } from "../../src/training/step.ts";
import { toyDecoder } from "../policy/token/toy.ts";
import { testPython } from "../support.ts";

const gamma = 0.93;
const names = ["raw-return", "mean", "leave-one-out", "reinforce++"] as const;

interface Account {
  estimates: { [name: string]: number[][][] };
  heads: { terms: number[][]; loss: number; gradient: number[]; norm: number; after: number[] }[];
  ridge: number[];
}

function life(rewards: number[], group: number): Episode {
  const steps = rewards.map((reward) => ({ reward }));
  return { steps, group } as unknown as Episode;
}

function drawBatches(): { lives: number[][]; groups: number[] }[] {
  const random = createRandom(8, "oracle");
  return [1, 4, 3].map((group) => {
    const lives = Array.from({ length: 12 }, () =>
      Array.from({ length: 1 + random.integer(9) }, () => (random.uniform() < 0.1 ? -1000 : random.integer(3))),
    );
    return { lives, groups: lives.map((_, i) => Math.floor(i / group)) };
  });
}

const asks = ["a", "bc"];
const prompt = {
  name: "toy",
  version: 1,
  examples: [],
  before: "/",
  after: "\n",
  separator: "\n\n",
  primed: "a.",
  stop: [";"],
  maxTokens: 6,
};

/** A head that is not zero any more, a batch of its draws, and all that numpy needs to know of them. */
async function drawHead(
  options: { tokenSubset: "all" | number[]; temperature: number; scale: number },
  summed: boolean,
) {
  const toy = toyDecoder();
  const policy = await tokenPolicy(toy, { asks, prompt, rank: 2, samples: 16, ...options });
  const random = createRandom(5, "weights", options.scale);
  for (const variable of policy.variables.slice(1))
    variable.assign(
      tf.tensor(
        Float32Array.from({ length: variable.size }, () => 0.5 * random.normal()),
        variable.shape,
      ),
    );
  const actions = await policy.act(
    [0, 1, 0, 1].map((i) => ({ task: asks[i] })),
    [1, 2, 3, 4].map((i) => createRandom(6, i)),
  );
  const logits: number[][] = [];
  for (const [i, { choice }] of actions.entries()) {
    const ids = toy.tokenizer.encode(`/${asks[i % 2]}\na.`);
    for (const id of choice as number[]) {
      logits.push([...(await toy.forward({ tokens: Int32Array.from(ids), batch: 1 })).logits]);
      ids.push(id);
    }
  }
  const hidden = actions.flatMap(({ trace }) => {
    const all = [...(trace as { hidden: Float32Array }).hidden];
    return Array.from({ length: all.length / 6 }, (_, i) => all.slice(i * 6, (i + 1) * 6));
  });
  const ids = actions.flatMap(({ choice }) => choice as number[]);
  const settings = { entropyBonus: 0.3, klCoef: 0.2, summed, maxGradNorm: 0.5, learningRate: 0.03 };
  const counts = ids.map((_, i) => (i % 5 === 4 ? 0 : 1));
  const advantages = counts.map((count) => count * random.normal());
  const weights = policy.variables.flatMap((variable) => [...variable.dataSync()]);
  const shapes = policy.variables.map(({ shape }) => shape);
  const { temperature, scale } = options;
  const told = {
    hidden,
    logits,
    ids,
    tokenSubset: policy.tokenSubset,
    weights,
    shapes,
    counts,
    advantages,
    temperature,
    scale,
  };
  return { policy, actions, settings, told: { ...told, ...settings } };
}

function near(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what: string): void {
  assert.equal(found.length, expected.length, what);
  const size = Math.max(1e-12, ...Array.from(expected).map(Math.abs));
  for (let i = 0; i < found.length; i++)
    assert.ok(
      Math.abs(found[i]! - expected[i]!) <= tolerance * size,
      `${what} ${i}: ${found[i]}, numpy ${expected[i]}, of a largest ${size}`,
    );
}

describe("the trainer's numbers and numpy's", () => {
  const batches = drawBatches();
  let account: Account;
  let heads: Awaited<ReturnType<typeof drawHead>>[];
  const fits: { x: number[][]; y: number[]; lives: Episode[]; returns: number[][]; known: Features }[] = [];

  before(async function () {
    const python = testPython(this);
    heads = [
      await drawHead({ tokenSubset: [2, 5, 9], temperature: 1, scale: 1 }, false),
      await drawHead({ tokenSubset: "all", temperature: 0.7, scale: 2 }, true),
    ];
    const random = createRandom(2, "ridge");
    for (let k = 0; k < 4; k++) {
      const features = Array.from({ length: 5 }, () => Float32Array.from({ length: 3 }, () => random.normal()));
      const lives = features.map(() => life([0, 0, 0].slice(0, 1 + random.integer(3)), 0));
      const known = lives.map(({ steps }, i) => steps.map(() => features[i]));
      const returns = lives.map(({ steps }) => steps.map(() => 5 * random.normal()));
      const x = lives.flatMap(({ steps }, i) =>
        steps.map((_, t) => {
          const norm = Math.hypot(...features[i]!);
          return [
            ...Array.from({ length: 16 }, (_, s) => (s === t ? 1 : 0)),
            ...[...features[i]!].map((f) => f / norm),
          ];
        }),
      );
      fits.push({ x, y: returns.flat(), lives, returns, known });
    }
    const input = JSON.stringify({
      gamma,
      names,
      batches,
      heads: heads.map(({ told }) => told),
      ridge: { fade: 0.8, ridge: 0.5, batches: fits.map(({ x, y }) => ({ x, y })) },
    });
    const done = spawnSync(python, [join(import.meta.dirname, "oracle.py")], { input, encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    account = JSON.parse(done.stdout) as Account;
  });

  for (const name of names)
    it(`agree on the estimator ${name}, with and without groups`, () => {
      for (const [i, { lives, groups }] of batches.entries()) {
        const episodes = lives.map((rewards, k) => life(rewards, groups[k]!));
        near(estimators[name](episodes, { gamma }).flat(), account.estimates[name]![i]!.flat(), 1e-9, name);
      }
    });

  it("agree on the learned baseline", () => {
    const baseline = learnedBaseline({ fade: 0.8, ridge: 0.5 });
    for (const { lives, returns, known } of fits.slice(0, -1)) baseline.fit(lives, returns, known);
    near(baseline.predict(fits.at(-1)!.lives, fits.at(-1)!.known)!.flat(), account.ridge, 1e-6, "prediction");
  });

  it("agree on log-probability, entropy and divergence of the head, over the whole vocabulary", () => {
    for (const [i, { policy, actions }] of heads.entries()) {
      const { logProbs, entropy, kl } = policy.evaluate(actions);
      for (const [k, term] of [logProbs, entropy, kl].entries())
        near(term.dataSync(), account.heads[i]!.terms[k]!, 1e-5, ["log-probability", "entropy", "divergence"][k]!);
    }
  });

  it("agree on loss, gradient (its differences in double precision) and Adam's step after clipping", () => {
    const clipped = heads.map(({ settings }, i) => account.heads[i]!.norm > settings.maxGradNorm);
    assert.deepEqual(clipped.sort(), [false, true], "one of the gradients is clipped, the other is not");
    for (const [i, { policy, actions, settings, told }] of heads.entries()) {
      const { loss, gradient, norm, after } = account.heads[i]!;
      const { value, grads } = tf.variableGrads(() => {
        const given = { advantages: tf.tensor1d(told.advantages), counts: tf.tensor1d(told.counts), options: settings };
        return policyGradientLoss({ ...policy.evaluate(actions), ...given });
      }, [...policy.variables]);
      near([value.dataSync()[0]!], [loss], 1e-5, "loss");
      const found = policy.variables.flatMap(({ name }) => [...grads[name]!.dataSync()]);
      near(found, gradient, 1e-5, "gradient");
      const own = Math.sqrt(squaresOf(grads).dataSync()[0]!);
      near([own], [norm], 1e-5, "norm");
      takeStep(tf.train.adam(1), grads, { ...settings, norm: own });
      const weights = policy.variables.flatMap((variable) => [...variable.dataSync()]);
      // Where a gradient is nearly zero Adam's first step is its sign: left out.
      const size = Math.max(...gradient.map(Math.abs));
      const clear = [...gradient.keys()].filter((k) => Math.abs(gradient[k]!) > 1e-3 * size);
      assert.ok(clear.length > weights.length / 2);
      near(
        clear.map((k) => weights[k]!),
        clear.map((k) => after[k]!),
        1e-4,
        "weight",
      );
      policy.dispose();
    }
  });
});
