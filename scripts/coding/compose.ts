/** Puts stages together: a path through the grammar becomes a sentence, a name, and the same program in both languages. */

import type { CodeParameter } from "../../src/coding/index.ts";
import type { Random } from "../../src/random/index.ts";
import type { Draft } from "./draft.ts";
import type { Fold } from "./folds.ts";
import type { Filter, Item, MapStage } from "./stages.ts";
import { drawItems, drawNumbers, drawText, drawWords } from "./values.ts";

/** Where items come from. */
export interface Domain {
  name: "numbers" | "words" | "text" | "items" | "range";
  item: Item;
  parameter: CodeParameter;
  /** `number`, and where they are: `in list`. */
  noun: string;
  where: string;
  /** The last part of each name, where another domain has the same nouns. */
  suffix: string;
  javascript: string;
  python: string;
  draw(random: Random): unknown;
  /** A whole input of some items. */
  pack(items: readonly unknown[]): unknown;
}

const itemType = "{ name: string; price: number; count: number }[]";
const list = (type: string): CodeParameter => ({ name: "list", type });
const asList = (items: readonly unknown[]): unknown => items;
const inList = { where: "in list", suffix: "", javascript: "list", python: "list", pack: asList };

/** All domains. */
export const domains: { [name in Domain["name"]]: Domain } = {
  numbers: {
    name: "numbers",
    item: "number",
    parameter: list("number[]"),
    noun: "number",
    ...inList,
    draw: drawNumbers,
  },
  words: { name: "words", item: "word", parameter: list("string[]"), noun: "word", ...inList, draw: drawWords },
  items: { name: "items", item: "item", parameter: list(itemType), noun: "item", ...inList, draw: drawItems },
  text: {
    ...{ name: "text", item: "word", parameter: { name: "text", type: "string" }, noun: "word", where: "in text" },
    ...{ suffix: "InText", javascript: 'text.split(" ")', python: 'text.split(" ")' },
    draw: drawText,
    pack: (words) => words.join(" "),
  },
  range: {
    ...{ name: "range", item: "number", parameter: { name: "n", type: "number" }, noun: "number" },
    ...{ where: "from 1 to n", suffix: "UpToN" },
    ...{ javascript: "Array.from({ length: n }, (_, i) => i + 1)", python: "range(1, n + 1)" },
    draw: (random) => random.integer(16),
    pack: (items) => items[1] ?? items[0],
  },
};

/** A second parameter, which takes the place of a constant, or says how many items at most. */
export interface Second {
  parameter: CodeParameter;
  /** Values near those of the items. */
  values: readonly unknown[];
}

/** A path through the grammar. */
export interface Path {
  domain: Domain;
  filter?: Filter;
  map?: MapStage;
  fold?: Fold | "any" | "every" | "count";
  second?: Second;
  /** Only so many items as the second parameter says. */
  isCut?: boolean;
}

/** The draft of a path. */
export function compose(path: Path): Draft {
  const { domain, filter, map, fold, second } = path;
  const stages = [filter, map, fold].filter((one) => one !== undefined).length;
  const level = (second ? 4 : stages) as Draft["level"];
  const edges = edgesOf(path);
  return {
    ...{ kind: "composed", level, family: familyOf(path), name: nameOf(path), ask: askOf(path) },
    parameters: [domain.parameter, ...(second ? [second.parameter] : [])],
    returns: returnsOf(path),
    javascript: javascriptOf(path),
    python: pythonOf(path),
    edges,
    draw: (random) => [domain.draw(random), ...(second ? [random.choice(second.values)] : [])],
  };
}

/** Nothing, one item, and the items at each boundary. */
function edgesOf({ domain, filter, second }: Path): unknown[][] {
  const isRange = domain.name === "range";
  const near = filter?.edges ?? [];
  const lists = isRange
    ? [0, 1, 2, ...near.filter((one) => (one as number) > 0)]
    : [
        ...(domain.name === "text" ? [] : [domain.pack([])]),
        ...(near.length > 0 ? [domain.pack(near), domain.pack(near.slice(0, 1))] : []),
      ];
  if (second === undefined) return lists.map((one) => [one]);
  return lists.flatMap((one) => second.values.slice(0, 2).map((value) => [one, value]));
}

/** What it is about, and what comes of it. */
export function familyOf({ domain, filter, map, fold }: Path): string {
  const about = domain.name === "text" ? "words" : domain.name;
  if (fold !== undefined) return `${about}: ${typeof fold === "string" ? fold : fold.name}`;
  return `${about}: ${filter && map ? "kept and changed" : filter ? "kept" : "changed"}`;
}

const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const small = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

