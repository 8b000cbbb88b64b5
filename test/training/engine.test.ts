/** What computes a training's updates: ONNX Runtime for a head, TF.js for what it alone can. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { deviceName } from "../../src/model/device.ts";
import { editMenu, type TokenPolicy, tf, tokenPolicy } from "../../src/policy/index.ts";
import { openRecord } from "../../src/record/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import {
  type Checkpoint,
  type Loss,
  policyGradientLoss,
  type TrainOptions,
  train,
  type Update,
} from "../../src/training/index.ts";
import { temporaryFolder } from "../model/shared.ts";
import { toyDecoder } from "../policy/token/toy.ts";
import { leaveOut } from "../support.ts";
import { menu, nameEnv, updatesOf } from "./fixtures.ts";
import { prompt } from "./head-updates.ts";

/** A head of more numbers than plain JavaScript is taken for. */
const largeHead = (provider = "toy"): Promise<TokenPolicy> => {
  const decoder = { ...toyDecoder({ width: 100 }), provider };
  return tokenPolicy(decoder, { asks: ["a", "bc"], prompt, rank: 10, samples: 32, tokenSubset: "all" });
};

/** An environment that likes short programs. */
const shortEnv = () => {
  const env = nameEnv(1);
  const step: typeof env.step = async (program) => {
    const transition = await env.step(program);
    return { ...transition, reward: -program.length };
  };
  return { ...env, step, clone: shortEnv };
};

const settings = { env: shortEnv(), updates: 4, episodes: 16, seed: 5, klCoef: 0.1 };

async function learn(
  options: Partial<TrainOptions>,
  provider?: string,
): Promise<{ updates: Update[]; weights: number[] }> {
  const policy = await largeHead(provider);
  const updates = await updatesOf({ ...settings, policy, ...options });
  const weights = policy.variables.flatMap((variable) => [...variable.dataSync()]);
  policy.dispose();
  return { updates, weights };
}

function near(found: number[], expected: number[], what: string): void {
  const size = Math.max(...expected.map(Math.abs));
  for (const [i, value] of expected.entries())
    assert.ok(Math.abs(found[i]! - value) <= 1e-4 * size, `${what} ${i}: ${found[i]}, on cpu ${value}`);
}

describe("what computes a training's updates", () => {
  it("is ONNX Runtime for a head, unless another is asked for: the same losses, norms and weights as cpu's to 1e-4", async () => {
    const own = await learn({});
    const plain = await learn({ backend: "cpu" });
    const { backend, steps, passedOver, device } = own.updates[0]!.backend;
    assert.deepEqual([backend, steps, plain.updates[0]!.backend.backend], ["onnxruntime", "wasm", "cpu"]);
    assert.ok(device.length > 0);
    assert.deepEqual(passedOver, [{ backend: "onnxruntime-cuda", why: "the policy's model runs on toy" }]);
    for (const name of ["loss", "gradientNorm", "policyEntropy", "kl"] as const)
      near(
        own.updates.map((update) => update[name]),
        plain.updates.map((update) => update[name]),
        name,
      );
    near(own.weights, plain.weights, "weight");
    assert.deepEqual((await learn({})).weights, own.weights);
  });

  it("goes on from a checkpoint to the last bit", async () => {
    const straight = await learn({});
    const policy = await largeHead();
    let middle: Checkpoint | undefined;
    for await (const { update, checkpoint } of train({ ...settings, policy })) {
      middle = await checkpoint();
      if (update === 1) break;
    }
    const updates = { backend: "onnxruntime", device: deviceName("cpu") };
    assert.deepEqual(middle!.ranOn, { model: { provider: "toy", device: "toy" }, updates });
    const resumed = await learn({ resume: middle! });
    assert.deepEqual(resumed.weights, straight.weights);
    policy.dispose();
  });

  it("is told by the record, of each episode, and by the panel where it is not the processor", async () => {
    using folder = temporaryFolder();
    const path = join(folder.path, "run.sqlite");
    const env = new SurvivalEnv({ maxSteps: 1 });
    await learn({ env, record: path, updates: 1, episodes: 2 });
    const policy = await largeHead("cuda");
    await rollout(env, policy, { record: path, episodes: 1 });
    await env.close();
    using record = openRecord(path);
    const told = [...record.episodes()].map(({ labels }) => [labels.provider, labels.device]);
    assert.deepEqual(told, [
      ["toy", "toy"],
      ["toy", "toy"],
      ["cuda", "toy"],
    ]);
    for (const one of [policy, policy.frozen(), policy.pretrained()])
      assert.deepEqual(one.runsOn, { provider: "cuda", device: "toy" });
    // One that draws on the card is asked in two cohorts, this toy cannot draw there.
    assert.equal(policy.cohorts, undefined);
    const there = { ...policy.decoder, draw: () => Promise.reject(new Error("not drawn here")) };
    const drawer = await tokenPolicy(there, { asks: ["a"], prompt, rank: 2, samples: 4, tokenSubset: "all" });
    for (const one of [drawer, drawer.frozen(), drawer.pretrained()]) assert.equal(one.cohorts, 2);
    drawer.dispose();
    const lines: string[] = [];
    const { log } = console;
    console.log = (line) => void lines.push(line);
    try {
      await updatesOf({ ...settings, policy, updates: 1, panel: true, backend: "cpu" });
    } finally {
      console.log = log;
    }
    assert.match(lines.join("\n"), /^head on gpt2 .* on toy \(cuda\): update 1 of 1/);
    policy.dispose();
  });

  it("is TF.js for a loss of one's own and for a policy that knows no gradient, with the reason; by name that is refused", async () => {
    const loss: Loss = (input) => tf.mul(policyGradientLoss(input), 1);
    const { updates } = await learn({ loss });
    const { backend, passedOver } = updates[0]!.backend;
    assert.ok(!backend.startsWith("onnxruntime"), backend);
    const why = "it computes the policy gradient's loss alone, and `loss` is a function of yours";
    assert.deepEqual(passedOver.slice(0, 2), [
      { backend: "onnxruntime-cuda", why },
      { backend: "onnxruntime", why },
    ]);
    await assert.rejects(learn({ loss, backend: "onnxruntime" }), {
      message: `The backend onnxruntime cannot be used: ${why}`,
    });
    const policy = editMenu(menu);
    await assert.rejects(updatesOf({ env: nameEnv(), policy, updates: 1, backend: "onnxruntime" }), {
      message: `The backend onnxruntime cannot be used: the policy ${policy.name} has no gradient of its own, TF.js differentiates it`,
    });
    policy.dispose();
    await assert.rejects(learn({ backend: "abacus" as never }), {
      message:
        'Unknown backend "abacus": use onnxruntime-cuda, onnxruntime, tensorflow-gpu, webgpu, tensorflow, wasm, cpu',
    });
  });

  it("is the processor for a model on CUDA where CUDA does not begin, and says why", async function () {
    const { updates } = await learn({}, "cuda");
    const { backend, passedOver } = updates[0]!.backend;
    if (backend === "onnxruntime-cuda") leaveOut(this, "CUDA begins here: gpu:check compares its numbers");
    assert.equal(backend, "onnxruntime");
    assert.match(passedOver[0]!.why, /cuda: .*(setup:cuda|CUDA device|Linux x64)/);
    await assert.rejects(learn({ backend: "onnxruntime-cuda" }), {
      message: /^The backend onnxruntime-cuda cannot be used: .*cuda: .*npm run setup:cuda/,
    });
  });
});
