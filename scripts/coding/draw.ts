/**
 * Draws the ladder: textbook problems, and composed ones from the grammar, so many of each level, families in turn. What is in one
 * split is in no other, and no two problems with the same parameters do the same.
 */

import type { ProblemRecord } from "../../src/coding/record.ts";
import { pythonName } from "../../src/coding/record.ts";
import { isSameData } from "../../src/coding/same.ts";
import type { CodeSplit } from "../../src/coding/types.ts";
import { createRandom, type Random } from "../../src/random/index.ts";
import type { Draft } from "./draft.ts";
import { callMany, failed } from "./host.ts";
import { programOf, type Tried, tryOut } from "./inputs.ts";
import type { Fault } from "./mutate.ts";
import { allDrafts } from "./paths.ts";
import { callInPython } from "./python.ts";
import { textbookDrafts } from "./textbook/index.ts";
import { drawItems, drawNumber, drawNumbers, drawText, drawWord, drawWords } from "./values.ts";

/** What is drawn. */
export interface LadderOptions {
  split: CodeSplit;
  /** A sealed split's is a secret: who knows it can draw the same. */
  seed: number | string;
  /** Composed problems of levels 1 to 4. */
  counts: readonly number[];
  /** Asks and names that no problem may have. */
  isTaken?: (one: { ask: string; name: string }) => boolean;
  onProblem?: (done: number) => void;
}

/** One family in four is sealed, by its name alone. Textbook problems stand in the tree: they are all for looking at. */
export function splitOf(family: string): CodeSplit {
  if (family.startsWith("textbook")) return "dev";
  return createRandom("split of the ladder", family).integer(4) === 0 ? "sealed" : "dev";
}

/** Repair begins with some of a problem's mutants. */
const mutantsKept = 4;
/** Inputs on which problems are told apart before their own are chosen. */
const pooled = 200;

/** Draws a split of the ladder. */
export function drawLadder({ split, seed, counts, isTaken, onProblem }: LadderOptions): ProblemRecord[] {
  const random = createRandom(seed, "ladder", split);
  const chosen = new Chosen(isTaken ?? (() => false));
  if (split === "dev") for (const draft of textbookDrafts) chosen.take(draft);
  for (const [i, count] of counts.entries()) {
    const level = i + 1;
    for (let round = 0, had = 0; had < count; round++) {
      if (round === 40)
        throw new Error(`The grammar gives no ${count} problems of level ${level} in the split ${split}`);
      const open = allDrafts(random.child(level, round)).filter(
        (one) => one.level === level && splitOf(one.family) === split,
      );
      for (const draft of inTurn(open, random.child("turn", level, round)))
        if (had < count && chosen.take(draft)) had++;
    }
  }
  const records = chosen.drafts.flatMap((draft, i) => {
    const others = chosen.drafts.filter((one) => one !== draft && typesOf(one) === typesOf(draft));
    const tried = tryOut(draft, others);
    onProblem?.(i + 1);
    return tried === null ? [] : [recordOf(draft, tried, split, random.child("mutants", draft.name))];
  });
  checkTwins(records);
  return records;
}

/** Drafts in an order in which families take turns, a few of each. */
function inTurn(drafts: readonly Draft[], random: Random): Draft[] {
  const families = Map.groupBy(drafts, ({ family }) => family);
  const turns: { draft: Draft; turn: number }[] = [];
  for (const own of families.values()) {
    const left = [...own];
    for (let turn = 0; left.length > 0 && turn < 3; turn++)
      turns.push({ draft: left.splice(random.integer(left.length), 1)[0]!, turn: turn + random.uniform() });
  }
  return turns.sort((a, b) => a.turn - b.turn).map(({ draft }) => draft);
}

/** The types of a draft's parameters: functions that have the same can be taken for each other. */
const typesOf = ({ parameters }: Draft): string => parameters.map(({ type }) => type).join(", ");

