/** An adapter's gradient on ONNX Runtime: the graph beside PyTorch's float64 (`torch-adapter.json`), the engine beside TF.js. */

import assert from "node:assert/strict";
import { type Decoder, openGraph, openModel } from "../../../src/model/index.ts";
import {
  type Action,
  type GradientInput,
  type GradientOptions,
  type TrainablePolicy,
  tf,
} from "../../../src/policy/index.ts";
import { type AdapterSetting, objectiveGradient } from "../../../src/policy/token/adapter/evaluation.ts";
import { inputsOf, openAdapterGradient, weightsOf } from "../../../src/policy/token/adapter/gradient.ts";
import { placed } from "../../../src/policy/token/adapter/parts.ts";
import type { AdapterTrace } from "../../../src/policy/token/adapter/trace.ts";
import { adapterUpdateGraph } from "../../../src/policy/token/adapter/update-graph.ts";
import type { AdapterVariables } from "../../../src/policy/token/adapter/weights.ts";
import { createRandom } from "../../../src/random/index.ts";
import { tensorGradient } from "../../../src/training/gradient.ts";
import { prepareBackend } from "../../../src/training/index.ts";
import { caseFolder, families } from "../../model/families.ts";
import { distance, weightOf } from "../../model/shared.ts";
import { kept, opened, tracesOf } from "./adapter-cases.ts";

const { temperature } = kept;

describe("an adapter's update as a graph", () => {
  before(() => prepareBackend({ backend: "cpu" }));

  for (const { name, blocks, values, gradient } of kept.cases)
    for (const isTold of [false, true])
      it(`has PyTorch's values, float64, to 1e-5${isTold ? ", of a divergence that is told alone" : " and its gradient"}: ${name} (${kept.torch})`, async () => {
        using folder = caseFolder(families.cases.find((one) => one.name === name)!);
        const decoder = await openModel(folder.path, { threads: 1, adaptedBlocks: blocks });
        const { adapter, setting, held, dispose } = await opened(decoder, blocks);
        const { prefix } = setting;
        const programs = placed(await tracesOf(decoder, held));
        const { config, adapted } = decoder;
        const uses = { entropy: !isTold, kl: !isTold };
        const shape = { config, adapted: adapted!, prefix, ...adapter, temperature, uses };
        // Fewer states at once than there are.
        const graph = await openGraph(adapterUpdateGraph({ ...shape, states: 4 }), { threads: 1 });
        const found = await graph.run({
          ...inputsOf(programs, { prefix, decoder }),
          slopes: { values: weightOf("slopes", [values.length, 3]), shape: [values.length, 3] },
          ...(isTold && { judge: { values: Float32Array.of(1), shape: [1] } }),
          ...(await weightsOf(adapter)),
        });
        for (const [i, what] of ["log-probability", "entropy", "divergence"].entries()) {
          const own = values.map((_, n) => found.values![3 * n + i]!);
          const expected = values.map((row) => row[i]!);
          assert.ok(distance(own, expected) < 1e-5, `${what}: ${distance(own, expected)}`);
        }
        if (!isTold) {
          const flat = adapter.variables.flatMap((_, i) => [...found[`slope.${i >> 1}.${"AB"[i & 1]}`]!]);
          assert.ok(distance(flat, gradient) < 1e-5, `the gradient is ${distance(flat, gradient)} away`);
        }
        await graph.release();
        dispose();
        await decoder.dispose();
      });
});

