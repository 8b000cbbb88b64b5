/** The same updates on every backend that this machine has: losses and weights agree with plain JavaScript's. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import chromium from "@sparticuz/chromium";
import { rewards, SurvivalEnv } from "../../src/environment/index.ts";
import { randomModel } from "../../src/model/index.ts";
import { tf, tokenPolicy } from "../../src/policy/index.ts";
import type { MicroTask } from "../../src/tasks/index.ts";
import { prepareBackend, type TensorBackendName, train } from "../../src/training/index.ts";
import { toyDecoder } from "../policy/token/toy.ts";
import { leaveOut } from "../support.ts";
import { hangMs } from "../waiting.ts";
import { headUpdates, menuUpdates, prompt, tensorNumbers } from "./head-updates.ts";

/** What `head-updates.ts` prints. */
interface Numbers {
  device: string;
  losses: number[];
  weights: number[];
  edits: { losses: number[]; weights: number[] };
  tensors: number[];
}

function agree(found: number[], expected: number[], what: string): void {
  assert.equal(found.length, expected.length);
  const size = Math.max(...expected.map(Math.abs));
  for (const [i, value] of found.entries())
    assert.ok(Math.abs(value - expected[i]!) <= 1e-4 * size, `${what} ${i}: ${value}, on cpu ${expected[i]}`);
}

describe("the backends of TF.js", () => {
  let head: Awaited<ReturnType<typeof headUpdates>>;
  let edits: Awaited<ReturnType<typeof menuUpdates>>;
  let tensors: number[];
  before(async () => {
    await prepareBackend({ backend: "cpu" });
    head = await headUpdates();
    edits = await menuUpdates("cpu");
    tensors = await tensorNumbers();
    assert.ok(head.losses[0]! > head.losses.at(-1)!);
  });
  after(() => prepareBackend({ backend: "cpu" }));

  for (const backend of ["wasm", "tensorflow"] as const)
    it(`${backend}: a token head's and an edit menu's updates agree with cpu's to 1e-4`, async function () {
      try {
        await prepareBackend({ backend });
      } catch (error) {
        leaveOut(this, (error as Error).message);
      }
      assert.equal(tf.getBackend(), backend);
      const own = await headUpdates();
      agree(own.losses, head.losses, "loss");
      agree(own.weights, head.weights, "weight");
      const menus = await menuUpdates(backend);
      agree(menus.losses, edits.losses, "menu's loss");
      agree(menus.weights, edits.weights, "menu's weight");
      agree(await tensorNumbers(), tensors, "number of tensors");
    });

  it("onnxruntime: a token head's updates agree with cpu's to 1e-4", async () => {
    await prepareBackend({ backend: "cpu" });
    const own = await headUpdates("cpu");
    agree(own.losses, head.losses, "loss");
    agree(own.weights, head.weights, "weight");
  });

  it("webgpu: a token head's and an edit menu's updates agree with cpu's to 1e-4, on Chromium's software Vulkan in a process of its own", async function () {
    // Chromium's package unpacks a Vulkan loader and SwiftShader beside it.
    const folder = dirname(await chromium.executablePath());
    const icd = join(folder, "vk_swiftshader_icd.json");
    if (!existsSync(icd) || !existsSync(join(folder, "libvulkan.so.1")))
      leaveOut(this, "there is no software Vulkan here");
    const own = inChild(this, "webgpu", { LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: icd });
    assert.match(own.device, /SwiftShader/);
    agreeAll(own);
  });

  it("tensorflow-gpu: the same on a CUDA device, in a process of its own", function () {
    agreeAll(inChild(this, "tensorflow-gpu"));
  });

  function agreeAll(own: Numbers): void {
    agree(own.losses, head.losses, "loss");
    agree(own.weights, head.weights, "weight");
    agree(own.edits.losses, edits.losses, "menu's loss");
    agree(own.edits.weights, edits.weights, "menu's weight");
    agree(own.tensors, tensors, "number of tensors");
  }

  /** The same updates by a process that prints them; a backend that cannot be had leaves the test out with its reason. */
  function inChild(test: Mocha.Context, backend: TensorBackendName, env: NodeJS.ProcessEnv = {}): Numbers {
    const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
    const program = join(import.meta.dirname, "head-updates.ts");
    const options = { encoding: "utf8", env: { ...process.env, ...env }, timeout: hangMs } as const;
    const done = spawnSync(process.execPath, [...flags, program, backend], options);
    const missing = /^Error: (The backend tensorflow-gpu cannot be used: .*)/m.exec(done.stderr);
    if (missing) leaveOut(test, missing[1]!);
    assert.equal(done.status, 0, done.stderr);
    return JSON.parse(done.stdout.trim().split("\n").at(-1)!) as Numbers;
  }

  it("are chosen in order, each that was passed over with its reason; few numbers stay on cpu", async () => {
    const small = await prepareBackend({ size: 8 });
    assert.deepEqual([small.backend, small.passedOver.length], ["cpu", 1]);
    const large = await prepareBackend({ size: 5000 });
    assert.ok(["tensorflow-gpu", "webgpu", "tensorflow", "wasm"].includes(large.backend), large.backend);
    assert.ok(large.device.length > 0);
    const order = ["tensorflow-gpu", "webgpu", "tensorflow", "wasm", "cpu"];
    assert.deepEqual(
      large.passedOver.map(({ backend }) => backend),
      order.slice(0, order.indexOf(large.backend)),
    );
    for (const { why } of large.passedOver)
      assert.match(why, /npm run setup:tensorflow|CUDA device|does not start|loaded|graphics device|adapter|software/);
    await assert.rejects(prepareBackend({ backend: "abacus" as never }), {
      message: 'Unknown backend "abacus": use tensorflow-gpu, webgpu, tensorflow, wasm, cpu',
    });
  });

  it("train a real decoder's head: a random GPT-2 on ONNX Runtime in the real sandbox, twice to the last bit", async () => {
    const { tokenizer } = toyDecoder();
    const shape = { layers: 2, width: 16, heads: 2, kvHeads: 2, headWidth: 8, feedForward: 32, context: 64 };
    const config = { ...shape, vocabulary: 15, tied: true, normEpsilon: 1e-5 } as const;
    const decoder = await randomModel({ ...config, family: "gpt2", activation: "gelu_new" }, tokenizer, {
      deviation: 0.3,
    });
    const tasks: MicroTask[] = [
      { id: "a", family: "x", ask: "abc", split: "training", check: { read: "a", expected: 1 } },
    ];
    const env = new SurvivalEnv({ tasks, maxSteps: 2, rewards: [rewards.survival, rewards.usefulness] });
    const run = async () => {
      const policy = await tokenPolicy(decoder, { asks: ["abc"], prompt, rank: 2, samples: 16, batch: 8 });
      const all: number[] = [];
      for await (const { loss, policyEntropy, kl, tokens } of train({
        env,
        policy,
        updates: 3,
        episodes: 8,
        group: 4,
        seed: 2,
        backend: "cpu",
      }))
        all.push(loss, policyEntropy, kl, tokens.drawn);
      for (const variable of policy.variables) all.push(...(await variable.data()));
      policy.dispose();
      return all;
    };
    const first = await run();
    assert.ok(first.every(Number.isFinite));
    assert.deepEqual(await run(), first);
    await decoder.dispose();
  });
});