/** The drafts that are taken, none of which does what another does. */
class Chosen {
  readonly drafts: Draft[] = [];
  readonly #isTaken: NonNullable<LadderOptions["isTaken"]>;
  readonly #known = new Set<string>();
  constructor(isTaken: NonNullable<LadderOptions["isTaken"]>) {
    this.#isTaken = isTaken;
  }

  /** Takes one, unless its name, its words or what it does are there already. */
  take(draft: Draft): boolean {
    const words = [`name ${draft.name}`, `ask ${draft.ask}`];
    if (words.some((mark) => this.#known.has(mark)) || this.#isTaken(draft)) return false;
    const does = `does ${typesOf(draft)} ${behaviourOf(draft)}`;
    for (const mark of words) this.#known.add(mark);
    if (this.#known.has(does)) return false;
    this.#known.add(does);
    this.drafts.push(draft);
    return true;
  }
}

/** What a draft gives on inputs that all drafts with its types share. */
function behaviourOf(draft: Draft): string {
  const random = createRandom("pool", typesOf(draft));
  const draws: { [type: string]: () => unknown } = {
    number: () => (random.integer(2) === 0 ? random.integer(16) : drawNumber(random)),
    string: () => (random.integer(2) === 0 ? drawText(random) : drawWord(random)),
    "number[]": () => drawNumbers(random),
    "string[]": () => drawWords(random),
    "number[][]": () => [drawNumbers(random), drawNumbers(random)],
  };
  const inputs = Array.from({ length: pooled }, () =>
    draft.parameters.map(({ type }) => (draws[type] ?? (() => drawItems(random)))()),
  );
  const [given] = callMany([{ source: programOf(draft), name: draft.name }], inputs);
  return JSON.stringify(given!.map((one) => (one === failed ? "nothing" : [one])));
}

function recordOf(draft: Draft, tried: Tried, split: CodeSplit, random: Random): ProblemRecord {
  const { kind, level, family, ask, name, parameters, returns, javascript, python } = draft;
  const { inputs, expected, killed, equal } = tried;
  const asMutant = ({ rule, source }: Fault) => ({ rule, body: bodyOf(draft, source) });
  return {
    ...{
      id: `${kind}/${name}`,
      level,
      family,
      kind,
      split,
      ask,
      name,
      parameters,
      returns,
      javascript,
      python,
      inputs,
    },
    ...{ expected, mutants: someOf(killed, random).map(asMutant), equal: equal.map(asMutant) },
  };
}

/** Mutants for repair: of different rules while there are some. */
function someOf(killed: readonly Fault[], random: Random): Fault[] {
  const left = [...killed];
  const some: Fault[] = [];
  while (some.length < mutantsKept && left.length > 0) {
    const fresh = left.filter(({ rule }) => !some.some((one) => one.rule === rule));
    const next = random.choice(fresh.length > 0 ? fresh : left);
    left.splice(left.indexOf(next), 1);
    some.push(next);
  }
  return some;
}

/** What stands between the first line of a mutant and its last. */
function bodyOf(draft: Draft, source: string): string {
  const [before] = programOf(draft, "\0").split("\0");
  return source.slice(before!.length, source.length - "};\n".length);
}

/** Throws where a Python twin gives anything else than what is expected. */
export function checkTwins(records: readonly ProblemRecord[]): void {
  const told = callInPython(
    records.map(({ name, parameters, python, inputs }) => ({
      name: pythonName(name),
      source: `def ${pythonName(name)}(${parameters.map((one) => one.name).join(", ")}):\n${python}`,
      inputs,
    })),
  );
  for (const [i, { id, inputs, expected }] of records.entries()) {
    const at = expected.findIndex((one, k) => !isSameData(told[i]![k], one));
    if (at >= 0)
      throw new Error(
        `${id}: for ${JSON.stringify(inputs[at])} its Python twin gives ${JSON.stringify(told[i]![at])}, expected ${JSON.stringify(expected[at])}`,
      );
  }
}
