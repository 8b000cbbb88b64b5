/**
 * The head's terms, gradient and Adam's updates against PyTorch in float64 (`torch_head.py`): the numbers that it printed
 * once, kept in `torch-head.json`; and, where there is a PyTorch, that it still prints them.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { tf } from "../../src/policy/index.ts";
import { openHeadGradient } from "../../src/policy/token/gradient.ts";
import { createHead, type Head } from "../../src/policy/token/head.ts";
import { createTraces, type Trace } from "../../src/policy/token/trace.ts";
import { policyGradientLoss } from "../../src/training/index.ts";
import { squaresOf, takeStep } from "../../src/training/step.ts";
import { leaveOut, testPython } from "../support.ts";

interface Updated {
  terms: number[][];
  loss: number;
  gradient: number[];
  norm: number;
  after: number[];
}

interface Case {
  hidden: number[][];
  logits: number[][];
  ids: number[];
  tokenSubset: number[];
  A: number[][];
  B: number[][];
  bias: number[];
  counts: number[];
  advantages: number[];
  temperature: number;
  scale: number;
  summed: boolean;
  maxGradNorm: number;
  entropyBonus: number;
  klCoef: number;
  learningRate: number;
  updates: Updated[];
}

const kept = join(import.meta.dirname, "torch-head.json");
const { torch, cases } = JSON.parse(readFileSync(kept, "utf8")) as { torch: string; cases: Case[] };

/** What generation would have kept of these draws; the frozen model is what they were drawn from. */
function traceOf({ hidden, logits, ids, tokenSubset, temperature }: Case): Trace {
  const width = hidden[0]!.length;
  const place = new Int32Array(logits[0]!.length).fill(-1);
  for (const [i, id] of tokenSubset.entries()) place[id] = i;
  const standardise = (from: Float32Array, into: Float32Array): void => into.set(from);
  const traces = createTraces(1, ids.length, {
    ...{ tokenSubset: Int32Array.from(tokenSubset), place, width, temperature, standardise },
  });
  for (const [i, id] of ids.entries()) {
    const own = Float32Array.from(logits[i]!);
    traces.before({ rows: [0], hidden: Float32Array.from(hidden[i]!), logits: own });
    const most = Math.max(...own);
    const weights = Float64Array.from(own, (logit) => Math.exp((logit - most) / temperature));
    const total = weights.reduce((a, b) => a + b);
    traces.after({ row: 0, id, weights, total });
  }
  return traces.finish()[0]!;
}

function headOf({ A, B, bias, scale }: Case): Head {
  const head = createHead(A[0]!.length, bias.length, { rank: A.length, scale });
  for (const [i, values] of [A.flat(), B.flat(), bias].entries()) {
    const variable = head.variables[i]!;
    tf.tidy(() => variable.assign(tf.tensor(values, variable.shape)));
  }
  return head;
}

/** Within 1e-5 of the largest. */
function near(found: ArrayLike<number>, expected: readonly number[], what: string): void {
  assert.equal(found.length, expected.length, what);
  const size = Math.max(...expected.map(Math.abs));
  for (const [i, value] of expected.entries())
    assert.ok(
      Math.abs(found[i]! - value) <= 1e-5 * size,
      `${what} ${i}: ${found[i]}, PyTorch ${value}, of a largest ${size}`,
    );
}

describe(`the head's numbers and PyTorch's (${torch}, float64)`, () => {
  it("are of gradients that are clipped, and of some that are not", () => {
    const clipped = cases.flatMap(({ maxGradNorm, updates }) => updates.map(({ norm }) => norm > maxGradNorm));
    assert.deepEqual([...new Set(clipped)].sort(), [false, true]);
  });

  for (const [k, one] of cases.entries())
    it(`agree to 1e-5 on terms, loss, gradient and ${one.updates.length} updates of Adam, case ${k + 1}, by TF.js and by ONNX Runtime`, async () => {
      const { advantages, counts, temperature, maxGradNorm, learningRate } = one;
      const head = headOf(one);
      const trace = traceOf(one);
      const adam = tf.train.adam(1);
      const engine = await openHeadGradient(head, { ...one, provider: "cpu", read: () => trace });
      for (const [u, { terms, loss, gradient, norm, after }] of one.updates.entries()) {
        const found = Object.values(head.evaluate([trace], temperature)).map((term: tf.Tensor) => [...term.dataSync()]);
        for (const [i, term] of terms.entries())
          near(found[i]!, term, `update ${u}, ${["log-probability", "entropy", "divergence"][i]}`);
        const { value, grads } = tf.variableGrads(() => {
          const given = { advantages: tf.tensor1d(advantages), counts: tf.tensor1d(counts), options: one };
          return policyGradientLoss({ ...head.evaluate([trace], temperature), ...given });
        }, [...head.variables]);
        near([value.dataSync()[0]!], [loss], `update ${u}, loss`);
        const ran = await engine.gradient({
          actions: [{ program: "", logProb: 0, choice: 0, label: "" }],
          advantages,
          counts,
        });
        near([ran.loss], [loss], `update ${u}, ONNX Runtime's loss`);
        const mean = (term: number[]) => term.reduce((sum, one) => sum + one, 0) / term.length;
        near([ran.entropy, ran.kl], [mean(terms[1]!), mean(terms[2]!)], `update ${u}, ONNX Runtime's means`);
        near(
          ran.gradients.flatMap((values) => [...values]),
          gradient,
          `update ${u}, ONNX Runtime's gradient`,
        );
        near(
          head.variables.flatMap(({ name }) => [...grads[name]!.dataSync()]),
          gradient,
          `update ${u}, gradient`,
        );
        const own = Math.sqrt(squaresOf(grads).dataSync()[0]!);
        near([own], [norm], `update ${u}, norm`);
        takeStep(adam, grads, { norm: own, maxGradNorm, learningRate });
        near(
          head.variables.flatMap((variable) => [...variable.dataSync()]),
          after,
          `update ${u}, weight`,
        );
      }
      await engine.dispose();
      head.dispose();
    });

  it("are what PyTorch prints here, too", function () {
    const python = process.env.AUTOAGENT_TORCH_PYTHON ?? testPython(this);
    const done = spawnSync(python, [join(import.meta.dirname, "torch_head.py")], { encoding: "utf8" });
    if (done.error) throw done.error;
    if (/No module named 'torch'/.test(done.stderr))
      leaveOut(this, "there is no PyTorch here: set AUTOAGENT_TORCH_PYTHON to a Python that has it");
    assert.equal(done.status, 0, done.stderr);
    const now = JSON.parse(done.stdout) as { cases: Case[] };
    for (const [k, { updates, ...inputs }] of cases.entries()) {
      const { updates: printed, ...same } = now.cases[k]!;
      assert.deepEqual(same, inputs);
      for (const [u, { after, gradient }] of updates.entries()) {
        near(printed[u]!.gradient, gradient, `update ${u}, gradient`);
        near(printed[u]!.after, after, `update ${u}, weight`);
      }
    }
  });
});
