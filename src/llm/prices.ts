/** What models cost: the dated list in `data/prices.json`. */

import { readFileSync } from "node:fs";
import { dataPath } from "../data/index.ts";
import { LanguageModelFailure } from "./error.ts";

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
 * The price of a model: of its name, or of what it is a dated version of (`gpt-4o-mini-2024-07-18`). Models that run here
 * cost nothing. Null for one that is not in the list; with `needed`, a LanguageModelFailure that says how to give one.
 */
export function priceOf(model: string, { needed = false }: { needed?: boolean } = {}): Price | null {
  if (/^(scripted|random|recorded)\b/.test(model) || / recorded$/.test(model)) return { prompt: 0, completion: 0 };
  const { asOf, models } = prices();
  const found = models[model] ?? models[model.replace(/-\d{4}-\d{2}-\d{2}$/, "")];
  if (found !== undefined) return found;
  if (!needed) return null;
  throw new LanguageModelFailure({ kind: "price", model, asOf, known: Object.keys(models).join(", ") });
}
