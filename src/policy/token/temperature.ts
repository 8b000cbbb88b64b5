/**
 * The control: a frozen decoder whose one trainable number divides its logits. It can only sharpen what the model writes
 * anyway. A head that does not beat it has learned no more than to sharpen.
 *
 * With s = exp(-log T): logits s l. d logp/ds = l_c - E[l]; dH/ds = -s Var[l]; KL from s = 1 has d/ds = (s - 1) Var[l].
 * Those are computed while drawing, so the evaluation holds at the temperature that the batch was drawn at, and one update a
 * batch is all that may be made of it.
 */

import type * as TF from "@tensorflow/tfjs";
import { checkOptions, numberFrom, only, optional } from "../../data/check.ts";
import type { Decoder, DrawnToken, StepLogits } from "../../model/index.ts";
import { tf } from "../tensors.ts";
import type { ActionEvaluation, FreeText, Policy, TrainablePolicy } from "../types.ts";
import { actionOf } from "./actions.ts";
import { createProgramGenerator, type ProgramGeneratorOptions, tokenTraining } from "./generator.ts";
import { writerEntries } from "./given.ts";
import { temperaturePlan } from "./plan.ts";
import { runsOn } from "./sampling.ts";

/** Of each drawn token: log-probability, entropy, divergence, each followed by its slope in s. Shape [n, 6]. */
interface SlopeTrace {
  slopes: Float32Array;
  reference: number;
}

/** How the control is made: as programs are written, but for how they are drawn. */
type TemperatureOptions = Omit<ProgramGeneratorOptions, "temperature" | "topK" | "topP"> & { start?: number };

const { prompt, maxTokens, batch, ask } = writerEntries;
const optionsSchema = only<TemperatureOptions>({
  ...{ prompt, maxTokens, batch, ask },
  start: optional(numberFrom(Number.MIN_VALUE, Number.MAX_VALUE, "a positive temperature")),
});

/** Makes the control. `start` is the temperature that it begins with. */
export async function temperaturePolicy(
  decoder: Decoder,
  given: TemperatureOptions = {},
): Promise<TrainablePolicy & { temperature(): Promise<number> }> {
  checkOptions(optionsSchema, given, "the options of policies.temperature");
  const { start = 1, ...options } = given;
  const generator = await createProgramGenerator(decoder, { ...options, temperature: 1 });
  const logS = tf.variable(tf.scalar(-Math.log(start)));
  const name = `temperature of ${decoder.config.family} ${decoder.hash.slice(0, 8)}`;
  const readS = async (): Promise<number> => Math.exp((await logS.data())[0]!);
  const plain =
    (s: Promise<number>): Policy["act"] =>
    async (observations, streams) => {
      const scale = await s;
      const written = await generator.write(observations, streams, () => ({
        onLogits: ({ logits }) => scaleLogits(logits, scale),
      }));
      return written.map(actionOf(generator.prompt));
    };
  const freeTextAt = (s: Promise<number>) => async (): Promise<FreeText> => {
    return { decoder, temperature: 1 / (await s), topK: 0, topP: 1, fingerprint: decoder.hash };
  };
  return {
    name,
    batch: generator.batch,
    runsOn: runsOn(decoder),
    variables: [logS],
    learningRate: 0.1,
    recommended: tokenTraining,
    isEvaluatedAsDrawn: true,
    fingerprint: `${decoder.hash} temperature prompt ${generator.prompt.name} ${generator.prompt.version}`,
    plan: async () =>
      temperaturePlan({ decoder, options, generator }, { frozen: false, logS: (await logS.data())[0]! }),
    temperature: async () => 1 / (await readS()),
    async act(observations, streams) {
      const s = await readS();
      const written = await generator.write(observations, streams, (count) => slopeProcessor(count, s));
      return written.map((one) => {
        const { reference } = one.trace as SlopeTrace;
        return { ...actionOf(generator.prompt)(one), referenceLogProb: reference };
      });
    },
    evaluate: (actions) =>
      slopeEvaluation(
        actions.map(({ trace }) => (trace as SlopeTrace).slopes),
        logS,
      ),
    frozen() {
      const s = readS();
      return {
        name: `${name}, frozen`,
        batch: generator.batch,
        runsOn: runsOn(decoder),
        act: plain(s),
        plan: async () => temperaturePlan({ decoder, options, generator }, { frozen: true, logS: Math.log(await s) }),
        freeText: freeTextAt(s),
      };
    },
    freeText: () => freeTextAt(readS())(),
    dispose: () => logS.dispose(),
  };
}

function scaleLogits(logits: Float32Array, s: number): void {
  for (let i = 0; i < logits.length; i++) logits[i]! *= s;
}

function slopeProcessor(count: number, s: number) {
  const slopes = Array.from({ length: count }, (): number[] => []);
  const reference = new Float64Array(count);
  let seen: { rows: readonly number[]; raw: Float32Array } = { rows: [], raw: new Float32Array(0) };
  return {
    onLogits: ({ rows, logits }: StepLogits) => {
      seen = { rows, raw: logits.slice() };
      scaleLogits(logits, s);
    },
    onToken: ({ row, id, logProb, weights, total }: DrawnToken) => {
      const at = seen.rows.indexOf(row);
      const raw = seen.raw.subarray(at * weights.length, (at + 1) * weights.length);
      let mean = 0;
      for (let i = 0; i < raw.length; i++) mean += (weights[i]! / total) * raw[i]!;
      let variance = 0;
      let most = Number.NEGATIVE_INFINITY;
      for (let i = 0; i < raw.length; i++) {
        variance += (weights[i]! / total) * (raw[i]! - mean) ** 2;
        most = Math.max(most, raw[i]!);
      }
      let powers = 0;
      for (let i = 0; i < raw.length; i++) powers += Math.exp(raw[i]! - most);
      const logZ1 = most + Math.log(powers);
      const logZs = s * raw[id]! - logProb;
      const entropy = logZs - s * mean;
      const kl = (s - 1) * mean - logZs + logZ1;
      slopes[row]!.push(logProb, raw[id]! - mean, entropy, -s * variance, kl, (s - 1) * variance);
      reference[row]! += raw[id]! - logZ1;
    },
    finish: (): SlopeTrace[] =>
      slopes.map((list, row) => ({ slopes: Float32Array.from(list), reference: reference[row]! })),
  };
}

function slopeEvaluation(traces: readonly Float32Array[], logS: TF.Variable): ActionEvaluation {
  return tf.tidy(() => {
    const n = traces.reduce((sum, list) => sum + list.length, 0) / 6;
    const all = tf.tensor2d(Float32Array.from(traces.flatMap((list) => [...list])), [n, 6]);
    const [logProb, dLogProb, entropy, dEntropy, kl, dKl] = tf.unstack(all, 1) as TF.Tensor1D[];
    // Straight lines through the values at the s of the draw: value and slope are exact there, and that is where we are.
    const s = tf.exp(logS);
    const step = tf.sub(s, held(s));
    const line = (value: TF.Tensor, slope: TF.Tensor) => tf.add(value, tf.mul(slope, step)) as TF.Tensor1D;
    return {
      logProbs: line(logProb!, dLogProb!),
      entropy: line(entropy!, dEntropy!),
      kl: line(kl!, dKl!),
    };
  });
}

/** The same value, as a constant to the differentiation. */
const held = tf.customGrad((x) => ({
  value: (x as TF.Tensor).clone(),
  gradFunc: (dy: TF.Tensor) => tf.zerosLike(dy),
}));
