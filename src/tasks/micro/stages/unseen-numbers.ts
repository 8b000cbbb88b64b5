/** Families outside training, of numbers: units, shapes, the clock, money. */

import { type Kind, type Stage, type StageWords, stage } from "./stage.ts";

const one = (words: StageWords, gives: Kind = "number"): Stage =>
  stage(["number"], gives, { needs: (n: number) => n >= 0, ...words });
const two = (words: StageWords, gives: Kind = "number"): Stage =>
  stage(["number", "number"], gives, { needs: (a: number, b: number) => a >= 0 && b >= 0, ...words });

/** So many of one unit in another: the phrase has {0} for the number and its unit. */
const times = (names: string, phrase: string, factor: number): Stage =>
  one({ names, phrase, code: `{0} * ${factor}`, run: (n: number) => n * factor });
const over = (names: string, phrase: string, factor: number): Stage =>
  one({ names, phrase, code: `{0} / ${factor}`, run: (n: number) => n / factor });
const both = (names: string, phrase: string, factor: number): Stage =>
  two({ names, phrase, code: `{0} * ${factor} + {1}`, run: (a: number, b: number) => a * factor + b });

/** Units: a number in another. */
export const unitStages: { readonly [name: string]: Stage } = {
  minutes: times("minutes toMinutes", "how many minutes there are in {0} hours", 60),
  days: times("days toDays", "how many days there are in {0} weeks", 7),
  cents: times("cents toCents", "how many cents there are in {0} euros", 100),
  metres: times("metres toMetres", "how many metres there are in {0} kilometres", 1000),
  dayHours: times("hours toHours", "how many hours there are in {0} days", 24),
  months: times("months toMonths", "how many months there are in {0} years", 12),
  seconds: times("seconds toSeconds", "how many seconds there are in {0} hours", 3600),
  weekHours: times("hours toHours", "how many hours there are in {0} weeks", 168),
  dayMinutes: times("minutes toMinutes", "how many minutes there are in {0} days", 1440),
  hours: over("hours toHours", "{0} minutes in hours", 60),
  weeks: over("weeks toWeeks", "{0} days in weeks", 7),
  euros: over("euros toEuros", "{0} cents in euros", 100),
  years: over("years toYears", "{0} months in years", 12),
  kilometres: over("kilometres toKilometres", "{0} metres in kilometres", 1000),
  fahrenheit: one({
    names: "fahrenheit toFahrenheit",
    phrase: "{0} degrees Celsius in degrees Fahrenheit",
    code: "({0} * 9) / 5 + 32",
    run: (n: number) => (n * 9) / 5 + 32,
  }),
  celsius: one({
    names: "celsius toCelsius",
    phrase: "{0} degrees Fahrenheit in degrees Celsius",
    code: "(({0} - 32) * 5) / 9",
    run: (n: number) => ((n - 32) * 5) / 9,
  }),
  minutesAndSeconds: both("seconds toSeconds", "how many seconds {0} minutes and {1} seconds are", 60),
  eurosAndCents: both("cents toCents", "how many cents {0} euros and {1} cents are", 100),
  weeksAndDays: both("days toDays", "how many days {0} weeks and {1} days are", 7),
  daysAndHours: both("hours toHours", "how many hours {0} days and {1} hours are", 24),
  kilometresAndMetres: both("metres toMetres", "how many metres {0} kilometres and {1} metres are", 1000),
};

