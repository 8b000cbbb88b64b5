/**
 * Prompts as data: a few examples of a comment and the program that answers it, then the comment of now. The model goes
 * on from `primed`. Designs are in `data/prompts/`; a cell may write another. Why this form and no chat: docs/decisions.md.
 */

import { readFile } from "node:fs/promises";
import { dataPath } from "../data/index.ts";
import type { Tokenizer } from "./types.ts";

/** A way to ask a model for a program. */
export interface PromptDesign {
  name: string;
  /** Raised when the text that the model sees changes. */
  version: number;
  /** What stands before the examples. @default nothing */
  preamble?: string;
  /** Comment and program, in order. */
  examples: readonly { ask: string; program: string }[];
  /** Before and after an ask. */
  before: string;
  after: string;
  /** Between an example's end and the next comment. */
  separator: string;
  /** What every answer begins with; it belongs to the program. May be empty. */
  primed: string;
  /** Texts that end an answer. */
  stop: readonly string[];
  /** Longest answer, in tokens. */
  maxTokens: number;
  /** The temperature that models of this kind write well at, unless told otherwise. @default 1 */
  temperature?: number;
}

/** The parts of a prompt: what all prompts of the design share, and what is this ask's own. */
export interface Prompt {
  prefix: string;
  own: string;
}

/** What all prompts of a design begin with. */
export function promptPrefix({ preamble = "", examples, before, after, separator }: PromptDesign): string {
  return preamble + examples.map(({ ask, program }) => `${before}${ask}${after}${program}${separator}`).join("");
}

/** What follows the prefix for one ask, up to where the model goes on. A line break in the ask becomes a space. */
export function promptOwn({ before, after, primed }: PromptDesign, ask: string): string {
  return `${before}${ask.replace(/\s*\n\s*/g, " ")}${after}${primed}`;
}

/**
 * A prompt as the two texts that are cut into tokens apart. What a design's prompts share is run once for all of them, so no token
 * may reach over its end; who cuts both as one text asks the model something else than it was trained on.
 */
export function promptTexts(design: PromptDesign, ask: string): [prefix: string, own: string] {
  return [promptPrefix(design), promptOwn(design, ask)];
}

/** The design for a model unless told otherwise: the one that it was trained on, else few-shot examples. */
export function usualPrompt({ prompt }: Tokenizer): string {
  return prompt ?? "few-shot";
}

/** Reads a design: a name in `data/prompts/`, or a path that ends in `.json`. Throws an Error that names what is wrong. */
export async function loadPrompt(name: string): Promise<PromptDesign> {
  const path = name.endsWith(".json") ? name : dataPath("prompts", `${name}.json`);
  let design: unknown;
  try {
    design = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new Error(`The prompt design "${name}" cannot be read: ${(cause as Error).message}`, { cause });
  }
  return checkPrompt(design);
}

/** Checks that a value is a prompt design. Throws a TypeError that names the field. */
export function checkPrompt(value: unknown): PromptDesign {
  const design = value as PromptDesign;
  const expect = (field: string, holds: boolean, expected: string): void => {
    if (holds) return;
    const found = JSON.stringify((design as unknown as { [field: string]: unknown } | null)?.[field]);
    throw new TypeError(`Expected a prompt design's \`${field}\` to be ${expected}, got ${found}`);
  };
  for (const field of ["name", "before", "after", "separator", "primed"] as const)
    expect(field, typeof design?.[field] === "string", "a text");
  expect("preamble", design.preamble === undefined || typeof design.preamble === "string", "a text");
  expect("version", Number.isSafeInteger(design.version), "an integer");
  expect("maxTokens", Number.isSafeInteger(design.maxTokens) && design.maxTokens > 0, "a positive integer");
  const { temperature = 1 } = design;
  expect("temperature", temperature > 0 && Number.isFinite(temperature), "a positive number");
  const texts = (list: unknown) => Array.isArray(list) && list.every((text) => typeof text === "string" && text !== "");
  expect("stop", texts(design.stop), "a list of texts");
  const examples = Array.isArray(design.examples) ? design.examples : null;
  expect("examples", examples?.every((e) => texts([e?.ask, e?.program])) === true, "a list of { ask, program }");
  return design;
}
