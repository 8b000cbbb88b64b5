import assert from "node:assert/strict";
import { generate, runPrefix } from "../../../src/model/index.ts";
import { temperaturePolicy, tf, tokenPolicy } from "../../../src/policy/index.ts";
import { createRandom } from "../../../src/random/index.ts";
import { toyDecoder } from "./toy.ts";

const asks = ["a", "bcd", "efghabcd efgh"];
const prompt = {
  name: "toy",
  version: 1,
  examples: [{ ask: "abc", program: "a.b = c;" }],
  before: "/",
  after: "\n",
  separator: "\n\n",
  primed: "a.",
  stop: [";"],
  maxTokens: 12,
};
const streamsOf = (count: number, seed = 1) => Array.from({ length: count }, (_, i) => createRandom(seed, i));

describe("sampling from a decoder", () => {
  it("draws in proportion to the softmax, and says the log-probability of each token", async () => {
    const toy = toyDecoder();
    const ids = toy.tokenizer.encode("ab");
    const { logits } = await toy.forward({ tokens: Int32Array.from(ids), batch: 1 });
    const powers = [...logits].map(Math.exp);
    const total = powers.reduce((a, b) => a + b);
    const count = 20_000;
    const drawn = await generate(toy, {
      prompts: Array.from({ length: count }, () => ids),
      streams: streamsOf(count),
      maxTokens: 1,
    });
    const counts = powers.map((_, id) => drawn.filter((one) => one.ids[0] === id).length);
    for (const [id, power] of powers.entries()) {
      const p = power / total;
      assert.ok(Math.abs(counts[id]! / count - p) < 5 * Math.sqrt((p * (1 - p)) / count) + 1e-9, `token ${id}`);
    }
    for (const one of drawn.slice(0, 50))
      assert.ok(Math.abs(one.logProbs[0]! - Math.log(powers[one.ids[0]!]! / total)) < 1e-6);
  });

  it("runs a shared prefix once, and a row that has ended no more", async () => {
    const toy = toyDecoder();
    const prefix = await runPrefix(toy, toy.tokenizer.encode("abcdefgh"));
    toy.cost.positions = 0;
    toy.cost.calls = [];
    const drawn = await generate(toy, {
      prefix,
      prompts: [[3], [4, 5], [6]],
      streams: streamsOf(3, 4),
      maxTokens: 20,
      stop: ["h"],
    });
    const lengths = drawn.map(({ ids }) => ids.length);
    const expected = 3 * 2 + lengths.reduce((sum, n) => sum + n - 1, 0);
    assert.equal(toy.cost.positions, expected, `lengths ${lengths}`);
    const whole = await generate(toyDecoder(), {
      prompts: [[3], [4, 5], [6]].map((own) => [...toy.tokenizer.encode("abcdefgh"), ...own]),
      streams: streamsOf(3, 4),
      maxTokens: 20,
      stop: ["h"],
    });
    assert.deepEqual(drawn, whole);
  });

  it("cuts the stop text and the end token off, and says what ended each row", async () => {
    const drawn = await generate(toyDecoder({ sharp: 0.2 }), {
      prompts: Array.from({ length: 200 }, () => [1, 2]),
      streams: streamsOf(200),
      maxTokens: 6,
      stop: ["b", "cd"],
    });
    for (const { ids, text, ended } of drawn) {
      assert.ok(!text.includes("b") && !text.includes("cd") && !text.includes("\u0000"), JSON.stringify(text));
      if (ended === "length") assert.equal(ids.length, 6);
      if (ended === "end") assert.equal(ids.at(-1), 0);
    }
    assert.deepEqual([...new Set(drawn.map(({ ended }) => ended))].sort(), ["end", "length", "stop"]);
  });

  it("takes the likeliest token at temperature 0, and only allowed ones with top-k and top-p", async () => {
    const toy = toyDecoder();
    const { logits } = await toy.forward({ tokens: Int32Array.from([1, 2]), batch: 1 });
    const order = [...logits.keys()].sort((a, b) => logits[b]! - logits[a]!);
    const first = async (options: object) => {
      const drawn = await generate(toy, {
        prompts: Array.from({ length: 500 }, () => [1, 2]),
        streams: streamsOf(500),
        maxTokens: 1,
        ...options,
      });
      return new Set(drawn.map(({ ids }) => ids[0]!));
    };
    assert.deepEqual([...(await first({ temperature: 0 }))], [order[0]]);
    assert.deepEqual([...(await first({ topK: 2 }))].sort(), order.slice(0, 2).sort());
    const powers = order.map((id) => Math.exp(logits[id]!));
    const total = powers.reduce((a, b) => a + b);
    let mass = 0;
    const kept = order.filter((_, i) => {
      const keep = mass < 0.7 * total;
      mass += powers[i]!;
      return keep;
    });
    assert.ok([...(await first({ topP: 0.7 }))].every((id) => kept.includes(id)));
  });

  it("refuses options that make no sense, and prompts that do not fit", async () => {
    const toy = toyDecoder();
    const make = (options: object) =>
      generate(toy, { prompts: [[1]], streams: streamsOf(1), maxTokens: 4, ...options });
    await assert.rejects(make({ maxTokens: 0 }), { message: "Expected `maxTokens` to be a positive integer, got 0" });
    await assert.rejects(make({ topP: 0 }), /`topP` to be above 0 and at most 1, got 0/);
    await assert.rejects(make({ temperature: -1 }), /`temperature` to be 0 or a positive number, got -1/);
    await assert.rejects(make({ prompts: [[]] }), {
      message: "Expected prompt 0 to have at least one token, got none",
    });
    await assert.rejects(make({ prompts: [new Array(126).fill(1)] }), {
      message: "Prompt 0 has 126 tokens: with 4 more it does not fit the model's 128 positions",
    });
    await assert.rejects(
      make({ onLogits: ({ logits }: { logits: Float32Array }) => logits.fill(Number.NaN) }),
      /broken/,
    );
  });
});

