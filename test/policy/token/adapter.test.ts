/**
 * Adapters of the last blocks: TF.js against ONNX Runtime on every family and field, against PyTorch in float64
 * (`torch_adapter.py`, whose numbers are kept in `torch-adapter.json`), and training with them.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { models } from "../../../src/llm/index.ts";
import { openModel } from "../../../src/model/index.ts";
import {
  type ActionEvaluation,
  type Policy,
  policies,
  type TokenPolicy,
  tf,
  tokenPolicy,
} from "../../../src/policy/index.ts";
import { evaluateTraces, objectiveGradient } from "../../../src/policy/token/adapter/evaluation.ts";
import { createRandom } from "../../../src/random/index.ts";
import {
  adaptedBlocksOf,
  type BackendChoice,
  policyGradientLoss,
  prepareBackend,
  readCheckpoint,
  trainedPolicy,
} from "../../../src/training/index.ts";
import { slownessText } from "../../../src/training/slowness.ts";
import { caseFolder, families } from "../../model/families.ts";
import { distance, temporaryFolder, weightOf, writeFolder, writingModel } from "../../model/shared.ts";
import { leaveOut, testPython } from "../../support.ts";
import { altered, updatesOf } from "../../training/fixtures.ts";
import { type Kept, kept, opened, programs, tracesOf } from "./adapter-cases.ts";

const valuesOf = ({ logProbs, entropy, kl }: ActionEvaluation): Float32Array[] =>
  [logProbs, entropy, kl].map((tensor) => tensor.dataSync() as Float32Array);

describe("an adapter's last blocks in TF.js", () => {
  before(() => prepareBackend({ backend: "cpu" }));

  for (const family of families.cases.filter(({ what }) => what !== "rope dynamic"))
    it(`give each drawn word the log-probability and entropy that ONNX Runtime does: ${family.family}, ${family.what}`, async () => {
      using folder = caseFolder(family);
      const decoder = await openModel(folder.path, { threads: 1, adaptedBlocks: 2 });
      const { setting, held, dispose } = await opened(decoder, 2);
      const long = families.rows[2]!;
      const traces = await tracesOf(decoder, held, [...programs, [long.slice(0, 9), long.slice(9, 30)]]);
      const [logProbs, entropy] = valuesOf(evaluateTraces(setting, traces));
      near(
        logProbs!,
        traces.flatMap((trace) => [...trace.logProbs]),
        1e-4,
      );
      near(
        entropy!,
        traces.flatMap((trace) => [...trace.entropy]),
        1e-4,
      );
      dispose();
      await decoder.dispose();
    });

  it(`have the values and the gradient of PyTorch's, float64, to 1e-5 (${kept.torch}, Transformers ${kept.transformers})`, async () => {
    for (const { name, blocks, values, gradient } of kept.cases) {
      using folder = caseFolder(families.cases.find((one) => one.name === name)!);
      const decoder = await openModel(folder.path, { threads: 1, adaptedBlocks: blocks });
      const { setting, held, dispose } = await opened(decoder, blocks);
      const traces = await tracesOf(decoder, held);
      const found = valuesOf(evaluateTraces(setting, traces));
      for (const [i, what] of ["log-probability", "entropy", "divergence"].entries())
        assert.ok(
          distance(
            found[i]!,
            values.map((row) => row[i]!),
          ) < 1e-5,
          `${name}, ${what}`,
        );
      const slopes = tf.tensor2d(weightOf("slopes", [values.length, 3]), [values.length, 3]);
      const loss = ({ logProbs, entropy, kl }: ActionEvaluation) =>
        tf.sum(tf.mul(tf.stack([logProbs, entropy, kl], 1), slopes)) as tf.Scalar;
      for (const linear of [true, false]) {
        const uses = { entropy: true, kl: true };
        const { value, grads } = objectiveGradient(setting, traces, {
          loss,
          linear,
          counts: values.map(() => 1),
          uses,
        });
        const flat = setting.variables.flatMap((variable) => [...grads[variable.name]!.dataSync()]);
        assert.ok(distance(flat, gradient) < 1e-5, `${name}: the gradient is ${distance(flat, gradient)} away`);
        const expected = values.flat().reduce((sum, one, i) => sum + one * slopes.dataSync()[i]!, 0);
        assert.ok(Math.abs(value.dataSync()[0]! - expected) < 1e-5 * Math.max(1, Math.abs(expected)), name);
      }
      const taped = tf.variableGrads(() => loss(evaluateTraces(setting, traces)), [...setting.variables]);
      const own = setting.variables.flatMap((variable) => [...taped.grads[variable.name]!.dataSync()]);
      assert.ok(distance(own, gradient) < 1e-5, `${name}: the gradient on one tape is ${distance(own, gradient)} away`);
      dispose();
      await decoder.dispose();
    }
  });

  it("are what PyTorch prints here, too", function () {
    const python = process.env.AUTOAGENT_TORCH_PYTHON ?? testPython(this);
    const done = spawnSync(python, [join(import.meta.dirname, "torch_adapter.py")], { encoding: "utf8" });
    if (done.error) throw done.error;
    if (/No module named '(torch|transformers)'/.test(done.stderr))
      leaveOut(
        this,
        "there is no PyTorch with Transformers here: set AUTOAGENT_TORCH_PYTHON to a Python that has them",
      );
    assert.equal(done.status, 0, done.stderr);
    const { cases } = JSON.parse(done.stdout) as Kept;
    for (const [i, { name, gradient, values }] of kept.cases.entries()) {
      assert.ok(distance(cases[i]!.gradient, gradient) < 1e-7, name);
      assert.ok(distance(cases[i]!.values.flat(), values.flat()) < 1e-7, name);
    }
  });
});

function near(found: ArrayLike<number>, expected: readonly number[], apart: number): void {
  assert.equal(found.length, expected.length);
  for (const [i, value] of expected.entries())
    assert.ok(Math.abs(found[i]! - value) < apart, `${i}: ${found[i]}, expected ${value}`);
}

/** A model of the formula whose programs are single letters and more, asked for one thing, and paid for every "e" that it writes. */
const prompt = {
  ...{ name: "letters", version: 1, examples: [{ ask: "abc", program: "eee" }], before: "(", after: ")" },
  ...{ separator: ";", primed: "", stop: [";"], maxTokens: 6 },
};
const payingEnv = () => altered((program) => program.split("e").length - 1);

