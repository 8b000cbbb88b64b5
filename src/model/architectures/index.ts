/** The families of decoders that open. A new one is a file beside this one, and a line in the list. */

import { ModelFailure } from "../error.ts";
import type { ModelConfig } from "../types.ts";
import { gpt2 } from "./gpt2.ts";
import { llama } from "./llama.ts";
import type { Architecture, ConfigType } from "./types.ts";

const all: readonly Architecture[] = [gpt2, llama];

/** The family of a model's shape. */
export function architectureOf({ family }: Pick<ModelConfig, "family">): Architecture {
  const found = all.find((one) => one.family === family);
  if (found === undefined)
    throw new RangeError(
      `Expected \`family\` to be ${listed(
        all.map((one) => one.family),
        "or",
      )}, got ${family}`,
    );
  return found;
}

/** A type that files name (`what` they call it), or a ModelFailure that says which there are. */
export function typeOf(
  path: string,
  what: string,
  type: unknown,
): ConfigType & { name: string; architecture: Architecture } {
  const found = all.find(({ types }) => typeof type === "string" && Object.hasOwn(types, type));
  if (found !== undefined) return { ...found.types[type as string]!, name: type as string, architecture: found };
  const value = JSON.stringify(type) ?? "none";
  const supported = `${listed(
    all.flatMap(({ types }) => Object.keys(types)),
    "and",
  )} are`;
  throw new ModelFailure({ kind: "unsupported", path, what, value, supported });
}

function listed(names: readonly string[], word: "and" | "or"): string {
  return `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;
}
