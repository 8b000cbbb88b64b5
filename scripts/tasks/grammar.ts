/** The grammar of micro-tasks: families, each of which draws a task with its check. Which part a task belongs to: `split.ts`. */

import type { Random } from "../../src/random/index.ts";
import type { TaskCheck } from "../../src/tasks/index.ts";
import { type Does, referenceOf } from "../../src/tasks/micro/reference.ts";
import { type Constant, stageGroups, stageNamed } from "../../src/tasks/micro/stages/index.ts";
import {
  drawChange,
  drawComputed,
  drawDerived,
  drawForgotten,
  drawJoined,
  drawSame,
  drawSet,
  drawTwo,
} from "./attributes.ts";
import type { Draft } from "./draft.ts";
import { askFor, nameFunction, put, sentence } from "./phrases.ts";

/** A source of tasks. */
export interface Family {
  name: string;
  /** How often it is drawn, beside the others. */
  weight: number;
  /** Never in training or validation. */
  unseen?: true;
  draw(random: Random): Draft;
}

type Group = keyof typeof stageGroups;

/** All stages of a group, as full names; `bare` those without constants, `by` those with. */
function of(group: Group, sort: "all" | "bare" | "by" = "all"): string[] {
  return Object.entries(stageGroups[group])
    .filter(([, { constants }]) => sort === "all" || (constants.length === 0) === (sort === "bare"))
    .map(([name]) => `${group}.${name}`);
}

/** Those that can be a later step of a row. */
const steps = (group: Group): string[] => of(group).filter((name) => stageNamed(name)!.next !== null);

/** Those that give a number, and give one near a constant now and then. */
const numbers = (group: Group): string[] =>
  of(group).filter((name) => stageNamed(name)!.gives === "number" && name !== "pair.power");

/** Draws a stage of some, with constants. */
function drawStage(random: Random, names: readonly string[]): Does[number] {
  const name = random.choice(names);
  const constants: Constant[] = [];
  for (const choices of stageNamed(name)!.constants) {
    const before = constants.at(-1);
    const open = typeof before === "number" ? choices.filter((one) => Number(one) > before) : choices;
    constants.push(random.choice(open.length > 0 ? open : choices));
  }
  return [name, ...constants];
}

/** A family of functions: each shape is a row of sets of stages, one is drawn of each. */
function functions(name: string, weight: number, shapes: readonly (readonly string[])[][], unseen?: true): Family {
  const draw = (random: Random): Draft => {
    const does = random.choice(shapes).map((names) => drawStage(random, names));
    const asked = nameFunction(random, does);
    const check: TaskCheck = { call: asked.name, does };
    return { operation: operationOf(does), combination: combinationOf(does), ask: askFor(random, asked), check };
  };
  return { name, weight, draw, ...(unseen && { unseen }) };
}

/** What stages do, apart from their constants. */
export function operationOf(does: Does): string {
  return does.map(([name]) => name).join(" > ");
}

/** Of one stage the constant is what is new, of several in a row it is the row. */
function combinationOf(does: Does): string {
  return does.length === 1 ? JSON.stringify(does) : operationOf(does);
}

/** A method, and what it gives for one argument kept in an attribute. */
function drawUsed(random: Random): Draft {
  const does = [drawStage(random, random.choice([of("number"), of("text"), of("loop")]))];
  const { takes, run } = referenceOf(does);
  const argument =
    takes[0] === "text" ? random.choice(["tea", "moon", "Hello", "river", "robot"]) : 3 + random.integer(9);
  const { name, names, phrase } = nameFunction(random, does);
  const into = random.choice(["answer", "result", "kept", "total", "found"]);
  const values = { name, list: names.join(", "), phrase, argument: JSON.stringify(argument), into };
  const ask = random.choice([
    "add a method {name}({list}) that returns {phrase}, and keep {name}({argument}) in self.{into}",
    "define self.{name}({list}) to return {phrase}, and set self.{into} to {name}({argument})",
    "write a method {name}({list}) that returns {phrase}; then put {name}({argument}) into self.{into}",
  ]);
  return {
    operation: `use ${operationOf(does)}`,
    combination: `use ${combinationOf(does)}`,
    ask: sentence(random, put(ask, values)),
    check: [
      { call: name, does },
      { read: `self.${into}`, expected: run([argument]) },
    ],
  };
}

/** All families, those of training first. */
export const families: readonly Family[] = [
  { name: "set", weight: 4, draw: drawSet },
  { name: "set-two", weight: 1.5, draw: drawTwo },
  { name: "set-same", weight: 1, draw: drawSame },
  { name: "computed", weight: 3, draw: drawComputed },
  { name: "joined", weight: 1.5, draw: drawJoined },
  { name: "forget", weight: 1, draw: drawForgotten },
  { name: "change", weight: 4, draw: (random) => drawChange(random, drawStage) },
  { name: "derive", weight: 2.5, draw: (random) => drawDerived(random, drawStage) },
  functions("number", 2, [[of("number", "bare")], [of("number?", "bare")]]),
  functions("number-by", 6, [[of("number", "by")], [of("number", "by")], [of("number?", "by")]]),
  functions("number-chain", 5, [
    [numbers("number"), steps("number")],
    [numbers("number"), of("number?")],
  ]),
  functions("two-numbers", 4, [[of("pair")], [of("pair?")]]),
  functions("two-numbers-chain", 3, [
    [numbers("pair"), steps("number")],
    [numbers("pair").filter((name) => name !== "pair.quotient"), of("number?", "by")],
  ]),
  functions("text", 2, [[of("text", "bare")], [of("text?", "bare")]]),
  functions("text-with", 5, [[of("text", "by")], [of("text", "by")], [of("text?", "by")]]),
  functions("text-chain", 4, [
    [steps("text"), steps("text")],
    [steps("text"), ["text.length", ...of("text?")]],
  ]),
  functions("list", 2, [[of("end")]]),
  functions("list-with", 4, [[of("list")], [of("list")], [of("each-by")]]),
  functions("list-pipeline", 9, [
    [of("keep")],
    [of("each")],
    [of("keep"), of("end")],
    [of("keep"), of("end")],
    [of("each"), of("end")],
    [of("keep"), of("each")],
    [of("keep"), of("each"), of("end")],
  ]),
  functions("loop", 3, [[of("loop")]]),
  { name: "define-and-use", weight: 3, draw: drawUsed },
  functions("units", 1, [[of("unit")]], true),
  functions("shapes", 1, [[of("shape")]], true),
  functions("clock", 1, [[of("clock")]], true),
  functions("money", 1, [[of("money")]], true),
  functions("letters", 1, [[of("letter")]], true),
  functions("places", 1, [[of("place")]], true),
  functions("words", 1, [[of("word")]], true),
  functions("people", 1, [[of("people")]], true),
];
