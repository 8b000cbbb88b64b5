/**
 * The tiny models of fixtures/families (made by families.py), opened from each format and compared with what Transformers
 * computed. `npm run compare:models` prints the table of docs/models.md.
 */

import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Decoder, openModel } from "../../src/model/index.ts";
import { characterTokenizer, distance, temporaryFolder } from "./shared.ts";

const folder = join(import.meta.dirname, "fixtures", "families");

/** A model, what is set in its config, and the logits that Transformers gives for each row. */
export interface FamilyCase {
  name: string;
  family: string;
  what: string;
  gguf: boolean;
  /** True if Transformers reads the GGUF file too, and computes the same from it. */
  readBack: boolean;
  logits: number[][];
}

export const families = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as {
  versions: { [package_: string]: string };
  rows: number[][];
  cases: FamilyCase[];
};

/** The formats of a case: its folder as Transformers 5 saves it, the same as Transformers 4 spelled it, and the GGUF file. */
export type Format = "safetensors" | "rope_scaling" | "gguf";

/** Formats that a case has. */
export function formatsOf({ gguf, what }: FamilyCase): Format[] {
  return [
    "safetensors",
    ...(what.includes("rope ") ? (["rope_scaling"] as const) : []),
    ...(gguf ? (["gguf"] as const) : []),
  ];
}

/** Opens a case's model. */
export async function openCase(one: FamilyCase, format: Format): Promise<Decoder> {
  if (format === "gguf") return openModel(ggufPath(one), { threads: 1 });
  using at = caseFolder(one, format);
  return await openModel(at.path, { threads: 1 });
}

/** A case's GGUF file. */
export function ggufPath({ name }: FamilyCase): string {
  return join(folder, name, "model.gguf");
}

/** A case's model as a folder of Hugging Face's, which is gone after the test. */
export function caseFolder({ name }: FamilyCase, format: Format = "safetensors"): ReturnType<typeof temporaryFolder> {
  const at = temporaryFolder();
  copyFileSync(join(folder, name, "model.safetensors"), join(at.path, "model.safetensors"));
  writeFileSync(join(at.path, "tokenizer.json"), JSON.stringify(characterTokenizer()));
  writeFileSync(join(at.path, "config.json"), JSON.stringify(configOf(name, format)));
  return at;
}

/** A case's config.json, in the new spelling of rotary settings or the old. */
export function configOf(name: string, format: Format): { [field: string]: unknown } {
  const config = JSON.parse(readFileSync(join(folder, name, "config.json"), "utf8")) as { [field: string]: unknown };
  if (format !== "rope_scaling") return config;
  const { rope_parameters: parameters, ...others } = config as { rope_parameters: { [field: string]: unknown } };
  const { rope_theta: theta, rope_type: type, ...scaling } = parameters;
  return { ...others, rope_theta: theta, rope_scaling: { type, ...scaling } };
}

/**
 * The largest distance of any logit from Transformers', as a share of the largest logit: each row alone, and all rows padded
 * in one batch.
 */
export async function distanceOf(one: FamilyCase, decoder: Decoder): Promise<number> {
  const { rows } = families;
  const { vocabulary } = decoder.config;
  let most = 0;
  for (const [i, ids] of rows.entries()) {
    const { logits } = await decoder.forward({ tokens: Int32Array.from(ids), batch: 1 });
    most = Math.max(most, distance(logits, one.logits[i]!));
  }
  const length = Math.max(...rows.map((ids) => ids.length));
  const pad = (values: readonly number[]) => [...new Array<number>(length - values.length).fill(0), ...values];
  const { logits } = await decoder.forward({
    tokens: Int32Array.from(rows.flatMap(pad)),
    valid: Uint8Array.from(rows.flatMap((ids) => pad(ids.map(() => 1)))),
    batch: rows.length,
  });
  for (const i of rows.keys())
    most = Math.max(most, distance(logits.subarray(i * vocabulary, (i + 1) * vocabulary), one.logits[i]!));
  return most;
}

/** The table, as lines of Markdown. */
export async function familyTable(): Promise<string[]> {
  const lines = [
    "| family | set in its config | safetensors | in the spelling `rope_scaling` | GGUF |",
    "| ------ | ----------------- | ----------- | ------------------------------ | ---- |",
  ];
  for (const one of families.cases) {
    const cells: string[] = [];
    for (const format of ["safetensors", "rope_scaling", "gguf"] as const) {
      if (!formatsOf(one).includes(format)) {
        cells.push("");
        continue;
      }
      const decoder = await openCase(one, format);
      cells.push((await distanceOf(one, decoder)).toExponential(0) + (format === "gguf" && one.readBack ? " ✓" : ""));
      await decoder.dispose();
    }
    lines.push(`| ${[one.family, one.what, ...cells].join(" | ")} |`);
  }
  return lines;
}

if (import.meta.main) console.log((await familyTable()).join("\n"));