/** Shapes: areas, outlines, volumes. */
export const shapeStages: { readonly [name: string]: Stage } = {
  outline: two({
    names: "outline perimeter",
    phrase: "the outline of a rectangle that is {0} wide and {1} high",
    code: "2 * ({0} + {1})",
    run: (a: number, b: number) => 2 * (a + b),
  }),
  triangle: two({
    names: "area triangle",
    phrase: "the area of a triangle with a base of {0} and a height of {1}",
    code: "({0} * {1}) / 2",
    run: (a: number, b: number) => (a * b) / 2,
  }),
  diagonal: two({
    names: "diagonal across",
    phrase: "the length of the diagonal of a rectangle that is {0} wide and {1} high",
    code: "Math.sqrt({0} ** 2 + {1} ** 2)",
    run: (a: number, b: number) => Math.hypot(a, b),
  }),
  square: one({
    names: "outline perimeter",
    phrase: "the outline of a square whose side is {0}",
    code: "{0} * 4",
    run: (n: number) => 4 * n,
  }),
  hexagon: one({
    names: "outline perimeter",
    phrase: "the outline of a regular hexagon whose side is {0}",
    code: "{0} * 6",
    run: (n: number) => 6 * n,
  }),
  cube: one({
    names: "surface skin",
    phrase: "the surface of a cube whose edge is {0}",
    code: "6 * {0} ** 2",
    run: (n: number) => 6 * n * n,
  }),
  edges: one({
    names: "edges wire",
    phrase: "the length of all 12 edges together of a cube whose edge is {0}",
    code: "{0} * 12",
    run: (n: number) => 12 * n,
  }),
  circle: one({
    names: "area circle",
    phrase: "the area of a circle whose radius is {0}",
    code: "Math.PI * {0} ** 2",
    run: (n: number) => Math.PI * n * n,
  }),
  around: one({
    names: "around circle",
    phrase: "the length of the outline of a circle whose radius is {0}",
    code: "2 * Math.PI * {0}",
    run: (n: number) => 2 * Math.PI * n,
  }),
  box: two({
    names: "volume box",
    phrase: "the volume of a box with a square floor whose side is {0}, and a height of {1}",
    code: "{0} ** 2 * {1}",
    run: (a: number, b: number) => a * a * b,
  }),
  frame: two({
    names: "frame border",
    phrase: "the area between a square whose side is {0} and a smaller square inside it whose side is {1}",
    code: "{0} ** 2 - {1} ** 2",
    run: (a: number, b: number) => a * a - b * b,
    needs: (a: number, b: number) => b >= 0 && a > b,
  }),
  cylinder: two({
    names: "volume can",
    phrase: "the volume of a cylinder whose radius is {0} and whose height is {1}",
    code: "Math.PI * {0} ** 2 * {1}",
    run: (a: number, b: number) => Math.PI * a * a * b,
  }),
  wide: two(
    {
      names: "wide isWide",
      phrase: "whether a picture that is {0} wide and {1} high is wider than high",
      code: "{0} > {1}",
      run: (a: number, b: number) => a > b,
    },
    "boolean",
  ),
};

const isTime = (hours: number, minutes: number): boolean =>
  Number.isInteger(hours) && Number.isInteger(minutes) && hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60;
const isMinutes = (n: number): boolean => Number.isInteger(n) && n >= 0;

