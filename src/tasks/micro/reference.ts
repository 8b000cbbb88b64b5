/** A function that a task asks for, as stages in a row: what it takes, what it gives, and on which inputs it is plain what is meant. */

import { type Constant, type Kind, type Stage, stageNamed } from "./stages/index.ts";

/** Stages in a row, each by its name with its constants: `[["keep.above", 5], ["end.sum"]]`. */
export type Does = readonly (readonly [name: string, ...constants: Constant[]])[];

/** One stage with its constants. */
export interface Step {
  stage: Stage;
  constants: readonly Constant[];
}

/** What a task's function should do, as our own function. It runs on the host: it is no guest's. */
export interface Reference {
  takes: readonly Kind[];
  gives: Kind;
  steps: readonly Step[];
  /** What it gives for a list of arguments. */
  run(values: readonly unknown[]): unknown;
  /** What each stage is given, its result at the end; null where English does not say what is meant. */
  trace(values: readonly unknown[]): unknown[] | null;
}

/** The reference of stages in a row. Throws a TypeError that names the stage which is unknown or does not fit. */
export function referenceOf(does: Does): Reference {
  if (!Array.isArray(does) || does.length === 0) throw new TypeError("expected `does` to be at least one stage");
  const steps = does.map((one: Does[number]): Step => {
    const given: unknown = one;
    if (!Array.isArray(given) || typeof given[0] !== "string")
      throw new TypeError(
        `expected each stage of \`does\` to be its name and its constants, such as ["keep.above", 5], got ${JSON.stringify(given)}`,
      );
    const [name, ...constants] = one;
    const stage = stageNamed(name);
    if (stage === undefined) throw new TypeError(`there is no stage named ${JSON.stringify(name)}`);
    if (constants.length !== stage.constants.length)
      throw new TypeError(
        `the stage ${name} has ${stage.constants.length} constants, got ${JSON.stringify(constants)}`,
      );
    return { stage, constants };
  });
  for (const [i, { stage }] of steps.entries()) {
    const before = steps[i - 1]?.stage;
    if (before !== undefined && (stage.takes.length !== 1 || stage.takes[0] !== before.gives))
      throw new TypeError(
        `the stage ${does[i]![0]} takes ${stage.takes.join(", ")}, and ${before.gives} comes before it`,
      );
  }
  const trace: Reference["trace"] = (values) => {
    const seen: unknown[] = [];
    let now: readonly unknown[] = values;
    for (const { stage, constants } of steps) {
      if (!stage.needs(...now, ...constants)) return null;
      seen.push(now.length === 1 ? now[0] : now);
      now = [stage.run(...now, ...constants)];
      if (!isPlain(now[0])) return null;
    }
    return [...seen, now[0]];
  };
  const run: Reference["run"] = (values) =>
    steps.reduce(
      (now, { stage, constants }, i) => stage.run(...(i === 0 ? values : [now]), ...constants),
      values as unknown,
    );
  return { takes: steps[0]!.stage.takes, gives: steps.at(-1)!.stage.gives, steps, run, trace };
}

/** Something, and no number that JSON or a double could not tell from its neighbour. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value) && Math.abs(value) < 1e12;
  if (Array.isArray(value)) return value.every(isPlain);
  return value !== undefined;
}
