/**
 * Wrong functions that are near what a task asks for, made by rule: the reference's expression written a little otherwise, what
 * it is given or gives changed on the way, and what stands for an answer on the most usual inputs. No check may take one for an
 * answer. They are our own text, so they run here as well as in the sandbox.
 */

import type { MicroTask } from "../../src/tasks/index.ts";
import { checksOf, plainName } from "../../src/tasks/micro/checks.ts";
import { type Does, referenceOf } from "../../src/tasks/micro/reference.ts";
import { allStages, type Kind, stageNamed } from "../../src/tasks/micro/stages/index.ts";
import { applyMutant, findMutants } from "../mutate/mutants.ts";
import { isRightAlways } from "./equal.ts";
import { arrowOf, expressionOf, functionOf, madeBy, parametersOf, partOf } from "./programs.ts";

/** A wrong function, as the text of an arrow. */
export interface Mistake {
  kind: "a usual mistake" | "mutant of the reference";
  source: string;
}

/** What may be written in place of a part of a stage's expression. */
const otherwise: readonly (readonly [part: RegExp, ...instead: string[]])[] = [
  [/replaceAll\(/g, "replace("],
  [/replaceAll\(" "/g, "replace(/ +/g", 'trim().replaceAll(" "'],
  [
    /\.(some|every)\(\(x\) => x ([<>]) \{k\}\)/g,
    ...[".reduce((a, b) => a + b, 0) $2 {k}", "[0] $2 {k}", ".at(-1) $2 {k}", ".length $2 {k}"],
  ],
  [/\.to(Lower|Upper)Case\(\)/g, ".replace(/^./, (c) => c.to$1Case())", ".replace(/\\b./g, (c) => c.to$1Case())"],
  [/\.startsWith\(/g, ".includes(", ".endsWith(", "[0] === (", ".split(' ')[0] === ("],
  [/\.startsWith\((\{k\})\)/g, "[0] === $1[0]"],
  [/\.endsWith\(/g, ".includes(", ".startsWith(", ".split(' ').at(-1) === ("],
  [/\.endsWith\((\{k\})\)/g, ".at(-1) === $1.at(-1)"],
  [/\.includes\(/g, ".startsWith(", ".endsWith(", ".split(' ').includes("],
  [/\.includes\(([^()]*)\)/g, ".indexOf($1) > 0"],
  [/\[\.\.\.\{0\}\]\.reverse\(\)\.join\(""\)/g, "{0}.split(' ').reverse().join(' ')"],
  [/(\w+(?:\.\w+)*|\{0\}) === (\{k\})/g, "$1.includes($2)", "$1.startsWith($2)"],
  [/split\(" "\)/g, 'split("")', "split(/[^a-z]+/)"],
  [/\.join\("[^"]*"\)/g, ".join()", '.join("")', '.join(" ")'],
  [/\.sort\(\(a, b\) => [^()]*\)/g, ".sort()"],
  [/\.padStart\([^()]*\)/g, ""],
  [/Math\.abs\(([^()]*)\)/g, "-($1)", "($1)"],
  [/Math\.floor\(([^()]*)\)/g, "($1)", "Math.round($1)", "Math.ceil($1)"],
  [/Math\.(max|min)\(\.\.\.([^()]*)\)/g, "$2[0]", "$2.at(-1)", "$2.length"],
  [/Math\.PI/g, "3.14", "3.1416", "3"],
  [/ % \d+/g, ""],
  [/ \*\* [23]/g, " * 2", " * 3", " ** 2", " ** 3"],
  [/ < /g, " <= "],
  [/ <= /g, " < "],
  [/ > /g, " >= "],
  [/ >= /g, " > "],
  [/( < \d+) === /g, "$1 && ", "$1 || "],
  [/\.split\(\{k\}\)\.length - 1/g, ".split(' ').filter((w) => w.includes({k})).length", ".split({k}).length"],
  [/ && /g, " || "],
  [/ \|\| /g, " && "],
  [/\.filter\(/g, ".slice(0, 1).filter(", ".slice(1).filter(", ".slice(0, 10).filter("],
  [/\.map\(/g, ".slice(0, 1).map(", ".slice(0, 10).map("],
  [/"aeiou"/g, '"aeiouy"'],
  ...[..."aeiou"].map((letter) => [/"aeiou"/g, JSON.stringify("aeiou".replace(letter, ""))] as const),
];

/** What stands for an answer, by what is given and what is asked for. */
const standIns: { [given in Kind]?: string } = {
  number: "x -x x*2 x+1 x-1 x*x x/2 Math.abs(x) Math.round(x) String(x)",
  count: "x x*2 x+1 x-1 x*x",
  text: 'x x.length x.trim() x[0] x.at(-1) x.toUpperCase() x.toLowerCase() x.split("").length x.split("_").length',
  numbers:
    "x x.length x[0] x[1] x.at(-1) Math.max(...x) Math.min(...x) x.slice(1) x.slice(0,-1) x.slice(0,3) x.concat()",
  words: 'x x.length x[0] x.at(-1) x.join("") x.join("_") x.slice(1) x.concat()',
  people: "x x.length x[0] x.at(-1)",
};
const constants: { [gives in Kind]?: string } = {
  number: "0 1 2 3 4 5 6 7 8 9 10 12 20 24 50 60 100",
  text: '"" "a" "tea" "moon"',
  boolean: "true false",
  numbers: "[] [0] [1] [1,2,3]",
  words: "[]",
  people: "[]",
};

/** What may happen to an answer on its way out. */
const resultChanged: { [gives in Kind]?: string } = {
  number:
    "-r r+1 r-1 Math.abs(r) Math.max(r,0) Math.max(r,1) Math.min(r,10) Math.min(r,100) Math.round(r) Math.floor(r) r%7 r%10 r%12 r%24 r%60 r%100 r%1000 String(r) [r]",
  text: "r.trim() r.toLowerCase() r.toUpperCase() r+'_' '_'+r r+'.' r.replace('_','') r.slice(0,20) [r]",
  boolean: "!r String(r) Number(r)",
  numbers:
    "r.slice(0,1) r.slice(0,3) r.slice(0,5) r.slice(0,10) r.slice(1) r.slice(0,-1) [...r].reverse() [...r].sort() [...r].sort((a,b)=>a-b) [...new Set(r)] r.map(Math.abs) r.filter((x)=>x>0) r.filter((x)=>x!==0) r.length String(r)",
  words:
    "r.slice(0,1) r.slice(0,3) r.slice(0,10) r.slice(1) r.slice(0,-1) [...r].reverse() [...r].sort() [...new Set(r)] r.length String(r)",
  people: "r.slice(0,1) r.slice(0,3) r.slice(1) [...r].reverse() r.length",
};

/** What may happen to what is given on its way in. */
const givenChanged: { [given in Kind]?: string } = {
  number:
    "-x x+1 x-1 Math.abs(x) Math.max(x,0) Math.min(x,100) Math.round(x) Math.floor(x) x%10 x%24 x%60 x%100 x%1000",
  count: "x+1 x-1 Math.min(x,10)",
  text: "x.trim() x.toLowerCase() x.toUpperCase() x.replace('_','') x.replaceAll('_','') x.slice(0,20) x.split('_')[0]",
  numbers:
    "x.slice(0,1) x.slice(0,3) x.slice(0,5) x.slice(0,10) x.slice(1) x.slice(0,-1) [...x].reverse() [...x].sort((a,b)=>a-b) [...new Set(x)] x.map(Math.abs) x.filter((y)=>y>0) x.filter((y)=>y!==0)",
  words:
    "x.slice(0,1) x.slice(0,3) x.slice(0,10) x.slice(1) x.slice(0,-1) [...x].reverse() [...x].sort() [...new Set(x)]",
  people: "x.slice(0,1) x.slice(0,3) x.slice(1) x.slice(0,-1) [...x].reverse()",
};

/** All that are made by rule, right ones among them. */
function made(does: Does): Mistake[] {
  const { takes, gives } = referenceOf(does);
  const [x] = parametersOf(does) as [string];
  const right = arrowOf(does, expressionOf(does));
  const of = (texts = ""): string[] => texts.split(" ").map((text) => text.replaceAll("_", " "));
  const bodies = [
    ...of(standIns[takes[0]!]).map((text) => text.replace(/\bx\b/g, x)),
    ...of(constants[gives]),
    ...does.flatMap((step, i) => rewritten(step[0]).map((code) => expressionOf(does, new Map([[i, code]])))),
    ...ofJoined(does),
  ];
  const others = parametersOf(does).slice(1);
  const through = (args: string): string => `(${right})(${args})`;
  const results = of(resultChanged[gives]).map((text) => `((r) => ${text})(${through(parametersOf(does).join(", "))})`);
  // One argument changed, or each.
  const inputs = [...takes.keys(), null].flatMap((at) =>
    of(givenChanged[takes[at ?? 0]!]).map((text) => {
      const args = parametersOf(does).map((name, i) => (at === null || i === at ? text.replace(/\bx\b/g, name) : name));
      return through(args.join(", "));
    }),
  );
  const swapped = others.flatMap((y) => [through(`${y}, ${x}`), through(`${x}, ${x}`), through(`${y}, ${y}`)]);
  const sources = [...bodies, ...results, ...inputs, ...swapped].map((body) => arrowOf(does, body));
  return [...new Set(sources)].map((source) => ({ kind: "a usual mistake", source }));
}

/** A stage's expression, a little otherwise. */
function rewritten(name: string): string[] {
  const { code } = stageNamed(name)!;
  const all = otherwise.flatMap(([part, ...instead]) => instead.map((text) => code.replace(part, text)));
  return [...new Set(all)].filter((one) => one !== code);
}

/** Of a list of words the same kind of thing that is done to a text: letters are counted for words. */
function ofJoined(does: Does): string[] {
  const [[name, ...own], ...later] = does as [Does[number], ...Does[number][]];
  const { takes, gives } = stageNamed(name)!;
  if (takes[0] !== "words" || later.length > 0) return [];
  return allStages
    .filter(
      ([, stage]) => stage.takes.join() === "text" && stage.gives === gives && stage.constants.length <= own.length,
    )
    .flatMap(([other, stage]) => {
      const text = expressionOf([[other, ...own.slice(0, stage.constants.length)]]);
      return ['given.join("")', 'given.join(" ")'].map((joined) => `((given) => ${text})(${joined})`);
    });
}

/** The reference with one small fault. */
function mutants(does: Does): Mistake[] {
  const source = functionOf("own", does, "arrow");
  return findMutants("function.ts", source).flatMap((mutant): Mistake[] => {
    // The marks of types are TypeScript's.
    const changed = applyMutant(source, mutant).replaceAll("undefined!", "undefined");
    const [, arrow] = /^self\.own = (.*);$/s.exec(changed) ?? [];
    return arrow === undefined ? [] : [{ kind: "mutant of the reference", source: arrow }];
  });
}

const known = new Map<string, Mistake[]>();

/** The mistakes near a function: none of them gives what it gives wherever it is plain what that is. */
export function mistakesOf(does: Does): Mistake[] {
  const key = JSON.stringify(does);
  if (!known.has(key)) {
    const all = [...mutants(does), ...made(does)].filter(({ source }) => compiled(source) !== null);
    known.set(
      key,
      all.filter(({ source }) => !isRightAlways(does, source)),
    );
  }
  return known.get(key)!;
}

/** The task's programs with a mistake in one of their functions, or in what an attribute is made of. */
export function mistakenPrograms(task: Pick<MicroTask, "check">): { kind: Mistake["kind"]; program: string }[] {
  const checks = checksOf(task);
  return checks.flatMap((check) => {
    if (!("does" in check)) return [];
    const right = checks.filter((other) => other !== check).map((other) => partOf(other, "arrow"));
    return mistakesOf(check.does).map(({ kind, source }) => {
      const wrong = "call" in check ? `self.${plainName(check.call)} = ${source};` : madeBy(check, source);
      return { kind, program: [wrong, ...right].join("\n") };
    });
  });
}

/** One of our own functions; null where the text is none. */
export function compiled(source: string): ((...values: unknown[]) => unknown) | null {
  try {
    return new Function(`return (${source});`)() as (...values: unknown[]) => unknown;
  } catch {
    return null;
  }
}
