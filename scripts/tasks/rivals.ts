/**
 * What a function that is asked for is likely to be mistaken for: a stage left out, another of its kind, one more, another
 * constant, a limit that is off by one. A check's fixed inputs are chosen so that none of these gives the same everywhere.
 */

import { createRandom } from "../../src/random/index.ts";
import { drawValues } from "../../src/tasks/micro/draws.ts";
import { constantsOf, plainBoundaries } from "../../src/tasks/micro/inputs.ts";
import { type Does, type Reference, referenceOf } from "../../src/tasks/micro/reference.ts";
import { isSame } from "../../src/tasks/micro/same.ts";
import { allStages, type Constant, type Stage } from "../../src/tasks/micro/stages/index.ts";
import { wideInputs } from "./equal.ts";
import { compiled, mistakesOf } from "./mistakes.ts";

/** Boundaries that are always tried, and more inputs at most, chosen against rivals. */
const [boundaries, against] = [3, 13];
/** No check has fewer fixed inputs. */
const least = 5;
/** Draws that those are chosen from, besides the inputs by which a mistake is known to be one. */
const draws = 300;

const known = new Map<string, unknown[][]>();

/** Inputs for a check: boundaries, and what tells the function from its rivals, the most telling first. */
export function fixedInputs(does: Does): unknown[][] {
  const key = JSON.stringify(does);
  if (!known.has(key)) known.set(key, chosenInputs(does));
  return structuredClone(known.get(key)!);
}

function chosenInputs(does: Does): unknown[][] {
  const reference = referenceOf(does);
  const random = createRandom("fixed inputs", JSON.stringify(does));
  const usual = plainBoundaries(reference);
  const drawn = Array.from({ length: reference.takes.length * draws }, () =>
    drawValues(random, reference.takes, constantsOf(reference)),
  ).filter((values) => reference.trace(values) !== null);
  const open = [...usual.slice(boundaries), ...drawn, ...wideInputs(does, 400)];
  const chosen = usual.slice(0, boundaries);
  const expected = new Map([...chosen, ...open].map((values) => [values, reference.run(values)]));
  let rivals = rivalsOf(does).map(
    (rival) =>
      new Set([...expected].filter(([values, right]) => differs(rival, values, right)).map(([values]) => values)),
  );
  const tell = (values: unknown[]): void => {
    rivals = rivals.filter((told) => !told.has(values));
  };
  chosen.forEach(tell);
  while (chosen.length < boundaries + against && open.length > 0) {
    const gains = open.map((values) => rivals.filter((told) => told.has(values)).length);
    const best = Math.max(...gains);
    if (best === 0) break;
    const [next] = open.splice(gains.indexOf(best), 1);
    chosen.push(next!);
    tell(next!);
  }
  // What is left is filled up with what has been given least: of a question both answers more than once.
  const given = (values: unknown[]): number =>
    chosen.filter((one) => isSame(expected.get(one), expected.get(values))).length;
  const isThin = (): boolean =>
    chosen.some((values) => given(values) === 1 && typeof expected.get(values) === "boolean");
  while ((chosen.length < least || isThin()) && chosen.length < boundaries + against && open.length > 0) {
    const counts = open.map(given);
    chosen.push(open.splice(counts.indexOf(Math.min(...counts)), 1)[0]!);
  }
  return chosen;
}

function differs(rival: Rival, values: unknown[], right: unknown): boolean {
  try {
    return !isSame(rival(values), right);
  } catch {
    return true;
  }
}

/** A function that is not the one that is asked for. */
type Rival = (values: readonly unknown[]) => unknown;

/** The rivals of stages in a row. */
function rivalsOf(does: Does): Rival[] {
  const rows: Does[] = [];
  for (const [i, [name, ...constants]] of does.entries()) {
    const put = (...steps: Does[number][]): number => rows.push([...does.slice(0, i), ...steps, ...does.slice(i + 1)]);
    put();
    for (const [other, stage] of allStages) {
      const likes = likeConstants(stage, constants);
      const { takes, gives } = referenceOf([[name, ...constants]]);
      const isKin = stage.takes.join() === takes.join() && stage.gives === gives;
      if (isKin && other !== name) for (const like of likes) put([other, ...like]);
      if (isKin && constants.length === 2) put([name, constants[1]!, constants[0]!]);
      if (stage.constants.length > 0 || stage.takes.length > 1) continue;
      if (stage.takes[0] === stage.gives && stage.gives === gives) put([name, ...constants], [other]);
      if (stage.takes[0] === stage.gives && takes.length === 1 && stage.gives === takes[0])
        put([other], [name, ...constants]);
    }
    for (const [at, constant] of constants.entries())
      if (typeof constant === "number") for (const by of [-1, 1]) put([name, ...constants.with(at, constant + by)]);
    const next = does[i + 1];
    if (next !== undefined) rows.push([...does.slice(0, i), next, [name, ...constants], ...does.slice(i + 2)]);
  }
  const reference = referenceOf(does);
  return [...rows.map(runOf).filter((rival) => rival !== null), ...shiftsOf(reference), ...mistakes(does)];
}

/** Constants for a rival: those that are there where they fit, and its own first, middle and last ones for what is missing. */
function likeConstants(stage: Stage, constants: readonly Constant[]): Constant[][] {
  if (stage.constants.length === 0) return [[]];
  return [0, 0.5, 0.99].map((at) =>
    stage.constants.map((choices, i) => {
      const own = choices[Math.floor(at * choices.length)]!;
      return typeof constants[i] === typeof own ? constants[i]! : own;
    }),
  );
}

function runOf(row: Does): Rival | null {
  if (row.length === 0) return ([value]) => value;
  try {
    return referenceOf(row).run;
  } catch {
    return null; // stages that do not fit together
  }
}

function mistakes(does: Does): Rival[] {
  return mistakesOf(does).map(({ source }) => {
    const own = compiled(source)!;
    return (values) => own(...structuredClone(values));
  });
}

/** The function itself on a neighbouring input: where the two differ there is a limit. */
function shiftsOf(reference: Reference): Rival[] {
  const { takes, run } = reference;
  const numbers = constantsOf(reference).filter((one) => typeof one === "number");
  const limits = [...new Set([0, ...numbers].flatMap((k) => [k - 1, k, k + 1]))];
  return takes.flatMap((kind, at): Rival[] => {
    if (kind === "number" || kind === "count")
      return [-1, 1].map((by) => (values) => run(values.with(at, (values[at] as number) + by)));
    if (kind !== "numbers") return [];
    const moved = (change: (list: number[]) => number[]): Rival => {
      return (values) => run(values.with(at, change([...(values[at] as number[])])));
    };
    return [
      moved((list) => list.reverse()),
      moved((list) => list.map((x) => x + 1)),
      moved((list) => list.map((x) => x - 1)),
      moved((list) => [...new Set(list)]),
      moved((list) => list.slice(1)),
      moved((list) => list.slice(0, -1)),
      moved((list) => list.sort()),
      ...limits.flatMap((limit) => [-1, 1].map((by) => moved((list) => list.map((x) => (x === limit ? x + by : x))))),
    ];
  });
}
