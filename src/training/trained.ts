/** A trained head as it was: out of its checkpoint, with the prompt, the words and the temperature that it learned with. */

import { type Decoder, type PromptDesign, splitHash } from "../model/index.ts";
import { type TokenPolicy, type TokenPolicyOptions, tf, tokenPolicy } from "../policy/index.ts";
import { CheckpointFailure } from "./checkpoint.ts";
import type { Checkpoint } from "./types.ts";

/** What a token policy's checkpoint says of itself. */
interface About {
  prompt: PromptDesign;
  rank: number;
  scale: number;
  temperature: number;
  maxTokens: number;
  topK: number;
  topP: number;
}

/**
 * The token policy of a checkpoint: `await trainedPolicy(decoder, await readCheckpoint("head.safetensors"))`. No calibration
 * is drawn. Rejects with a CheckpointFailure if the checkpoint is of another model, or of no token policy.
 */
export async function trainedPolicy(
  decoder: Decoder,
  checkpoint: Checkpoint,
  options: Pick<TokenPolicyOptions, "batch" | "ask"> = {},
): Promise<TokenPolicy> {
  const { weights, buffers, about, policy: expected } = checkpoint;
  const values = (name: string) => buffers.find((tensor) => tensor.name === name)?.values;
  const [words, mean, deviation] = [values("words"), values("mean"), values("deviation")];
  const foreign = (found: string) =>
    new CheckpointFailure({ kind: "other", what: "policy", expected: found, found: expected });
  if (!words || !mean || !deviation || weights.length === 0) throw foreign("a head with its calibration");
  if (mean.length !== decoder.config.width || words.some((id) => id >= decoder.config.vocabulary))
    throw foreign(`a head on ${decoder.hash}`);
  const calibration = { words, mean: Float32Array.from(mean), deviation: Float32Array.from(deviation) };
  const { prompt, rank, scale, temperature, maxTokens, topK, topP } = about as unknown as About;
  const how = { prompt, rank, scale, temperature, maxTokens, topK, topP };
  const policy = await tokenPolicy(decoder, { ...options, ...how, asks: [], words, calibration });
  if (policy.fingerprint !== expected) {
    policy.dispose();
    const [own, other] = [decoder.hash, expected.split(" ")[0]!].map(splitHash);
    if (own!.weights === other!.weights && own!.dtype !== other!.dtype)
      throw new CheckpointFailure({ kind: "dtype", trained: other!.dtype, opened: own!.dtype });
    throw foreign(policy.fingerprint ?? policy.name);
  }
  for (const [i, variable] of policy.variables.entries())
    tf.tidy(() => variable.assign(tf.tensor(weights[i]!.values, weights[i]!.shape)));
  return policy;
}
