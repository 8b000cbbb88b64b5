/** An adapter by the formula on a small model, and programs with it: for the tests of its update. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Decoder, type Prefix, runPrefix } from "../../../src/model/index.ts";
import { tf } from "../../../src/policy/index.ts";
import type { AdapterSetting } from "../../../src/policy/token/adapter/evaluation.ts";
import { readTail } from "../../../src/policy/token/adapter/frozen.ts";
import type { AdapterTrace } from "../../../src/policy/token/adapter/trace.ts";
import { type AdapterVariables, createAdapter } from "../../../src/policy/token/adapter/weights.ts";
import { weightOf } from "../../model/shared.ts";

/** What PyTorch found of a model. */
interface Case {
  name: string;
  blocks: number;
  /** Log-probability, entropy and divergence of each drawn word. */
  values: number[][];
  gradient: number[];
}

/** What `torch_adapter.py` printed. */
export interface Kept {
  torch: string;
  transformers: string;
  prefix: number[];
  programs: [number[], number[]][];
  temperature: number;
  scale: number;
  rank: number;
  cases: Case[];
}

/** It, as it is kept. */
export const kept = JSON.parse(readFileSync(join(import.meta.dirname, "torch-adapter.json"), "utf8")) as Kept;
const { prefix: prefixIds, temperature, scale, rank } = kept;
/** Prompts and what was drawn after them, behind the prefix. */
export const { programs } = kept;

/** An adapter by the formula, and what the decoder and TF.js need to run with it. */
export async function opened(decoder: Decoder, blocks: number) {
  const adapter = createAdapter(decoder.config, { blocks, rank, scale, seed: 1 });
  assignFormula(adapter, decoder);
  const { setting, hold, dispose } = await settingOf(decoder, adapter);
  return { adapter, setting, held: await hold(), dispose };
}

function assignFormula({ variables, blocks }: AdapterVariables, { config }: Decoder): void {
  const names = Array.from({ length: blocks }, (_, i) => config.layers - blocks + i).flatMap((layer) =>
    ["attention", "output", "up", "down"].flatMap((name) =>
      ["A", "B"].map((side) => `adapter.${layer}.${name}.${side}`),
    ),
  );
  for (const [i, variable] of variables.entries())
    tf.tidy(() => variable.assign(tf.tensor(weightOf(names[i]!, variable.shape), variable.shape)));
}

async function settingOf(decoder: Decoder, adapter: AdapterVariables) {
  const tail = await readTail(decoder, decoder.adapted!);
  const states: number[] = [];
  await runPrefix(decoder, prefixIds, { onEntering: ({ entering }) => void states.push(...entering) });
  const prefix = { length: prefixIds.length, entering: Float32Array.from(states) };
  const { variables, pairs } = adapter;
  const setting: AdapterSetting = { tail, prefix, temperature, variables, pairs };
  return {
    setting,
    hold: async () => decoder.adapted!.hold(await adapter.read()),
    dispose: () => {
      tail.dispose();
      adapter.dispose();
    },
  };
}

/** What a program would have left behind, with ONNX Runtime's own account of its words. */
async function traceOf(
  decoder: Decoder,
  held: ReturnType<NonNullable<Decoder["adapted"]>["hold"]>,
  [asked, drawn]: [number[], number[]],
  at: { prefix: Prefix; temperature: number },
): Promise<AdapterTrace> {
  const { vocabulary } = decoder.config;
  const tokens = Int32Array.from([...asked, ...drawn.slice(0, -1)]);
  const { logits, entering } = await decoder.forward({
    ...{ tokens, batch: 1, prefix: at.prefix.past, adapter: held, every: true, entering: true },
  });
  const rows = drawn.map((id, t) => {
    const place = asked.length - 1 + t;
    const own = Float64Array.from(
      logits.subarray(place * vocabulary, (place + 1) * vocabulary),
      (value) => value / at.temperature,
    );
    const most = Math.max(...own);
    const logZ = most + Math.log(own.reduce((sum, value) => sum + Math.exp(value - most), 0));
    const entropy = own.reduce((sum, value) => sum - Math.exp(value - logZ) * (value - logZ), 0);
    return { logProb: own[id]! - logZ, entropy };
  });
  return {
    ...{ entering: entering!, asked: asked.length, ids: Int32Array.from(drawn) },
    logProbs: Float32Array.from(rows, ({ logProb }) => logProb),
    entropy: Float32Array.from(rows, (row) => row.entropy),
  };
}

/** What programs would have left behind. */
export async function tracesOf(decoder: Decoder, held: Parameters<typeof traceOf>[1], which = programs) {
  const prefix = await runPrefix(decoder, prefixIds, { adapter: held });
  const traces: AdapterTrace[] = [];
  for (const program of which) traces.push(await traceOf(decoder, held, program, { prefix, temperature }));
  return traces;
}
