/** Draws the micro-tasks of all parts: those that are held out first, and what is in one part is in no other. */

import { createRandom } from "../../src/random/index.ts";
import type { MicroTask, TaskCheck, TaskSplit } from "../../src/tasks/index.ts";
import { taskSplits } from "../../src/tasks/index.ts";
import { checksOf } from "../../src/tasks/micro/checks.ts";
import { referenceOf } from "../../src/tasks/micro/reference.ts";
import type { Draft } from "./draft.ts";
import { agreement, wideInputs } from "./equal.ts";
import { type Family, families } from "./grammar.ts";
import { fixedInputs } from "./rivals.ts";
import { contentsOf, corpusOf, isLean, splitOf, tells } from "./split.ts";

/** Most tasks of one operation in a part: a family of few operations would be one task in many dresses. */
const perOperation: { [split in TaskSplit]: number } = { training: 5, validation: 2, known: 2, unseen: 3 };

/** What is drawn, and what was before. */
interface Drawing {
  seed: number;
  contents: Set<string>;
  asks: Set<string>;
  isPretrained(checks: readonly TaskCheck[]): boolean;
}

/** How many of each part, and how many draws of the small model's corpus are looked at. Same seed, same tasks. */
export interface DrawOptions {
  seed: number;
  counts: { [split in TaskSplit]: number };
  /** @default 40000 */
  corpus?: number;
}

/** Draws all parts, in their order. */
export function drawTasks({ seed, counts, corpus = 40_000 }: DrawOptions): MicroTask[] {
  const drawing: Drawing = { seed, contents: new Set(), asks: new Set(), isPretrained: corpusOf(corpus) };
  const drawn = new Map<TaskSplit, MicroTask[]>();
  for (const split of ["unseen", "known", "validation", "training"] as const)
    drawn.set(split, drawSplit(drawing, split, counts[split]));
  return toldApart(taskSplits.flatMap((split) => drawn.get(split)!));
}

/** The same tasks; where another one's function gives the same on all fixed inputs, with one on which it does not. */
function toldApart(tasks: readonly MicroTask[]): MicroTask[] {
  const functions = tasks
    .flatMap((task) => checksOf(task))
    .flatMap((one) => ("call" in one && "does" in one ? [one.does] : []));
  const sharpen = (one: TaskCheck): TaskCheck => {
    if (!("call" in one && "does" in one)) return one;
    const { takes, run } = referenceOf(one.does);
    const inputs = [...(one.inputs ?? [])];
    const wide = wideInputs(one.does, 300);
    for (const other of functions) {
      if (referenceOf(other).takes.length !== takes.length) continue;
      if (agreement(other, inputs, inputs.map(run)) < 1) continue;
      const telling = wide.find((values) => agreement(other, [values], [run(values)]) < 1);
      if (telling !== undefined) inputs.push(telling);
    }
    return { ...one, inputs };
  };
  return tasks.map((task) => {
    const { check } = task;
    return { ...task, check: Array.isArray(check) ? check.map(sharpen) : sharpen(check as TaskCheck) };
  });
}

function drawSplit(drawing: Drawing, split: TaskSplit, wanted: number): MicroTask[] {
  const open = families.filter(({ unseen = false }) => unseen === (split === "unseen"));
  const weights = open.map(({ weight }) => weight);
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const found: MicroTask[] = [];
  const operations = new Map<string, number>();
  // A family has its share; what families cannot fill, all of them do.
  for (let i = 0; found.length < wanted && i < wanted * 400; i++) {
    const random = createRandom(drawing.seed, "micro-task", split, i);
    const family = open[random.categorical(weights)]!;
    const own = found.filter((task) => task.family === family.name).length;
    if (i < wanted * 200 && own >= Math.ceil((wanted * family.weight) / all)) continue;
    const draft = family.draw(random);
    const { operation, ask, check, setup } = draft;
    if ((operations.get(operation) ?? 0) >= perOperation[split] || !isNew(drawing, split, family, draft)) continue;
    operations.set(operation, (operations.get(operation) ?? 0) + 1);
    const id = `${split}-${found.length + 1}`;
    found.push({
      id,
      family: family.name,
      operation,
      ask,
      split,
      ...(setup !== undefined && { setup }),
      check: withInputs(check),
    });
  }
  return found;
}

/** Checks with the inputs that tell their function from others. */
function withInputs(check: MicroTask["check"]): MicroTask["check"] {
  const put = (one: TaskCheck): TaskCheck => ("does" in one ? { ...one, inputs: fixedInputs(one.does) } : one);
  return Array.isArray(check) ? check.map(put) : put(check as TaskCheck);
}

function isNew(drawing: Drawing, split: TaskSplit, family: Family, draft: Draft): boolean {
  const { contents, asks, isPretrained } = drawing;
  if (splitOf(family, draft) !== split || asks.has(draft.ask)) return false;
  const checks = checksOf(draft);
  const own = contentsOf(checks);
  if (own.some((content) => contents.has(content))) return false;
  if ((split === "known" || split === "unseen") && isPretrained(checks)) return false;
  const functions = checks.flatMap((check) => ("does" in check ? [check.does] : []));
  if (!functions.every((does) => isLean(does) && tells(does))) return false;
  asks.add(draft.ask);
  for (const content of own) contents.add(content);
  return true;
}
