/**
 * The words of the grammar: filters and maps of numbers, words and records. Each is said in English and written in both
 * languages; `x` is the item. Not here: what makes one thing of all (`folds.ts`), and how they are put together (`compose.ts`).
 */

/** What items are. */
export type Item = "number" | "word" | "item";

/** Keeps some items. */
export interface Filter {
  /** Part of a name: `Even`, `Above10`. */
  name: string;
  /** Before the noun (`even`), or after the place (`above 10`). */
  before?: string;
  after?: string;
  /** As said of one: `is even`. */
  is: string;
  javascript: string;
  python: string;
  /** Items at its boundary, on both sides. */
  edges: readonly unknown[];
}

/** Makes something else of each item. */
export interface MapStage {
  name: string;
  /** `NP, each doubled`; else `of`: `the lengths of NP`. */
  each?: string;
  of?: string;
  gives: Item;
  javascript: string;
  python: string;
}

const sign = (k: number): string => (k < 0 ? `Minus${-k}` : `${k}`);

/** Filters of numbers; `k`: the constant, as both languages and English write it. */
export const numberFilters: ((k: number) => Filter)[] = [
  () => filter("Even", { before: "even", is: "is even" }, "x % 2 === 0", "x % 2 == 0", [0, 1, -2]),
  () => filter("Odd", { before: "odd", is: "is odd" }, "x % 2 !== 0", "x % 2 != 0", [0, 1, -3]),
  () => filter("Positive", { before: "positive", is: "is positive" }, "x > 0", "x > 0", [0, 1, -1]),
  () => filter("Negative", { before: "negative", is: "is negative" }, "x < 0", "x < 0", [0, 1, -1]),
  (k) =>
    filter(`Above${sign(k)}`, { after: `above ${k}`, is: `is above ${k}` }, `x > ${k}`, `x > ${k}`, [k - 1, k, k + 1]),
  (k) =>
    filter(`Below${sign(k)}`, { after: `below ${k}`, is: `is below ${k}` }, `x < ${k}`, `x < ${k}`, [k - 1, k, k + 1]),
  (k) => {
    const d = 3 + (Math.abs(k) % 5);
    const says = { after: `that are multiples of ${d}`, is: `is a multiple of ${d}` };
    return filter(`MultipleOf${d}`, says, `x % ${d} === 0`, `x % ${d} == 0`, [0, d, d + 1, -d]);
  },
  (k) =>
    filter(`Not${sign(k)}`, { after: `other than ${k}`, is: `is not ${k}` }, `x !== ${k}`, `x != ${k}`, [
      k - 1,
      k,
      k + 1,
    ]),
];

/** Filters of words. */
export const wordFilters: ((k: number, letter: string) => Filter)[] = [
  (k) => byLength(`LongerThan${k}`, `longer than ${k} letters`, "is", ">", k),
  (k) => byLength(`ShorterThan${k}`, `shorter than ${k} letters`, "is", "<", k),
  (_, c) =>
    filter(
      `StartingWith${c.toUpperCase()}`,
      { after: `that start with "${c}"`, is: `starts with "${c}"` },
      `x.startsWith("${c}")`,
      `x.startswith("${c}")`,
      [c, `${c}b`, `b${c}`],
    ),
  (_, c) =>
    filter(
      `EndingWith${c.toUpperCase()}`,
      { after: `that end with "${c}"`, is: `ends with "${c}"` },
      `x.endsWith("${c}")`,
      `x.endswith("${c}")`,
      [c, `${c}b`, `b${c}`],
    ),
  (_, c) =>
    filter(
      `With${c.toUpperCase()}`,
      { after: `that contain "${c}"`, is: `contains "${c}"` },
      `x.includes("${c}")`,
      `"${c}" in x`,
      [c, `b${c}b`, "bb"],
    ),
  (_, c) =>
    filter(
      `Without${c.toUpperCase()}`,
      { after: `that do not contain "${c}"`, is: `does not contain "${c}"` },
      `!x.includes("${c}")`,
      `"${c}" not in x`,
      [c, `b${c}b`, "bb"],
    ),
];

/** Filters of records. */
export const itemFilters: ((k: number, letter: string) => Filter)[] = [
  (k) => byField(`PriceAbove${k}`, `with a price above ${k}`, `has a price above ${k}`, "price", ">", k),
  (k) => byField(`PriceBelow${k}`, `with a price below ${k}`, `has a price below ${k}`, "price", "<", k),
  () => byField("CountAbove0", "with a count above 0", "has a count above 0", "count", ">", 0),
  (k) => byField(`CountBelow${k}`, `with a count below ${k}`, `has a count below ${k}`, "count", "<", k),
  (_, c) =>
    filter(
      `NameStartingWith${c.toUpperCase()}`,
      { after: `whose name starts with "${c}"`, is: `has a name that starts with "${c}"` },
      `x.name.startsWith("${c}")`,
      `x["name"].startswith("${c}")`,
      [shopItem(c, 5, 2), shopItem(`b${c}`, 5, 2)],
    ),
];

