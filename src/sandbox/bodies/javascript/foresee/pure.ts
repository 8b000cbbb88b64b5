/**
 * The part of JavaScript whose result depends on nothing but its arguments, over plain values: operators, `Math`, methods
 * of texts and lists. Whatever is not known to be so, or would grow large, is `unforeseen`. Guest text is only ever
 * interpreted here, never run.
 */

/** A value of a program that is interpreted. Objects have no prototype. */
export type Value = undefined | null | boolean | number | string | Value[] | { [key: string]: Value } | Opaque;

/** What is no plain data: see `opaque`. */
export interface Opaque {
  readonly opaque: string;
}

/** Calls a function of the program with some arguments. */
export type Callback = (given: Value[]) => Value;

/** Thrown where nothing certain can be said; one object, since a stack would cost more than the program. */
export const unforeseen = new Error("its effect cannot be foreseen");

/** What an agent's attribute held before the program: any value, so that what is computed from it is any value too. */
export const murky: Opaque = { opaque: "murky" };

const [longestText, longestList] = [4096, 1000];

/** True for numbers, texts, booleans, null and undefined. */
export function isPrimitive(value: Value): value is undefined | null | boolean | number | string {
  return typeof value !== "object" || value === null;
}

/** True for functions, the agent, its state and murky values. */
export function isOpaque(value: Value): value is Opaque {
  return typeof value === "object" && value !== null && !Array.isArray(value) && typeof value.opaque === "string";
}

const kept = <T extends Value>(value: T): T => {
  if (typeof value === "string" && value.length > longestText) throw unforeseen;
  if (Array.isArray(value) && value.length > longestList) throw unforeseen;
  return value;
};

/** One of JavaScript's operators on two values. */
export function operate(operator: string, left: Value, right: Value): Value {
  if (left === murky || right === murky) return murky;
  if (operator === "===" || operator === "!==") {
    if (isOpaque(left) || isOpaque(right)) throw unforeseen;
    return (left === right) === (operator === "===");
  }
  if (!isPrimitive(left) || !isPrimitive(right)) throw unforeseen;
  const [a, b] = [left as number, right as number];
  switch (operator) {
    case "+":
      return kept(a + b);
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    case "**":
      return a ** b;
    case "<":
      return a < b;
    case ">":
      return a > b;
    case "<=":
      return a <= b;
    case ">=":
      return a >= b;
    case "==":
      // biome-ignore lint/suspicious/noDoubleEquals: the program's own operator
      return a == b;
    case "!=":
      // biome-ignore lint/suspicious/noDoubleEquals: the program's own operator
      return a != b;
    case "&":
      return a & b;
    case "|":
      return a | b;
    case "^":
      return a ^ b;
    default:
      throw unforeseen;
  }
}

/** A value in a template. */
export function textOf(value: Value): string {
  if (!isPrimitive(value)) throw unforeseen;
  return String(value);
}

const mathFunctions = new Set(["abs", "ceil", "floor", "max", "min", "round", "sign", "sqrt", "trunc"]);

/** `Math.name(...)`. */
export function callMath(name: string, given: readonly Value[]): Value {
  if (given.includes(murky)) return murky;
  if (!mathFunctions.has(name) || !given.every((one) => typeof one === "number")) throw unforeseen;
  return (Math as unknown as { [name: string]: (...numbers: number[]) => number })[name]!(...(given as number[]));
}

const textMethods = new Set(
  "at charAt concat endsWith includes indexOf padEnd padStart repeat replaceAll slice split startsWith substring toLowerCase toUpperCase trim".split(
    " ",
  ),
);

/** A method of a text. */
export function callText(text: string, name: string, given: readonly Value[]): Value {
  if (!textMethods.has(name) || !given.every((one) => typeof one === "string" || typeof one === "number"))
    throw unforeseen;
  const grows = name === "repeat" || name.startsWith("pad");
  if (grows && !(Number(given[0]) >= 0 && Number(given[0]) * (text.length + 1) <= longestText)) throw unforeseen;
  if (name === "replaceAll" && text.length > 200) throw unforeseen;
  const method = (String.prototype as unknown as { [name: string]: (...given: unknown[]) => Value })[name]!;
  return kept(Reflect.apply(method, text, given));
}

/** A method of a list. `asCallback` makes one of a function of the program. */
export function callList(
  list: Value[],
  name: string,
  given: readonly Value[],
  asCallback: (value: Value) => Callback,
): Value {
  const [first] = given;
  const by = (): ((value: Value, i: number) => Value) => {
    const callback = asCallback(first);
    return (value, i) => callback([value, i]);
  };
  switch (name) {
    case "map":
      return list.map(by());
    case "filter":
      return list.filter((value, i) => isTrue(by()(value, i)));
    case "some":
      return list.some((value, i) => isTrue(by()(value, i)));
    case "every":
      return list.every((value, i) => isTrue(by()(value, i)));
    case "find":
      return list.find((value, i) => isTrue(by()(value, i)));
    case "forEach":
      list.forEach(by());
      return undefined;
    case "reduce": {
      if (given.length !== 2) throw unforeseen;
      const callback = asCallback(first);
      return list.reduce((sum, value, i) => callback([sum, value, i]), given[1]);
    }
    case "push":
      list.push(...given);
      return kept(list).length;
    case "pop":
      return list.pop();
    case "reverse":
      return list.reverse();
    case "concat":
      return kept(list.concat(...(given as Value[][])));
  }
  if (!given.every((one) => typeof one === "string" || typeof one === "number")) throw unforeseen;
  if (name === "slice") return list.slice(...(given as number[]));
  if (name === "at") return list.at(Number(first));
  if (!list.every((one) => typeof one === "string" || typeof one === "number")) throw unforeseen;
  if (name === "join") {
    const between = given.length === 0 ? "," : String(first);
    const length = list.reduce((sum: number, one) => sum + String(one).length + between.length, 0);
    if (length > longestText + between.length) throw unforeseen;
    return list.join(between);
  }
  if (name === "includes") return list.includes(first as string);
  if (name === "indexOf") return list.indexOf(first as string);
  if (name === "sort" && given.length === 0) return list.sort();
  throw unforeseen;
}

/** Whether a condition holds. */
export function isTrue(value: Value): boolean {
  if (value === murky) throw unforeseen;
  return Boolean(value);
}

/** A property of a list, a text or a plain object. */
export function memberOf(owner: Value, key: string | number): Value {
  if (typeof owner === "string" || Array.isArray(owner)) {
    if (key === "length") return owner.length;
    if (typeof key === "number" && Number.isInteger(key) && key >= 0) return owner[key];
    throw unforeseen;
  }
  if (isPrimitive(owner) || isOpaque(owner)) throw unforeseen;
  if (key in owner) return owner[key];
  if (key in Object.prototype) throw unforeseen;
  return undefined;
}

/** Sets a property of a list or a plain object. */
export function setMember(owner: Value, key: string | number, value: Value): void {
  if (isPrimitive(owner) || isOpaque(owner) || key === "__proto__" || key === "opaque") throw unforeseen;
  if (!Array.isArray(owner)) owner[key] = value;
  else if (typeof key === "number" && Number.isInteger(key) && key >= 0 && key <= owner.length) owner[key] = value;
  else throw unforeseen;
}
