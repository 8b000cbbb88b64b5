/** A policy's language model asked for any text: what it writes is what the policy would, asked in the same way from the same stream. */

import assert from "node:assert/strict";
import { models } from "../../../src/llm/index.ts";
import { type Policy, policies, temperaturePolicy, tf, tokenPolicy } from "../../../src/policy/index.ts";
import { createRandom } from "../../../src/random/index.ts";
import { toyDecoder } from "./toy.ts";

const prompt = {
  ...{ name: "toy", version: 1, examples: [], before: "/", after: "\n", separator: "\n\n", primed: "a.", stop: [";"] },
  maxTokens: 12,
};
const asks = ["a", "bc", "def"];
const tasks = Array.from({ length: 12 }, (_, i) => asks[i % 3]!);

/** Through the policy's own door, and through `models.local`. */
async function bothWays(
  policy: Policy,
): Promise<{ acted: string[]; asked: string[]; steered: (number | undefined)[] }> {
  const llm = models.local(policy, { prompt });
  const streams = tasks.map((_, seed) => createRandom(0, "local model", seed));
  const acted = await policy.act(
    tasks.map((task) => ({ task })),
    streams,
  );
  const answers = await llm.batch(tasks.map((task, seed) => ({ prompt: task, seed })));
  return {
    acted: acted.map(({ program }) => program),
    asked: answers.map(({ text }) => text.trimEnd()),
    steered: answers.map(({ steered }) => steered),
  };
}

describe("the language model of a policy", () => {
  const open = async () => {
    const policy = await tokenPolicy(toyDecoder(), {
      asks,
      prompt,
      rank: 2,
      samples: 4,
      batch: 8,
      tokenSubset: [2, 3, 4, 5],
    });
    const random = createRandom(5, "weights");
    for (const variable of policy.variables.slice(1))
      variable.assign(
        tf.tensor(
          Float32Array.from({ length: variable.size }, () => random.normal()),
          variable.shape,
        ),
      );
    return policy;
  };

  it("writes with the head as it is, frozen at a temperature, without the head, and with a temperature alone", async () => {
    const policy = await open();
    const written: string[] = [];
    for (const one of [policy, policy.frozen({ temperature: 0.6 }), policy.pretrained({ temperature: 1.4 })]) {
      const { acted, asked } = await bothWays(one);
      assert.deepEqual(asked, acted, one.name);
      written.push(asked.join("|"));
    }
    assert.equal(new Set(written).size, 3, "the head and the temperature each change what is written");
    const control = await temperaturePolicy(toyDecoder(), { prompt, start: 0.5 });
    for (const one of [control, control.frozen()]) {
      const { acted, asked } = await bothWays(one);
      assert.deepEqual(asked, acted, one.name);
    }
  });

  it("counts the tokens whose odds the head changes itself, and has a fingerprint of its weights", async () => {
    const policy = await open();
    const { asked, steered } = await bothWays(policy);
    // Ids 2 to 5 are the letters b to e; the primed words are not the model's.
    const letters = asked.map((text) => text.slice("a.".length).match(/[b-e]/g)?.length ?? 0);
    assert.deepEqual(steered, letters);
    assert.ok(letters.some((count) => count > 0));
    assert.ok((await bothWays(policy.pretrained())).steered.every((count) => count === undefined));
    const prints = async () =>
      Promise.all(
        [policy, policy.frozen(), policy.pretrained()].map(async (one) => (await one.freeText!()).fingerprint),
      );
    const [now, frozen, pretrained] = await prints();
    assert.equal(now, frozen);
    assert.equal(pretrained, "toy-1-6");
    const held = policy.frozen();
    policy.variables[1]!.assign(tf.zerosLike(policy.variables[1]!));
    assert.notEqual((await policy.freeText()).fingerprint, now);
    assert.equal((await held.freeText!()).fingerprint, now, "a frozen copy stays what it was");
  });

  it("is no part of a policy that writes with none", () => {
    assert.equal(policies.editMenu().freeText, undefined);
  });
});
