/** All drafts that the grammar gives for some constants: every path of one to three stages, those with a second parameter, pairs, and single values. */

import type { Random } from "../../src/random/index.ts";
import { compose, type Domain, domains, type Path, type Second } from "./compose.ts";
import type { Draft } from "./draft.ts";
import { type Fold, folds } from "./folds.ts";
import { pairDrafts } from "./pairs.ts";
import { singleDrafts } from "./singles.ts";
import {
  type Filter,
  itemFilters,
  itemMaps,
  type MapStage,
  numberFilters,
  numberMaps,
  wordFilters,
  wordMaps,
} from "./stages.ts";

/** Every draft, once; constants are drawn for each anew. */
export function allDrafts(random: Random): Draft[] {
  const of = Object.values(domains).flatMap((domain) => pathsOf(domain, random));
  return [...of.map(compose), ...pairDrafts(random), ...singleDrafts(random)];
}

/** Constants of a domain's filters: numbers lie among the items', letters at words' ends. */
function filtersOf({ item, name }: Domain, random: Random): Filter[] {
  const letter = (): string => random.choice(["a", "e", "n", "t", "b", "r"]);
  if (item === "word") return wordFilters.map((make) => make(3 + random.integer(3), letter()));
  if (item === "item") return itemFilters.map((make) => make(5 + random.integer(16), letter()));
  const near = name === "range" ? (): number => 3 + random.integer(6) : (): number => random.integer(22) - 8;
  // Of one to n none is negative, and all are positive.
  const made = numberFilters.map((make) => make(near() || 9));
  return name === "range" ? made.filter((one) => !["Positive", "Negative"].includes(one.name)) : made;
}

function mapsOf({ item }: Domain, random: Random): MapStage[] {
  if (item === "item") return itemMaps;
  if (item === "number") return numberMaps.map((make) => make(random.integer(9)));
  return wordMaps.map((make) => make(0, random.choice(["s", "y", "o"])));
}

function pathsOf(domain: Domain, random: Random): Path[] {
  const filters = (): Filter[] => filtersOf(domain, random);
  const maps = (): MapStage[] => mapsOf(domain, random);
  // The numbers from 1 to n are in order, and differ.
  const telling = domain.name === "range" ? ["sum", "product", "average", "descending"] : null;
  const foldsOf = (item: string): Fold[] =>
    folds.filter(({ takes, name }) => takes === item && (telling?.includes(name) ?? true));
  const kept: Path[] = filters().map((filter) => ({ domain, filter }));
  const changed: Path[] = maps().map((map) => ({ domain, map }));
  const both: Path[] = filters().flatMap((filter) => maps().map((map) => ({ domain, filter, map })));
  const told = (["any", "every", "count"] as const).flatMap((fold) =>
    filters().map((filter): Path => ({ domain, filter, fold })),
  );
  const folded = [{ domain }, ...kept, ...changed, ...both].flatMap((path: Path) =>
    foldsOf(path.map?.gives ?? domain.item).map((fold): Path => ({ ...path, fold })),
  );
  const plain = [...kept, ...changed, ...both, ...told, ...folded];
  return [...plain, ...withSecond(domain, plain)];
}

const whole = (name: string): Second["parameter"] => ({ name, type: "number" });

/** The same with a second parameter: how many at most, in place of a filter's constant, or of a map's. */
function withSecond(domain: Domain, plain: readonly Path[]): Path[] {
  if (domain.name === "range") return [];
  const enough = plain.filter(({ filter, map, fold }) => [filter, map, fold].filter(Boolean).length >= 2);
  const cut = enough
    .filter(({ filter, fold }) => filter && typeof fold !== "string")
    .map((path): Path => ({ ...path, isCut: true, second: { parameter: whole("limit"), values: [1, 2, 3, 0] } }));
  const limits = secondFilters(domain);
  const byLimit = enough
    .filter(({ filter }) => filter !== undefined)
    .flatMap((path, i) => {
      const { filter, second } = limits[i % limits.length]!;
      return [{ ...path, filter, second }];
    });
  const steps = domain.item === "number" ? secondMaps : [];
  const byStep = enough
    .filter(({ filter, map, fold }) => filter && map && fold)
    .flatMap((path, i) => (steps.length === 0 ? [] : [{ ...path, ...steps[i % steps.length]! }]));
  return [...cut, ...byLimit, ...byStep];
}

function secondFilters({ item }: Domain): { filter: Filter; second: Second }[] {
  const numbers: Second = { parameter: whole("limit"), values: [3, -2, 0, 7, 10, 12] };
  const made = (name: string, after: string, is: string, code: string, edges: readonly unknown[]): Filter => ({
    ...{ name, after, is, javascript: code, python: code.replace("===", "==").replace("!==", "!="), edges },
  });
  if (item === "number")
    return [
      { filter: made("AboveLimit", "above limit", "is above limit", "x > limit", [2, 3, 4, -2]), second: numbers },
      { filter: made("BelowLimit", "below limit", "is below limit", "x < limit", [2, 3, 4, -2]), second: numbers },
      {
        filter: made(
          "MultipleOfStep",
          "that are multiples of step",
          "is a multiple of step",
          "x % step === 0",
          [0, 3, 4, -3],
        ),
        second: { parameter: whole("step"), values: [3, 4, 5, 2] },
      },
    ];
  if (item === "item") {
    const dear = made(
      "WithPriceAboveLimit",
      "with a price above limit",
      "has a price above limit",
      "x.price > limit",
      [],
    );
    const second: Second = { parameter: whole("limit"), values: [8, 15, 3, 20] };
    return [{ filter: { ...dear, python: 'x["price"] > limit' }, second }];
  }
  const long = made("LongerThanSize", "longer than size letters", "is longer than size letters", "x.length > size", []);
  const starting = made(
    "StartingWithLetter",
    "that start with letter",
    "starts with letter",
    "x.startsWith(letter)",
    [],
  );
  return [
    {
      filter: { ...long, python: "len(x) > size", edges: ["abc", "abcd", "ab"] },
      second: { parameter: whole("size"), values: [3, 4, 2, 5] },
    },
    {
      filter: { ...starting, python: "x.startswith(letter)", edges: ["a", "ab", "ba"] },
      second: { parameter: { name: "letter", type: "string" }, values: ["a", "e", "n", "b"] },
    },
  ];
}

const secondMaps: { map: MapStage; second: Second }[] = [
  {
    map: { name: "RaisedByStep", each: "raised by step", gives: "number", javascript: "x + step", python: "x + step" },
    second: { parameter: whole("step"), values: [3, -2, 1, 10] },
  },
  {
    map: {
      name: "TimesFactor",
      each: "multiplied by factor",
      gives: "number",
      javascript: "x * factor",
      python: "x * factor",
    },
    second: { parameter: whole("factor"), values: [3, -2, 1, 10] },
  },
];