describe("a token policy", () => {
  it("writes the same programs whatever the batch, and whatever stands beside them", async () => {
    const seen = Array.from({ length: 20 }, (_, i) => ({ task: asks[i % 3] }));
    const written = async (batch: number) => {
      const policy = await tokenPolicy(toyDecoder(), { asks, prompt, rank: 2, samples: 32, batch });
      const actions = await policy.act(seen, streamsOf(20));
      policy.dispose();
      return actions.map(({ program, logProb, choice }) => ({ program, logProb, choice }));
    };
    const whole = await written(32);
    assert.deepEqual(await written(1), whole);
    assert.deepEqual(await written(7), whole);
    assert.ok(whole.every(({ program }) => program.startsWith("a.")));
  });

  it("tells with each program what the model saw at the end of its ask, whoever stands beside it", async () => {
    const policy = await tokenPolicy(toyDecoder(), { asks, prompt, rank: 2, samples: 32 });
    const actions = await policy.act(
      asks.map((task) => ({ task })),
      streamsOf(3),
    );
    policy.dispose();
    const toy = toyDecoder();
    for (const [i, { features }] of actions.entries()) {
      // The toy sees the last four tokens.
      const tokens = Int32Array.from(toy.tokenizer.encode(`/${asks[i]}\na.`));
      const { hidden } = await toy.forward({ tokens, batch: 1 });
      assert.deepEqual(features, hidden, asks[i]);
    }
  });

  it("goes up in probability where it is pushed up", async () => {
    const policy = await tokenPolicy(toyDecoder(), { asks, prompt, rank: 2, samples: 32 });
    const actions = await policy.act(
      Array.from({ length: 16 }, () => ({ task: "a" })),
      streamsOf(16),
    );
    const sum = () => tf.tidy(() => tf.sum(policy.evaluate(actions.slice(0, 4)).logProbs).dataSync()[0]!);
    const before = sum();
    const optimizer = tf.train.adam(0.05);
    for (let i = 0; i < 10; i++)
      optimizer.minimize(() => tf.neg(tf.sum(policy.evaluate(actions.slice(0, 4)).logProbs)) as tf.Scalar, false, [
        ...policy.variables,
      ] as tf.Variable[]);
    assert.ok(sum() > before + 1, `${before} to ${sum()}`);
    policy.dispose();
  });
});

describe("the temperature control", () => {
  it("has the slopes that finite differences of a full softmax have, and the model's own odds at s = 1 as its reference", async () => {
    const toy = toyDecoder();
    const policy = await temperaturePolicy(toy, { prompt, start: 0.8 });
    assert.ok(policy.isEvaluatedAsDrawn, "they hold there alone: no batch of it may be one update old");
    const actions = await policy.act(
      Array.from({ length: 6 }, (_, i) => ({ task: asks[i % 3] })),
      streamsOf(6),
    );
    // From scratch: each program's tokens one by one, at a scale s.
    const evaluated = async (s: number) => {
      let [logProb, entropy, kl] = [0, 0, 0];
      for (const [i, { choice }] of actions.entries()) {
        const ids = toy.tokenizer.encode(`/abc\na.b = c;\n\n/${asks[i % 3]}\na.`);
        for (const id of choice as number[]) {
          const { logits } = await toy.forward({ tokens: Int32Array.from(ids), batch: 1 });
          const softmax = (scale: number) => {
            const powers = [...logits].map((l) => Math.exp(l * scale));
            const total = powers.reduce((a, b) => a + b);
            return powers.map((value) => value / total);
          };
          const [p, q] = [softmax(s), softmax(1)];
          logProb += Math.log(p[id]!);
          entropy -= p.reduce((sum, value) => sum + value * Math.log(value), 0);
          kl += p.reduce((sum, value, k) => sum + value * Math.log(value / q[k]!), 0);
          ids.push(id);
        }
      }
      return [logProb, entropy, kl];
    };
    const reference = actions.reduce((sum, action) => sum + action.referenceLogProb!, 0);
    const [own] = await evaluated(1);
    assert.ok(Math.abs(reference - own!) < 1e-4, `${reference}, by hand ${own}`);
    const s = 1 / 0.8;
    const [here, more, less] = [
      await evaluated(s),
      await evaluated(s * Math.exp(1e-4)),
      await evaluated(s * Math.exp(-1e-4)),
    ];
    for (const [k, name] of (["logProbs", "entropy", "kl"] as const).entries()) {
      const { value, grads } = tf.variableGrads(
        () => tf.sum(policy.evaluate(actions)[name]) as tf.Scalar,
        [...policy.variables],
      );
      const slope = (more[k]! - less[k]!) / 2e-4;
      const found = Object.values(grads)[0]!.dataSync()[0]!;
      assert.ok(Math.abs(value.dataSync()[0]! - here[k]!) < 1e-4 * Math.max(1, Math.abs(here[k]!)), name);
      assert.ok(Math.abs(found - slope) < 1e-3 * Math.max(1, Math.abs(slope)), `${name}: ${found}, by hand ${slope}`);
    }
    assert.ok(Math.abs((await policy.temperature()) - 0.8) < 1e-6);
    policy.dispose();
  });
});
