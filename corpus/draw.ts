/**
 * Examples and documents: which kind of program follows an ask, at stated rates, and which asks belong to which split.
 * A document is a chain of examples in one style: `// ask` (in Python `# ask`), the program, a blank line, the next.
 */

import { createRandom, type Random } from "../src/random/index.ts";
import { attributeFamilies } from "./families/attributes.ts";
import { listFamilies } from "./families/lists.ts";
import { numberFamilies } from "./families/numbers.ts";
import { selfFamilies } from "./families/self.ts";
import { textFamilies } from "./families/texts.ts";
import { unseenFamilies } from "./families/unseen.ts";
import * as javascriptFaults from "./faults.ts";
import { pythonFaults, taskInPython } from "./python/index.ts";
import type { Body, Example, Family, FamilySort, Kind, Rates, Split, Style, Task } from "./types.ts";

/** All families, those of the training split first. */
export const families: readonly Family[] = [
  ...attributeFamilies,
  ...numberFamilies,
  ...textFamilies,
  ...listFamilies,
  ...selfFamilies,
  ...unseenFamilies,
];

/** The rates at which programs are not good. */
export const defaultRates: Rates = { fatal: 0.12, harmful: 0.06, noOp: 0.08, other: 0.1 };

/** One combination in this many is held out. */
const heldOutShare = 8;

/** The split of a task: by its family and combination, never by its wording or by the seed that drew it. */
export function splitOf({ family, combination }: Pick<Task, "family" | "combination">): Split {
  if (families.find(({ name }) => name === family)!.unseen) return "held-out";
  return createRandom("split", family, combination).integer(heldOutShare) === 0 ? "held-out" : "training";
}

/**
 * Draws a task of a split. Of the held-out split's tasks about half are of unseen families: of the others seven in eight
 * are drawn in vain. `of` asks for one sort alone. Throws a RangeError for unseen families of the training split.
 */
export function drawTask(random: Random, style: Style, split: Split, of: FamilySort = "all"): Task {
  if (split === "training" && of === "unseen")
    throw new RangeError("Unseen families have no tasks in the training split");
  const sorts = { all: split === "held-out" ? [true, false] : [false], known: [false], unseen: [true] };
  const open = families.filter(({ unseen = false }) => sorts[of].includes(unseen));
  const weights = open.map(({ weight }) => weight);
  for (;;) {
    const task = open[random.categorical(weights)]!.draw(random, style);
    const told = splitOf(task) === split ? inBody(task, style) : null;
    if (told !== null) return told;
  }
}

/** The task in the style's language; null where it cannot be said there. */
function inBody(task: Task, { body = "javascript" }: Style): Task | null {
  return body === "python" ? taskInPython(task) : task;
}

/** Draws an ask of a split with a program of some kind. Throws a RangeError if the rates are no shares. */
export function drawExample(
  random: Random,
  {
    split = "training",
    of = "all",
    rates = defaultRates,
    style = { typed: false },
  }: { split?: Split; of?: FamilySort; rates?: Rates; style?: Style } = {},
): Example {
  const kind = drawKind(random, rates);
  const task = drawTask(random, style, split, of);
  const program = drawProgram(random, task, kind, style);
  return { ...task, kind: isCutShort(program, task.program) ? "good" : kind, program };
}

/** True if what follows the good program stands behind its `return`: then the program does what the good one does. */
function isCutShort(program: string, good: string): boolean {
  return program.startsWith(`${good}\n`) && /^return\b/m.test(good);
}

function drawKind(random: Random, { fatal, harmful, noOp, other }: Rates): Kind {
  // To nine places: of 0.1, 0.2, 0.3 and 0.4 nothing is left, and no share below nothing.
  const good = Number((1 - fatal - harmful - noOp - other).toFixed(9));
  for (const [name, rate] of Object.entries({ fatal, harmful, noOp, other, good }))
    if (!(rate >= 0 && rate <= 1))
      throw new RangeError(`Expected the rates to be shares that sum to at most 1, got ${rate} for ${name}`);
  const kinds: Kind[] = ["good", "other", "no-op", "fatal", "harmful"];
  return kinds[random.categorical([good, other, noOp, fatal, harmful])]!;
}

function drawProgram(random: Random, task: Task, kind: Kind, style: Style): string {
  const { drawFatal, drawHarmful, drawNoOp } = style.body === "python" ? pythonFaults : javascriptFaults;
  switch (kind) {
    case "good":
      return task.program;
    case "other":
      return drawOther(random, task, style);
    case "no-op":
      return drawNoOp(random);
    case "fatal":
      return drawFatal(random, task.program);
    case "harmful":
      return drawHarmful(random, task.program);
    default:
      throw kind satisfies never;
  }
}

/** A program that would be right for another ask, as often of the same family as not. */
function drawOther(random: Random, task: Task, style: Style): string {
  const family = families.find(({ name }) => name === task.family)!;
  for (;;) {
    const other =
      random.uniform() < 0.5 && !family.unseen
        ? inBody(family.draw(random, style), style)
        : drawTask(random, style, "training");
    if (other === null) continue;
    if (other.combination !== task.combination && splitOf(other) === "training" && other.program !== task.program)
      return other.program;
  }
}

/** How a document is drawn. */
export interface DocumentOptions {
  /** @default "training" */
  split?: Split;
  /** Which families. @default "all" that the split has */
  of?: FamilySort;
  rates?: Rates;
  /** Share of documents whose programs carry TypeScript's types, or Python's type hints. @default 0.3 */
  typed?: number;
  /** The language of the programs. @default "javascript" */
  body?: Body;
  /** Most examples in a document; as many as 1 up to this are equally likely. @default 8 */
  examples?: number;
}

/** Draws a document: the text, and the examples that it holds. */
export function drawDocument(
  random: Random,
  {
    split = "training",
    of = "all",
    rates = defaultRates,
    typed = 0.3,
    body = "javascript",
    examples = 8,
  }: DocumentOptions = {},
): { text: string; examples: Example[] } {
  const style = { typed: random.uniform() < typed, body };
  const drawn = Array.from({ length: 1 + random.integer(examples) }, () =>
    drawExample(random, { split, of, rates, style }),
  );
  return { text: drawn.map((example) => formatExample(example, body)).join("\n"), examples: drawn };
}

/** `// ask`, a line break, the program, a line break. */
function formatExample({ ask, program }: Pick<Example, "ask" | "program">, body: Body): string {
  return `${body === "python" ? "#" : "//"} ${ask}\n${program}\n`;
}
