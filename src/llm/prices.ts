/** What models cost: the dated list in `data/prices.json`. */

import { readFileSync } from "node:fs";
import { dataPath } from "../data/index.ts";
import { LanguageModelFailure } from "./error.ts";
import type { LanguageModel } from "./types.ts";

/** Dollars a million tokens. */
export interface Price {
  prompt: number;
  completion: number;
}

interface PriceList {
  asOf: string;
  models: { [name: string]: Price };
}

let list: PriceList | undefined;

/** The price list that came with the package. */
export function prices(): PriceList {
  list ??= JSON.parse(readFileSync(dataPath("prices.json"), "utf8")) as PriceList;
  return list;
}

/**
 * The price of a model: of its name, or of what it is a dated version of (`gpt-4o-mini-2024-07-18`). The library's own that ask
 * nobody cost nothing, and one whose answers are recorded what it costs itself. Null for one that is not in the list; with `needed`, a LanguageModelFailure that says how to give one.
 */
export function priceOf(model: string, { needed = false }: { needed?: boolean } = {}): Price | null {
  if (/^(scripted|random|recorded)\b/.test(model)) return { prompt: 0, completion: 0 };
  const { asOf, models } = prices();
  const name = model.replace(/(, recorded)+$/, "");
  const found = models[name] ?? models[name.replace(/-\d{4}-\d{2}-\d{2}$/, "")];
  if (found !== undefined) return found;
  if (!needed) return null;
  throw new LanguageModelFailure({ kind: "price", model, asOf, known: Object.keys(models).join(", ") });
}

/** The price of a model by what it is: one on this machine, which can be opened, costs no dollars; else by its name. */
export function priceOfModel(model: LanguageModel, options: { needed?: boolean } = {}): Price | null {
  return "open" in model ? { prompt: 0, completion: 0 } : priceOf(model.name, options);
}
