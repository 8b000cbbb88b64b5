/** How tightly the parts of an expression hold together in Python. */

/** From the loosest to the tightest. */
const order = ["lambda", "either", "or", "compare", "sum", "product", "sign", "power", "whole"] as const;
/** How tightly each holds its parts: a looser one needs parentheses inside a tighter one. */
export const levels = Object.fromEntries(order.map((name, level) => [name, level])) as {
  [name in (typeof order)[number]]: number;
};

/** JavaScript's operators of two sides: their sign in Python, and how tightly it holds. */
export const operators: { [sign: string]: [string, number] } = {
  "===": ["==", levels.compare],
  "!==": ["!=", levels.compare],
  ">": [">", levels.compare],
  "<": ["<", levels.compare],
  "+": ["+", levels.sum],
  "-": ["-", levels.sum],
  "*": ["*", levels.product],
  "/": ["/", levels.product],
  "%": ["%", levels.product],
  "**": ["**", levels.power],
};
