/** Hugging Face's `config.json` as a decoder's shape. What each family reads: `architectures/`; which other fields there may be: `config-fields.ts`. */

import { typeOf } from "./architectures/index.ts";
import type { Json } from "./architectures/types.ts";
import { checkFields } from "./config-fields.ts";
import { ModelFailure } from "./error.ts";
import type { ModelConfig } from "./types.ts";

/** Reads a parsed `config.json`. Throws a ModelFailure for a model that is not supported or a number that cannot be. */
export function readConfig(path: string, file: Json): ModelConfig {
  const type = typeOf(path, "the model type", file.model_type);
  checkFields(path, type.name, file);
  const config = type.readConfig(path, file);
  const { heads, kvHeads } = config;
  const groups = heads % kvHeads === 0 ? null : `${kvHeads} key heads for ${heads} heads, which do not divide`;
  const fault = groups ?? type.architecture.faultOf(config);
  if (fault !== null) throw new ModelFailure({ kind: "damaged", path, reason: `config.json says ${fault}` });
  return config;
}
