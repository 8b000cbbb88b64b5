/** A trained head or adapter as it was: out of its checkpoint, with the prompt, the token subset and the temperature that it learned with. */

import { type Decoder, type PromptDesign, splitHash } from "../model/index.ts";
import { type AdapterOptions, type TokenPolicy, type TokenPolicyOptions, tokenPolicy } from "../policy/index.ts";
import { CheckpointFailure } from "./checkpoint.ts";
import { putWeights } from "./saved.ts";
import type { Checkpoint } from "./types.ts";

/** What a token policy's checkpoint says of itself. */
interface About {
  prompt: PromptDesign;
  temperature: number;
  maxTokens: number;
  /** A head's. */
  rank: number;
  scale: number;
  topK: number;
  topP: number;
  /** An adapter's. */
  adapter?: Required<AdapterOptions>;
}

/** How many of the model's last blocks a checkpoint's adapter changes, 0 of a head's: what its decoder is to be opened with. */
export function adaptedBlocksOf({ about }: Checkpoint): number {
  return (about as Partial<About>).adapter?.blocks ?? 0;
}

/**
 * The token policy of a checkpoint: `await trainedPolicy(decoder, await readCheckpoint("head.safetensors"))`. No calibration
 * is drawn. Where the training was validated, its best weights play. Rejects with a CheckpointFailure if the checkpoint is of another model, or of no token policy. An adapter's
 * decoder is opened with its `adaptedBlocks` (`adaptedBlocksOf`).
 */
export async function trainedPolicy(
  decoder: Decoder,
  checkpoint: Checkpoint,
  options: Pick<TokenPolicyOptions, "batch" | "ask"> = {},
): Promise<TokenPolicy> {
  const { weights, validation, policy: expected } = checkpoint;
  const policy = await openPolicy(decoder, checkpoint, options);
  if (policy.fingerprint !== expected) {
    policy.dispose();
    const [own, other] = [decoder.hash, expected.split(" ")[0]!].map(splitHash);
    if (own!.weights === other!.weights && own!.dtype !== other!.dtype)
      throw new CheckpointFailure({ kind: "dtype", trained: other!.dtype, opened: own!.dtype });
    throw foreign(checkpoint, policy.fingerprint ?? policy.name);
  }
  const played = validation && validation.weights.length > 0 ? validation.weights : weights;
  putWeights(policy, played);
  return policy;
}

function foreign({ policy }: Checkpoint, found: string): CheckpointFailure {
  return new CheckpointFailure({ kind: "other", what: "policy", expected: found, found: policy });
}

/** A policy of the checkpoint's kind, with weights of its own. */
async function openPolicy(
  decoder: Decoder,
  checkpoint: Checkpoint,
  options: Pick<TokenPolicyOptions, "batch" | "ask">,
): Promise<TokenPolicy> {
  const { weights, buffers, about } = checkpoint;
  const { prompt, rank, scale, temperature, maxTokens, topK, topP, adapter } = about as unknown as About;
  if (adapter) {
    const opened = decoder.adapted?.blocks ?? 0;
    if (opened !== adapter.blocks) throw new CheckpointFailure({ kind: "blocks", trained: adapter.blocks, opened });
    return tokenPolicy(decoder, { ...options, prompt, temperature, maxTokens, adapter });
  }
  const values = (name: string) => buffers.find((tensor) => tensor.name === name)?.values;
  const [tokenSubset, mean, deviation] = [values("words"), values("mean"), values("deviation")];
  if (!tokenSubset || !mean || !deviation || weights.length === 0)
    throw foreign(checkpoint, "a head with its calibration");
  if (mean.length !== decoder.config.width || tokenSubset.some((id) => id >= decoder.config.vocabulary))
    throw foreign(checkpoint, `a head on ${decoder.hash}`);
  const calibration = { tokenSubset, mean: Float32Array.from(mean), deviation: Float32Array.from(deviation) };
  const how = { prompt, rank, scale, temperature, maxTokens, topK, topP };
  return tokenPolicy(decoder, { ...options, ...how, asks: [], tokenSubset, calibration });
}