function nameOf({ domain, filter, map, fold, isCut }: Path): string {
  const noun = capital(domain.noun);
  if (fold === "any" || fold === "every") return `${fold}${noun}${filter!.name}${domain.suffix}`;
  let name = `${noun}s${domain.suffix}`;
  if (filter) name = filter.before ? `${filter.name}${name}` : `${noun}s${filter.name}${domain.suffix}`;
  if (isCut) name = `First${name}`;
  if (map) name = map.of ? `${map.name}Of${name}` : `${name}${map.name}`;
  if (fold === undefined) return small(name);
  return typeof fold === "string" ? `${fold}Of${name}` : `${fold.name}Of${name}`;
}

function askOf({ domain, filter, map, fold, isCut }: Path): string {
  const { noun, where } = domain;
  if (fold === "any" || fold === "every") return `Returns true if ${fold} ${noun} ${where} ${filter!.is}, else false.`;
  let phrase = `the ${filter?.before ? `${filter.before} ` : ""}${noun}s ${where}${filter?.after ? ` ${filter.after}` : ""}`;
  if (isCut) phrase = `at most the first limit of ${phrase}`;
  if (map) phrase = map.of ? `the ${map.of} of ${phrase}` : `${phrase}, each ${map.each}`;
  if (fold === "count") return `Returns the number of ${phrase.replace(/^the /, "")}.`;
  return fold === undefined ? `Returns a list of ${phrase}.` : `Returns ${(fold as Fold).says.replace("{}", phrase)}.`;
}

function returnsOf({ domain, map, fold }: Path): string {
  const item = map?.gives ?? domain.item;
  const of = { number: "number[]", word: "string[]", item: itemType }[item];
  if (fold === "any" || fold === "every") return "boolean";
  if (fold === "count") return "number";
  return fold === undefined
    ? of
    : { number: "number", string: "string", numbers: "number[]", words: "string[]" }[fold.gives];
}

function javascriptOf(path: Path): string {
  const { domain, filter, map, fold, isCut } = path;
  const kept = `${domain.javascript}${filter ? `.filter((x) => ${filter.javascript})` : ""}${isCut ? ".slice(0, limit)" : ""}`;
  const chain = `${kept}${map ? `.map((x) => ${map.javascript})` : ""}`;
  if (fold === "any") return `  return ${domain.javascript}.some((x) => ${filter!.javascript});\n`;
  if (fold === "every") return `  return ${domain.javascript}.every((x) => ${filter!.javascript});\n`;
  if (fold === "count") return `  return ${kept}.length;\n`;
  if (fold === undefined) return `  return ${chain};\n`;
  // What sorts or turns a list in place is given one of its own.
  if (fold.chain !== undefined) return `  return ${fold.chain(chain === "list" ? "[...list]" : chain)};\n`;
  const isRange = domain.name === "range" && !isCut;
  const head = isRange ? "for (let x = 1; x <= n; x++) {" : `for (const x of ${isCut ? kept : domain.javascript}) {`;
  return loopOf(fold.loop!, head, isCut ? undefined : filter?.javascript, map?.javascript ?? "x");
}

/** A fold as a loop. A value that is used more than once, and is more than the item, has a name. */
export function loopOf(
  { before, each, result }: NonNullable<Fold["loop"]>,
  head: string,
  condition: string | undefined,
  value: string,
): string {
  const isNamed = value !== "x" && each.split(/\bV\b/).length > 2;
  const steps = [
    ...(isNamed ? [`const value = ${value};`] : []),
    ...each.split("\n").map((line) => line.replace(/\bV\b/g, isNamed ? "value" : value)),
  ];
  const single = steps.length === 1 && !steps[0]!.startsWith("if");
  const inner =
    condition === undefined
      ? steps.map((line) => `    ${line}`)
      : single
        ? [`    if (${condition}) ${steps[0]}`]
        : [`    if (${condition}) {`, ...steps.map((line) => `      ${line}`), "    }"];
  const lines = [...(before === "" ? [] : [`  ${before}`]), `  ${head}`, ...inner, "  }", `  return ${result};`];
  return `${lines.join("\n")}\n`;
}

function pythonOf({ domain, filter, map, fold, isCut }: Path): string {
  if (fold === "any" || fold === "every")
    return `    return ${fold === "any" ? "any" : "all"}(${filter!.python} for x in ${domain.python})\n`;
  const isBare = filter === undefined && map === undefined;
  const all = isBare
    ? domain.name === "range"
      ? `[*${domain.python}]`
      : domain.python
    : `[${map?.python ?? "x"} for x in ${domain.python}${filter ? ` if ${filter.python}` : ""}]`;
  const values = `${all}${isCut ? "[:limit]" : ""}`;
  if (fold === "count") return `    return len(${values})\n`;
  const lines = fold === undefined ? [`return ${values}`] : fold.python.map((line) => line.replace(/\bL\b/g, values));
  return `${lines.map((line) => `    ${line}`).join("\n")}\n`;
}
