/**
 * Every field of a `config.json` that may stand in one of a supported family: read (`architectures/`), harmless with a reason, or refused. A
 * field of no list is refused where it says anything but null or false: a model opens right or not at all. Sources:
 * GPT2Config, LlamaConfig, Qwen2Config and PreTrainedConfig of Transformers 4 and 5.
 */

import { typeOf } from "./architectures/index.ts";
import type { Json } from "./architectures/types.ts";
import { ModelFailure } from "./error.ts";

/** Reason to the names that it holds for. */
const harmless: { readonly [reason: string]: readonly (string | RegExp)[] } = {
  "what wrote the file, and what it is called": [
    ...["architectures", "transformers_version", "name_or_path", "is_llama_config", "model_max_length"],
    ...[/^_/, /version$/, /^transformers\.js/, /^unsloth/, /^tokenizer_/, "max_sequence_length", "n_ctx"],
  ],
  "numbers are float32 here, or 8 bits by an option": [
    ...["torch_dtype", "dtype", "torchscript", "use_bfloat16", "reorder_and_upcast_attn", "attn_implementation"],
  ],
  "acts in training alone": [
    ...[/dropout/, /_pdrop$/, "initializer_range", "gradient_checkpointing", "label_smoothing", "tf_legacy_loss"],
  ],
  "how it is computed, not what": [
    ...["use_cache", "pretraining_tp", "chunk_size_feed_forward", "is_decoder", "use_flash_attn"],
  ],
  "read where ends and beginnings of texts are": [/_token_id$/],
  "what else Transformers gives back, or another head's": [
    ...["output_attentions", "output_hidden_states", "output_scores", "return_dict", "return_dict_in_generate"],
    ...["id2label", "label2id", "num_labels", "problem_type", "finetuning_task", "task_specific_params"],
    ...[/^summary_/, "tokenizer_class", "prefix"],
  ],
  "how texts are drawn, which is asked for each time": [
    ...["do_sample", "temperature", "top_k", "top_p", "typical_p", "min_length", "max_length", "early_stopping"],
    ...["num_beams", "num_beam_groups", "num_return_sequences", "diversity_penalty", "repetition_penalty"],
    ...["length_penalty", "no_repeat_ngram_size", "encoder_no_repeat_ngram_size", "bad_words_ids"],
    ...["remove_invalid_values", "exponential_decay_length_penalty", "suppress_tokens", "begin_suppress_tokens"],
  ],
};
const harmlessNames = Object.values(harmless).flat();

/** Throws a ModelFailure that names the first field which would change the model and is not read. */
export function checkFields(path: string, type: string, file: Json): void {
  const { fields } = typeOf(path, "the model type", type);
  const quantisation = file.quantization_config ?? file.compression_config;
  if (quantisation != null) {
    const { quant_method: method = "a method without a name" } = quantisation as { quant_method?: unknown };
    throw new ModelFailure({ kind: "quantised", path, method: String(method) });
  }
  for (const [field, value] of Object.entries(file)) {
    if (fields.includes(field) || value === null || value === false || isEmpty(value)) continue;
    if (harmlessNames.some((name) => (typeof name === "string" ? name === field : name.test(field)))) continue;
    throw new ModelFailure({ kind: "field", path, field, value: shorten(JSON.stringify(value)) });
  }
}

function isEmpty(value: unknown): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function shorten(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
