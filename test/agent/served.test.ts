/**
 * A model elsewhere as a policy: our own server on loopback writes the programs, tells ids and log-probabilities, and a policy of the
 * same weights learns from them. Over workers: test/workers/redis.test.ts; a server that is not ours: test/llm/llama.test.ts.
 */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { modelPolicy, writtenBy } from "../../src/agent/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { models } from "../../src/llm/index.ts";
import { force, promptTexts, randomModel } from "../../src/model/index.ts";
import { type Action, policies, type TokenPolicy, tf } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";
import { type ModelServer, serve } from "../../src/serve/model/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { train } from "../../src/training/index.ts";

const asks = ["Let self.n be 3", "Add a method double", "Remember the word tree"];
const observations = asks.map((task) => ({ task, response: task }));
const streams = () => asks.map((_, i) => createRandom(4, "served", i));

describe("a model on a server as a policy", () => {
  let policy: TokenPolicy;
  let server: ModelServer;
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 1 });
    policy = await policies.fromPretrained("tiny", { samples: 16, seed: 2 });
    server = await serve(policy.decoder, { name: "tiny", port: 0, prompt: policy.prompt });
  });
  after(async () => {
    await server?.close();
    await policy?.decoder.dispose();
    await sandbox?.dispose();
  });
  const served = (options = {}) => models.openai({ model: "tiny", baseURL: server.url, maxTokens: 48, ...options });
  const near = (found: readonly number[], expected: readonly number[], most: number) => {
    assert.equal(found.length, expected.length);
    for (const [i, value] of found.entries())
      assert.ok(Math.abs(value - expected[i]!) <= most, `${value} at ${i}, expected ${expected[i]}`);
  };

  it("writes programs, and tells ids and log-probabilities that a pass over these ids here gives as well", async () => {
    const told = await modelPolicy(served({ tokenIds: true }), { logProbs: true }).act(observations, streams());
    const { tokenizer } = policy.decoder;
    // What the policy is trained on: the design's own part and the ask's are cut apart, and as one text they are other tokens.
    const { prompts } = await policy.asked!(observations);
    assert.notDeepEqual(prompts[0], tokenizer.encode(promptTexts(policy.prompt, asks[0]!).join("")));
    const rows = told.map(({ choice }, i) => ({ prompt: prompts[i]!, ids: choice as number[] }));
    const read = await force(policy.decoder, { rows });
    for (const [i, { logProb, logProbs, tokens, choice }] of told.entries()) {
      assert.deepEqual([tokens, logProbs!.length], [(choice as number[]).length, tokens]);
      near(logProbs!, read[i]!.modelLogProbs, 1e-4);
      near([logProb], [read[i]!.modelLogProbs.reduce((sum, one) => sum + one, 0)], 1e-3);
    }
    const local = models.local(policy.decoder, { prompt: policy.prompt, maxTokens: 1 });
    assert.equal((await local.complete({ prompt: asks[0]! })).usage.promptTokens, prompts[0]!.length);
    const [plain] = await modelPolicy(served()).act(observations, streams());
    assert.deepEqual([plain!.choice, plain!.logProb, plain!.logProbs], [-1, Number.NaN, undefined]);
    assert.equal(plain!.program, told[0]!.program, "the same seeds, the same programs");
    const env = new SurvivalEnv({ sandbox, maxSteps: 2 });
    const [episode] = (await rollout(env, modelPolicy(served(), { logProbs: true }), { episodes: 1 })).episodes;
    assert.ok(episode!.steps.every(({ action }) => action.logProb < 0 && action.logProbs!.length === action.tokens));
  });

  /** All numbers of an action's trace. */
  const numbersIn = ({ trace }: Action) =>
    Object.values(trace!).flatMap((one) => (typeof one === "number" ? [one] : [...(one as Float32Array)]));

  it("leaves the traces that drawing here leaves, by a head and by an adapter", async () => {
    const adapted = await policies.fromPretrained("tiny", { adapter: { blocks: 1, rank: 2 }, seed: 2 });
    for (const own of [policy, adapted]) {
      const last = own.variables.at(-1)!;
      last.assign(tf.randomNormal(last.shape, 0, 0.5, "float32", 5));
      const drawn = await own.act(observations, streams());
      const written = drawn.map(({ choice, program, cut }) => ({ ids: choice as number[], text: program, cut: cut! }));
      const read = await own.read(observations, written);
      for (const [i, { action }] of read.entries()) {
        near(numbersIn(action), numbersIn(drawn[i]!), 2e-4);
        near([action.logProb], [drawn[i]!.logProb], 1e-3);
        near([...action.features!], [...drawn[i]!.features!], 1e-4);
        assert.deepEqual([action.choice, action.cut], [drawn[i]!.choice, drawn[i]!.cut]);
      }
      last.assign(tf.zeros(last.shape));
    }
    await adapted.decoder.dispose();
  });

  it("trains the policy that is here, whose weights are brought to the server before each batch", async () => {
    const tasks = (await microTasks({ split: "training" })).slice(0, 8);
    const env = new SurvivalEnv({ sandbox, maxSteps: 1, tasks });
    const how = { env, episodes: 4, group: 4, seed: 1 };
    let brought = 0;
    const sync = async (own: TokenPolicy) => {
      brought++;
      server.steer(await own.steering());
    };
    const asked = served();
    const before = await Promise.all(policy.variables.map((one) => one.data()));
    const norms: number[] = [];
    for await (const { gradientNorm } of train({ ...how, policy: writtenBy(policy, asked, { sync }), updates: 2 }))
      norms.push(gradientNorm);
    assert.equal(brought, 2);
    assert.ok(norms.length === 2 && norms.some((norm) => norm > 0), String(norms));
    assert.notDeepEqual(await Promise.all(policy.variables.map((one) => one.data())), before);
    // The server still has the weights before the last update.
    const stale = train({ ...how, policy: writtenBy(policy, asked), updates: 1 }).run();
    await assert.rejects(stale, (error: Error) => {
      assert.match(
        error.message,
        /^The model tiny does not write as head on \S+ \S+ does: their log-probabilities are [\d.e-]+ nats a token apart \(at most 0\.01\)\. Serve the same files/,
      );
      return true;
    });
    await sync(policy);
    await train({ ...how, policy: writtenBy(policy, asked), updates: 1 }).run();
  });

  it("is asked by ids, with no cut that a server has of its own; ids come back in any of three forms", async () => {
    const [bodies, forms]: [Record<string, unknown>[], object[]] = [
      [],
      [
        { token_ids: [5, 6], logprobs: { tokens: ["a", "b"], token_logprobs: [-1, -2] } },
        { logprobs: { content: [5, 6].map((id) => ({ id, token: "a", logprob: -id })) } },
        { logprobs: { tokens: ["token_id:5", "token_id:6"], token_logprobs: [-1, -2] } },
        { logprobs: null },
      ],
    ];
    const fake = createServer(async (request, response) => {
      bodies.push(JSON.parse(await text(request)));
      const choice = { index: 0, text: "ab", finish_reason: "length", ...forms[bodies.length - 1] };
      response.setHeader("content-type", "application/json");
      response.end(
        JSON.stringify({ model: "fake", choices: [choice], usage: { prompt_tokens: 2, completion_tokens: 2 } }),
      );
    }).listen(0, "127.0.0.1");
    await once(fake, "listening");
    const baseURL = `http://127.0.0.1:${(fake.address() as AddressInfo).port}/v1`;
    const model = models.openai({ model: "fake", baseURL });
    const question = { prompt: "", ids: [1, 2], seed: 3, maxTokens: 2, temperature: 0.5, logProbs: true, stop: ["x"] };
    const answers = [];
    for (const _ of forms) answers.push(await model.complete(question));
    fake.close();
    assert.deepEqual(bodies[0], {
      ...{ model: "fake", prompt: [1, 2], max_tokens: 2, temperature: 0.5, seed: 3, stop: ["x"], stream: false },
      ...{ top_k: -1, top_p: 1, min_p: 0, repetition_penalty: 1, logprobs: 1, return_token_ids: true },
    });
    assert.deepEqual(
      answers.map(({ ids }) => ids),
      [[5, 6], [5, 6], [5, 6], undefined],
    );
    const told = answers.map(({ tokens }) => tokens?.map(({ logProb }) => logProb));
    assert.deepEqual(told, [[-1, -2], [-5, -6], [-1, -2], undefined]);
  });

  it("is refused as a teacher in one sentence: without ids, without log-probabilities, of other weights", async () => {
    const act = (model: Parameters<typeof writtenBy>[1]) => writtenBy(policy, model).act(observations, streams());
    const untraced = (model: string, lacks: string) => ({
      name: "LanguageModelFailure",
      message: `The model ${model} did not tell ${lacks} with its answer, and without them nothing can be learned from it: serve it by vLLM or \`npx autoagent serve\`; to play it alone, take modelPolicy(model).`,
    });
    await assert.rejects(act(models.random()), untraced("random", "token ids"));
    const usage = { promptTokens: 1, completionTokens: 1 };
    const silent = { name: "silent", complete: async () => ({ text: "a", ids: [5], model: "silent", usage }) };
    await assert.rejects(act(silent), untraced("silent", "log-probabilities"));
    const { config, tokenizer } = policy.decoder;
    const other = await randomModel(config, tokenizer, { seed: 1, threads: 1 });
    const away = await serve(other, { name: "other", port: 0 });
    try {
      await assert.rejects(
        act(models.openai({ model: "other", baseURL: away.url })),
        /^LanguageModelFailure: The model other does not write as head on /,
      );
    } finally {
      await away.close();
      await other.dispose();
    }
  });
});
