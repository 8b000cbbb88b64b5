/** A model of this project in the form that the peer reads. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type NamedTensor, packSafetensors } from "../../src/model/index.ts";
import { readSource } from "../../src/model/open.ts";

/** Writes the weights of a model, by its path or name, as a folder that Transformers reads. */
export async function writeFolder(model: string, path: string): Promise<void> {
  const { config, weights } = await readSource(model);
  const tensors: NamedTensor[] = [];
  for (const [name, { shape, read }] of weights) tensors.push({ name, shape, values: await read() });
  writeFileSync(join(path, "model.safetensors"), packSafetensors(tensors, { metadata: { format: "pt" } }));
  const { layers, width, heads, kvHeads, headWidth, feedForward, vocabulary, context, normEpsilon, tied } = config;
  const gpt2 = {
    model_type: "gpt2",
    n_layer: layers,
    n_embd: width,
    n_head: heads,
    n_positions: context,
    n_inner: feedForward,
    layer_norm_epsilon: normEpsilon,
  };
  const llama = {
    model_type: config.attentionBias ? "qwen2" : "llama",
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    head_dim: headWidth,
    intermediate_size: feedForward,
    max_position_embeddings: context,
    rms_norm_eps: normEpsilon,
    rope_theta: config.ropeTheta,
    bos_token_id: 0,
    eos_token_id: 0,
  };
  const own = config.family === "gpt2" ? gpt2 : llama;
  writeFileSync(
    join(path, "config.json"),
    JSON.stringify({ ...own, vocab_size: vocabulary, tie_word_embeddings: tied }),
  );
}