describe("a policy with an adapter", () => {
  const folder = temporaryFolder();
  before(() => writeFolder(folder.path, writingModel()));
  after(() => folder[Symbol.dispose]());

  const open = (adapter: object = { blocks: 1, rank: 4 }) =>
    policies.fromPretrained(folder.path, {
      ...{ adapter, prompt, threads: 1, batch: 16, temperature: 1, seed: 3 },
      ask: (seen) => (Number(seen) % 2 === 0 ? "good" : "bad"),
    });
  const learn = (policy: TokenPolicy, options: object = {}) =>
    updatesOf({
      ...{ env: payingEnv(), policy, updates: 4, episodes: 16, group: 8, learningRate: 0.02, lrSchedule: "none" },
      ...{ backend: "wasm", panel: false, ...options },
    });
  const weightsOf = (policy: TokenPolicy) => policy.variables.map((variable) => [...variable.dataSync()]);
  const close = async (policy: TokenPolicy) => {
    policy.dispose();
    await policy.decoder.dispose();
  };

  it("is of rank 16 and scale 2 in the model's last 4 blocks unless told otherwise", async () => {
    const policy = await open({ blocks: 1 });
    const { adapter } = policy.buffers!.about as { adapter: object };
    assert.deepEqual(adapter, { blocks: 1, rank: 16, scale: 2 });
    await close(policy);
    await assert.rejects(open({}), /from 1 to the model's 2, got 4$/);
  });

  it("begins as the frozen model, learns what pays, and is the frozen model still beneath", async () => {
    const policy = await open();
    const asked = [0, 1, 0, 1];
    const streams = () => asked.map((_, i) => createRandom(5, i));
    const written = async (one: Policy) => (await one.act(asked, streams())).map(({ program }) => program);
    const before = await written(policy);
    assert.deepEqual(before, await written(policy.pretrained()));
    assert.deepEqual(before, await written(policy.frozen()));
    const copy = policy.frozen();
    const updates = await learn(policy, { updates: 14, episodes: 32 });
    const paid = updates.map(({ episodes }) => mean(episodes.map(({ steps }) => steps[0]!.reward)));
    assert.ok(mean(paid.slice(-4)) > 2 * mean(paid.slice(0, 4)), paid.join(" "));
    assert.ok(updates.at(-1)!.kl > 0.01);
    assert.deepEqual(await written(policy.pretrained()), before);
    assert.deepEqual(await written(copy), before, "a copy that does not learn");
    assert.notDeepEqual(await written(policy.frozen()), before);
    await close(policy);
  });

  it("trained twice has the same bits, and resumed from a file those of a straight run", async () => {
    using at = temporaryFolder();
    const save = join(at.path, "adapter.safetensors");
    const [straight, again, half] = [await open(), await open(), await open()];
    await learn(straight);
    await learn(again);
    await learn(half, { updates: 2, save });
    const resumed = await open();
    await learn(resumed, { resume: await readCheckpoint(save) });
    assert.deepEqual(weightsOf(again), weightsOf(straight));
    assert.deepEqual(weightsOf(resumed), weightsOf(straight));
    await Promise.all([straight, again, half, resumed].map(close));
  });

  it("comes back from its checkpoint, in a decoder that was opened for it", async () => {
    const policy = await open();
    using at = temporaryFolder();
    const save = join(at.path, "adapter.safetensors");
    await learn(policy, { updates: 2, save });
    const checkpoint = await readCheckpoint(save);
    assert.equal(adaptedBlocksOf(checkpoint), 1);
    const plain = await openModel(folder.path, { threads: 1 });
    await assert.rejects(
      trainedPolicy(plain, checkpoint),
      /The adapter was trained in the model's last 1 blocks, and it is open with none to be adapted: open it with { adaptedBlocks: 1 }/,
    );
    await plain.dispose();
    const decoder = await openModel(folder.path, { threads: 1, adaptedBlocks: 1 });
    const ask = (seen: unknown) => String(seen);
    const again = await trainedPolicy(decoder, checkpoint, { ask, batch: 16 });
    assert.equal(again.fingerprint, policy.fingerprint);
    assert.equal(again.temperature, policy.temperature);
    assert.deepEqual(weightsOf(again), weightsOf(policy));
    const streams = () => [createRandom(1)];
    const [first] = await policy.act([0], streams());
    assert.equal((await again.frozen().act(["good"], streams()))[0]!.program, first!.program);
    await Promise.all([close(policy), close(again)]);
  });

  it("asked for any text by models.local writes what the model with the adapter merged in writes, and what the frozen model does without", async () => {
    const policy = await open();
    await learn(policy, { updates: 10, episodes: 32 });
    using at = temporaryFolder();
    await policy.saveMerged!(at.path);
    const how = { prompt: "plain", maxTokens: 10 };
    const questions = Array.from({ length: 12 }, (_, seed) => ({ prompt: `ask ${seed % 3}`, seed, logProbs: true }));
    const written: string[] = [];
    for (const [own, path] of [
      [policy, at.path],
      [policy.pretrained(), folder.path],
    ] as const) {
      const [mine, theirs] = [models.local(own, how), models.local(path, { ...how, threads: 1, temperature: 1 })];
      const [ours, others] = [await mine.batch(questions), await theirs.batch(questions)];
      assert.deepEqual(
        ours.map(({ text }) => text),
        others.map(({ text }) => text),
      );
      for (const [i, { tokens }] of ours.entries())
        near(
          tokens!.map(({ logProb }) => logProb),
          others[i]!.tokens!.map(({ logProb }) => logProb),
          1e-4,
        );
      const steered = own === policy ? ours.map(({ usage }) => usage.completionTokens) : ours.map(() => undefined);
      assert.deepEqual(
        ours.map((one) => one.steered),
        steered,
      );
      written.push(JSON.stringify(ours.map(({ text }) => text)), (await mine.fingerprint!()) as string);
      await theirs.dispose();
    }
    assert.equal(new Set(written).size, 4, "an adapter that was learned writes something else");
    await close(policy);
  });

  it("learns by ONNX Runtime unless told otherwise, what TF.js makes it learn", async () => {
    const [own, tensors] = [await open(), await open()];
    const found = await learn(own, { backend: undefined, updates: 3 });
    const expected = await learn(tensors, { updates: 3 });
    assert.deepEqual(
      [found, expected].map((updates) => updates.map(({ backend }) => backend.backend)),
      [
        ["onnxruntime", "onnxruntime", "onnxruntime"],
        ["wasm", "wasm", "wasm"],
      ],
    );
    for (const [i, { loss, kl, policyEntropy }] of found.entries())
      near([loss, kl, policyEntropy], [expected[i]!.loss, expected[i]!.kl, expected[i]!.policyEntropy], 1e-4);
    const [mine, theirs] = [weightsOf(own).flat(), weightsOf(tensors).flat()];
    assert.ok(distance(mine, theirs) < 1e-4, `${distance(mine, theirs)}`);
    await Promise.all([close(own), close(tensors)]);
  });

  it("says beforehand how long an update takes on a slow backend that nobody chose, and how to get the fast one", async () => {
    const loss = policyGradientLoss; // one's own, which TF.js alone differentiates
    const policy = await open();
    const lines: string[] = [];
    const { log } = console;
    console.log = (line: unknown) => void lines.push(String(line));
    const told = async (options: object) => {
      lines.length = 0;
      await learn(policy, { updates: 1, panel: undefined, loss, ...options });
      return lines.filter((line) => line.startsWith("Each of the"));
    };
    try {
      assert.deepEqual(await told({ backend: "wasm" }), [], "it was chosen");
      assert.deepEqual(await told({ backend: undefined, panel: false }), [], "nothing is to be shown");
      const [line] = await told({ backend: undefined });
      const [last] = await learn(policy, { updates: 1, backend: undefined, loss });
      assert.deepEqual(await told({ backend: undefined, loss: undefined }), [], "ONNX Runtime's is not slow");
      if (["wasm", "cpu"].includes(last!.backend.backend))
        assert.match(
          line!,
          /^Each of the 1 updates will take about [\d.]+ s on the backend (wasm|cpu) besides playing, \d+ s in all/,
        );
      else assert.equal(line, undefined, "a fast backend needs no notice");
    } finally {
      console.log = log;
    }
    const choice = {
      backend: "wasm",
      device: "",
      passedOver: [{ backend: "tensorflow", why: "it is not set up: run `npm run setup:tensorflow`" }],
    };
    assert.equal(
      slownessText(75, 24, choice as unknown as BackendChoice),
      "Each of the 24 updates will take about 75 s on the backend wasm besides playing, 30 minutes in all. TensorFlow is several times faster: it is not set up: run `npm run setup:tensorflow`",
    );
    const seconds = await policy.gradientSeconds!(
      await policy.act(
        [0, 1, 2, 3],
        [0, 1, 2, 3].map((i) => createRandom(2, i)),
      ),
    );
    assert.ok(seconds > 0 && seconds < 60, `${seconds}`);
    await close(policy);
  });

  it("takes programs that do not count as they were drawn, and its gradient is that of the others alone", async () => {
    const policy = await open();
    await learn(policy, { updates: 2 });
    const streams = Array.from({ length: 6 }, (_, i) => createRandom(9, i));
    const actions = await policy.act(
      streams.map((_, i) => i),
      streams,
    );
    const gradientOf = (some: typeof actions, counted: (i: number) => boolean) => {
      const counts = some.flatMap(({ tokens }, i) => new Array<number>(tokens!).fill(counted(i) ? 1 : 0));
      const advantages = tf.tensor1d(counts);
      const loss = (evaluation: ActionEvaluation) =>
        policyGradientLoss({
          ...{ ...evaluation, advantages, counts: tf.tensor1d(counts) },
          options: { entropyBonus: 0.1, klCoef: 0.1, summed: false },
        });
      const uses = { entropy: true, kl: true };
      const { grads, value, kl } = policy.objectiveGradient!(some, { loss, linear: true, counts, uses });
      return [value, kl, ...Object.values(grads)].map((tensor) => [...tensor.dataSync()]);
    };
    const all = gradientOf(actions, (i) => i < 3);
    const few = gradientOf(actions.slice(0, 3), () => true);
    for (const [i, values] of few.entries()) assert.ok(distance(all[i]!, values) < 1e-5, `part ${i}`);
    await close(policy);
  });

  it("says what it cannot be made of", async () => {
    const refused = (options: object, message: RegExp) => assert.rejects(open(options), message);
    await refused({ blocks: 3 }, /Expected an adapter's `blocks` to be from 1 to the model's 2, got 3/);
    await refused(
      { blocks: 1, rank: 33 },
      /Expected the adapter's `rank` to be from 1 to 32, the model's smallest matrix, got 33/,
    );
    await refused({ blocks: 1, scale: 0 }, /`scale` to be a number other than 0, got 0/);
    await refused({ blocks: 1, ranks: 2 }, /ranks/);
    const how = { prompt, threads: 1, adapter: { blocks: 1 } };
    await assert.rejects(
      policies.fromPretrained(folder.path, { ...how, dtype: "q8" }),
      /An adapter is learned on the weights as they are, and `dtype` is q8: open the model with fp32/,
    );
    await assert.rejects(policies.fromPretrained(folder.path, { ...how, topK: 5 }), /topK/);
    const decoder = await openModel(folder.path, { threads: 1 });
    await assert.rejects(
      tokenPolicy(decoder, { prompt, adapter: { blocks: 1 } }),
      /An adapter of 1 blocks needs a decoder that was opened with `adaptedBlocks: 1`; this one was opened with none/,
    );
    await decoder.dispose();
    using at = caseFolder(families.cases.find(({ what }) => what === "rope dynamic")!);
    await assert.rejects(openModel(at.path, { adaptedBlocks: 1 }), /an adapter on the rotary scaling/);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
