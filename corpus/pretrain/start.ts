/**
 * A run that begins from a model that is there. The small model of one language knows the asks, which are the other's too, and
 * that programs repeat an ask's names: begun from it, a fraction of the steps is enough.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readSafetensorsHeader, readTensor, type TokenTable } from "../../src/model/index.ts";
import type { PretrainState } from "./train.ts";
import { type ModelSize, sizeOf, weightShapes } from "./transformer.ts";

/**
 * The state before the first step: the weights of the model in `folder`, token by token where both tables have it; what it lacks
 * is as in `drawn`. Throws a RangeError for a model of another shape.
 */
export async function startFrom(
  folder: string,
  { size, table, drawn }: { size: ModelSize; table: TokenTable; drawn: Float32Array },
): Promise<PretrainState> {
  const { ids } = JSON.parse(await readFile(join(folder, "tokens.json"), "utf8")) as TokenTable;
  const { places } = await readSafetensorsHeader(join(folder, "model.safetensors"));
  const rowOf = new Map(ids.map((id, row) => [id, row]));
  const weights = Float32Array.from(drawn);
  let at = 0;
  for (const { name, shape } of weightShapes(size)) {
    const own = weights.subarray(at, at + sizeOf(shape));
    at += own.length;
    const place = places.get(name);
    const isTable = name === "transformer.wte.weight";
    const expected = isTable ? ids.length * size.width : own.length;
    const there = place === undefined ? null : await readTensor(place);
    if (there?.length !== expected)
      throw new RangeError(`Expected ${folder} to have ${expected} numbers as ${name}, got ${there?.length ?? "none"}`);
    if (!isTable) own.set(there);
    else
      table.ids.forEach((id, row) => {
        const from = rowOf.get(id);
        if (from !== undefined) own.set(there.subarray(from * size.width, (from + 1) * size.width), row * size.width);
      });
  }
  const moment = (): Float32Array => new Float32Array(weights.length);
  return { weights, mean: moment(), square: moment(), steps: 0 };
}