/** The clock, of 24 hours. */
export const clockStages: { readonly [name: string]: Stage } = {
  midnight: two({
    names: "sinceMidnight minutes",
    phrase: "how many minutes it is since midnight at {0} hours and {1} minutes",
    code: "{0} * 60 + {1}",
    run: (h: number, m: number) => h * 60 + m,
    needs: isTime,
  }),
  untilMidnight: two({
    names: "untilMidnight minutes",
    phrase: "how many minutes are left until midnight at {0} hours and {1} minutes",
    code: "24 * 60 - ({0} * 60 + {1})",
    run: (h: number, m: number) => 1440 - h * 60 - m,
    needs: isTime,
  }),
  hourOf: one({
    names: "hour wholeHours",
    phrase: "how many whole hours there are in {0} minutes",
    code: "Math.floor({0} / 60)",
    run: (n: number) => Math.floor(n / 60),
    needs: isMinutes,
  }),
  minuteOf: one({
    names: "minute left",
    phrase: "how many minutes are left over when {0} minutes are put into whole hours",
    code: "{0} % 60",
    run: (n: number) => n % 60,
    needs: isMinutes,
  }),
  later: stage(["number"], "number", {
    constants: [[2, 3, 5, 6, 7, 8, 9, 10, 11]],
    names: "later hourAfter",
    phrase: "the hour of a 24 hour clock, from 0 to 23, that it is {k} hours after hour {0}",
    code: "({0} + {k}) % 24",
    run: (n: number, k: number) => (n + k) % 24,
    needs: (n: number) => isTime(n, 0),
  }),
  afternoon: one(
    {
      names: "afternoon isLate",
      phrase: "whether hour {0} of a 24 hour clock is 12 or later",
      code: "{0} >= 12",
      run: (n: number) => n >= 12,
      needs: (n: number) => isTime(n, 0),
    },
    "boolean",
  ),
  half: one({
    names: "twelve dial",
    phrase: "hour {0} of a 24 hour clock as a 12 hour clock's hour, where 0 and 12 are both 0",
    code: "{0} % 12",
    run: (n: number) => n % 12,
    needs: (n: number) => isTime(n, 0),
  }),
  shown: two(
    {
      names: "show clock",
      phrase: "the time as a text of {0}, a colon and {1}, where {1} has two digits, as in 7:05",
      code: '{0} + ":" + String({1}).padStart(2, "0")',
      run: (h: number, m: number) => `${h}:${String(m).padStart(2, "0")}`,
      needs: isTime,
    },
    "text",
  ),
  wait: two({
    names: "wait lasts",
    phrase: "how many hours it is from hour {0} to the later hour {1} of the same day",
    code: "{1} - {0}",
    run: (a: number, b: number) => b - a,
    needs: (a: number, b: number) => isTime(a, 0) && isTime(b, 0) && b > a,
  }),
  sameHalf: two(
    {
      names: "sameHalf together",
      phrase: "whether hours {0} and {1} of a 24 hour clock are both before 12 or both not",
      code: "{0} < 12 === {1} < 12",
      run: (a: number, b: number) => a < 12 === b < 12,
      needs: (a: number, b: number) => isTime(a, 0) && isTime(b, 0),
    },
    "boolean",
  ),
};

const percents = [5, 10, 15, 20, 25, 30, 40];

/** Money: prices, shares, percents. */
export const moneyStages: { readonly [name: string]: Stage } = {
  discount: one({
    constants: [percents],
    names: "reduced discount",
    phrase: "a price of {0} reduced by {k} percent",
    code: "({0} * (100 - {k})) / 100",
    run: (n: number, k: number) => n * (1 - k / 100),
  }),
  tax: one({
    constants: [percents],
    names: "withTax gross",
    phrase: "a price of {0} with {k} percent added",
    code: "({0} * (100 + {k})) / 100",
    run: (n: number, k: number) => n * (1 + k / 100),
  }),
  part: one({
    constants: [percents],
    names: "tip fee",
    phrase: "{k} percent of {0}",
    code: "({0} * {k}) / 100",
    run: (n: number, k: number) => (n * k) / 100,
  }),
  change: one({
    constants: [[100, 200, 500, 1000]],
    names: "change back",
    phrase: "how much money you get back from {k} when you pay a price of {0}",
    code: "{k} - {0}",
    run: (n: number, k: number) => k - n,
    needs: (n: number, k: number) => n >= 0 && n <= k,
  }),
  shipping: two({
    constants: [[3, 4, 5, 6, 8]],
    names: "total order",
    phrase: "what {0} pieces at a price of {1} each cost together, with {k} added once for shipping",
    code: "{0} * {1} + {k}",
    run: (a: number, b: number, k: number) => a * b + k,
  }),
  shared: two({
    constants: [[2, 3, 4, 5]],
    names: "share each",
    phrase: "what each of {k} friends pays who share a meal of {0} and a drink of {1} equally",
    code: "({0} + {1}) / {k}",
    run: (a: number, b: number, k: number) => (a + b) / k,
  }),
  enough: two(
    {
      names: "enough canPay",
      phrase: "whether an amount of {0} is enough for a price of {1}",
      code: "{0} >= {1}",
      run: (a: number, b: number) => a >= b,
    },
    "boolean",
  ),
  profit: two({
    names: "gain profit",
    phrase: "the percentage by which a price rises from {0} to {1}",
    code: "(({1} - {0}) / {0}) * 100",
    run: (a: number, b: number) => ((b - a) / a) * 100,
    needs: (a: number, b: number) => a > 0 && b > a,
  }),
};