/** Maps of numbers. */
export const numberMaps: ((k: number) => MapStage)[] = [
  () => each("Doubled", "doubled", "number", "x * 2", "x * 2"),
  () => each("Squared", "squared", "number", "x * x", "x * x"),
  () => each("Negated", "negated", "number", "-x", "-x"),
  (k) =>
    each(
      `RaisedBy${Math.abs(k) + 1}`,
      `raised by ${Math.abs(k) + 1}`,
      "number",
      `x + ${Math.abs(k) + 1}`,
      `x + ${Math.abs(k) + 1}`,
    ),
  (k) =>
    each(
      `LoweredBy${Math.abs(k) + 1}`,
      `lowered by ${Math.abs(k) + 1}`,
      "number",
      `x - ${Math.abs(k) + 1}`,
      `x - ${Math.abs(k) + 1}`,
    ),
  (k) =>
    each(
      `Times${3 + (Math.abs(k) % 7)}`,
      `multiplied by ${3 + (Math.abs(k) % 7)}`,
      "number",
      `x * ${3 + (Math.abs(k) % 7)}`,
      `x * ${3 + (Math.abs(k) % 7)}`,
    ),
  () => ({
    name: "DistancesFromZero",
    of: "distances from zero",
    gives: "number",
    javascript: "Math.abs(x)",
    python: "abs(x)",
  }),
];

/** Maps of words. */
export const wordMaps: ((k: number, letter: string) => MapStage)[] = [
  () => each("InUpperCase", "in upper case", "word", "x.toUpperCase()", "x.upper()"),
  () => ({ name: "Lengths", of: "lengths", gives: "number", javascript: "x.length", python: "len(x)" }),
  () => ({ name: "FirstLetters", of: "first letters", gives: "word", javascript: "x[0]", python: "x[0]" }),
  () => ({ name: "LastLetters", of: "last letters", gives: "word", javascript: "x[x.length - 1]", python: "x[-1]" }),
  () => each("Reversed", "reversed", "word", 'x.split("").reverse().join("")', "x[::-1]"),
  (_, c) => each(`Plus${c.toUpperCase()}`, `with "${c}" added at its end`, "word", `x + "${c}"`, `x + "${c}"`),
  () => each("Twice", "written twice", "word", "x + x", "x + x"),
];

/** Maps of records. */
export const itemMaps: MapStage[] = [
  { name: "Names", of: "names", gives: "word", javascript: "x.name", python: 'x["name"]' },
  { name: "Prices", of: "prices", gives: "number", javascript: "x.price", python: 'x["price"]' },
  { name: "Counts", of: "counts", gives: "number", javascript: "x.count", python: 'x["count"]' },
  {
    name: "Totals",
    of: "totals (price times count)",
    gives: "number",
    javascript: "x.price * x.count",
    python: 'x["price"] * x["count"]',
  },
];

/** A record for an input. */
export function shopItem(name: string, price: number, count: number): { name: string; price: number; count: number } {
  return { name, price, count };
}

function filter(
  name: string,
  says: Pick<Filter, "before" | "after" | "is">,
  javascript: string,
  python: string,
  edges: readonly unknown[],
): Filter {
  return { name, ...says, javascript, python, edges };
}

function byLength(name: string, after: string, verb: string, operator: string, k: number): Filter {
  const edges = [k - 1, k, k + 1].map((length) => "c".repeat(Math.max(1, length)));
  return filter(name, { after, is: `${verb} ${after}` }, `x.length ${operator} ${k}`, `len(x) ${operator} ${k}`, edges);
}

function byField(
  name: string,
  after: string,
  is: string,
  field: "price" | "count",
  operator: string,
  k: number,
): Filter {
  const edges = [k - 1, k, k + 1].map((at) => (field === "price" ? shopItem("tea", at, 2) : shopItem("tea", 7, at)));
  return filter(`With${name}`, { after, is }, `x.${field} ${operator} ${k}`, `x["${field}"] ${operator} ${k}`, edges);
}

function each(name: string, says: string, gives: Item, javascript: string, python: string): MapStage {
  return { name, each: says, gives, javascript, python };
}