describe("an adapter's gradient on ONNX Runtime", () => {
  before(() => prepareBackend({ backend: "wasm" }));
  after(() => prepareBackend({ backend: "cpu" }));

  const both = { entropyBonus: 0.3, klCoef: 0.2, summed: false };
  for (const family of families.cases.filter(({ what }) => what !== "rope dynamic"))
    it(`is TF.js's to 1e-5, with its loss and its means: ${family.family}, ${family.what}`, async () => {
      using folder = caseFolder(family);
      const decoder = await openModel(folder.path, { threads: 1, adaptedBlocks: 2 });
      const { adapter, setting, held, dispose } = await opened(decoder, 2);
      await compare({ decoder, adapter, setting }, await tracesOf(decoder, held), both);
      dispose();
      await decoder.dispose();
    });

  const sets: { [what: string]: GradientOptions } = {
    "an entropy bonus": { entropyBonus: 0.3, klCoef: 0, summed: false },
    "a divergence": { entropyBonus: 0, klCoef: 0.2, summed: false },
    "neither, summed": { entropyBonus: 0, klCoef: 0, summed: true },
  };
  for (const [what, options] of Object.entries(sets))
    it(`is TF.js's over several parts, programs among them that do not count: ${what}`, async () => {
      using folder = caseFolder(families.cases.find(({ name }) => name === "llama-12")!);
      const decoder = await openModel(folder.path, { threads: 1, adaptedBlocks: 1 });
      const { adapter, setting, held, dispose } = await opened(decoder, 1);
      const few = await tracesOf(decoder, held);
      const many = Array.from({ length: 330 }, (_, i) => few[i % few.length]!);
      await compare({ decoder, adapter, setting }, many, options);
      dispose();
      await decoder.dispose();
    });

  it("is TF.js's without a prefix, on heads that share keys and on such that do not", async () => {
    for (const name of ["llama-12", "gpt2-0"]) {
      using folder = caseFolder(families.cases.find((one) => one.name === name)!);
      const decoder = await openModel(folder.path, { threads: 1, adaptedBlocks: 1 });
      const { adapter, setting, held, dispose } = await opened(decoder, 1);
      const prefix = { length: 0, entering: new Float32Array(0) };
      await compare({ decoder, adapter, setting: { ...setting, prefix } }, await tracesOf(decoder, held), both);
      dispose();
      await decoder.dispose();
    }
  });
});

/** Both ways of a batch in which some tokens, and all of some programs, do not count. */
async function compare(
  { decoder, adapter, setting }: { decoder: Decoder; adapter: AdapterVariables; setting: AdapterSetting },
  traces: readonly AdapterTrace[],
  options: GradientOptions,
): Promise<void> {
  const random = createRandom(7, "advantages");
  const counts = traces.flatMap(({ ids }, i) => Array.from(ids, (_, t) => (i % 5 === 2 || t === 3 ? 0 : 1)));
  const actions = traces.map((trace): Action => ({ program: "", logProb: 0, choice: 0, label: "", trace }));
  const input: GradientInput = { actions, counts, advantages: counts.map((count) => count * random.normal()) };
  const policy = {
    ...setting,
    objectiveGradient: (_: readonly Action[], objective: Parameters<typeof objectiveGradient>[2]) =>
      objectiveGradient(setting, traces, objective),
  } as unknown as TrainablePolicy;
  const expected = await tensorGradient(policy, input, { loss: undefined, options });
  const read = ({ trace }: Action) => trace as AdapterTrace;
  const { prefix } = setting;
  const engine = await openAdapterGradient({
    ...{ ...options, provider: "cpu", decoder, adapter, prefix, temperature, read },
  });
  const found = await engine.gradient(input);
  const numbers = ({ loss, entropy, kl }: { loss: number; entropy: number; kl: number }) => [loss, entropy, kl];
  for (const [i, value] of numbers(found).entries()) {
    const wanted = numbers(expected)[i]!;
    assert.ok(
      Math.abs(value - wanted) <= 1e-5 * (1 + Math.abs(wanted)),
      `${["loss", "entropy", "divergence"][i]}: ${value}, TF.js ${wanted}`,
    );
  }
  const flat = found.gradients.flatMap((part) => [...part]);
  const theirs = setting.variables.flatMap(({ name }) => [...expected.gradients[name]!.dataSync()]);
  assert.ok(distance(flat, theirs) < 1e-5, `the gradient is ${distance(flat, theirs)} away`);
  tf.dispose(expected.gradients);
  await engine.dispose();
}
