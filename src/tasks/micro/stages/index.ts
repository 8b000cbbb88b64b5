/** All stages by their names, and which of them belong to which family's functions. */

import { eachByStages, eachStages, endStages, keepStages, listByStages } from "./lists.ts";
import { loopStages } from "./loops.ts";
import { numberQuestions, numberStages } from "./numbers.ts";
import { pairQuestions, pairStages } from "./pairs.ts";
import type { Stage } from "./stage.ts";
import { textQuestions, textStages } from "./texts.ts";
import { letterStages, placeStages } from "./unseen-letters.ts";
import { clockStages, moneyStages, shapeStages, unitStages } from "./unseen-numbers.ts";
import { peopleStages, wordStages } from "./unseen-words.ts";

/** Groups of stages; a stage's full name is GROUP.NAME. */
export const stageGroups = {
  number: numberStages,
  "number?": numberQuestions,
  pair: pairStages,
  "pair?": pairQuestions,
  text: textStages,
  "text?": textQuestions,
  keep: keepStages,
  each: eachStages,
  "each-by": eachByStages,
  end: endStages,
  list: listByStages,
  loop: loopStages,
  unit: unitStages,
  shape: shapeStages,
  clock: clockStages,
  money: moneyStages,
  letter: letterStages,
  place: placeStages,
  word: wordStages,
  people: peopleStages,
} as const;

/** All stages with their full names. */
export const allStages: readonly (readonly [name: string, stage: Stage])[] = Object.entries(stageGroups).flatMap(
  ([group, stages]) => Object.entries(stages).map(([name, stage]) => [`${group}.${name}`, stage] as const),
);

/** The stage of a full name; undefined where there is none. */
export function stageNamed(name: string): Stage | undefined {
  const [group, own] = name.split(".");
  const stages = Object.hasOwn(stageGroups, group ?? "") ? stageGroups[group as keyof typeof stageGroups] : {};
  return own !== undefined && Object.hasOwn(stages, own) ? (stages as { [name: string]: Stage })[own] : undefined;
}

export type { Constant, Kind, Person, Stage } from "./stage.ts";
