/**
 * How functions are asked for and written: the templates that all families of functions share. A function on `self` is a
 * method; one that is declared at the program's top level joins the agent's state.
 */

import type { Random } from "../src/random/index.ts";
import type { Check, Draft, Style } from "./types.ts";
import { plainNames } from "./words.ts";

/** One function that an ask can be about. */
export interface FunctionIdea {
  /** Short and stable: part of the combination. */
  id: string;
  /** Names that fit, besides the plain ones. */
  names: readonly string[];
  /** Parameter names to choose from, one tuple each. */
  parameters: readonly (readonly string[])[];
  /** TypeScript's type of each parameter, and of the result. */
  types: readonly string[];
  returns: string;
  /** What it returns in English; `{0}`, `{1}` are its parameters. */
  phrases: readonly string[];
  /** The same as an expression, in several forms. */
  expressions: readonly string[];
  /** Or as the statements of a body, when an expression would not do. */
  bodies?: readonly string[];
  /** Arguments to try it on. */
  samples: readonly (readonly unknown[])[];
  /** What it should return: the reference. */
  run(...values: never[]): unknown;
}

/** Puts parameter names for `{0}`, `{1}`. */
function fill(template: string, names: readonly string[]): string {
  return template.replace(/\{(\d)\}/g, (_, i: string) => names[Number(i)]!);
}

/** Puts values for `{name}`; what has no value stays. */
export function put(template: string, values: { [name: string]: string | number }): string {
  return template.replace(/\{(\w+)\}/g, (whole, key: string) => (key in values ? String(values[key]) : whole));
}

/** First letter upper case, and a full stop or none. */
export function sentence(random: Random, text: string): string {
  const ended = /[.?!]$/.test(text) || random.uniform() < 0.3 ? text : `${text}.`;
  return ended.replace(/^[a-z]/, (first) => (ended.startsWith("self") ? first : first.toUpperCase()));
}

const methodAsks = [
  "add a method {name}({list}) that returns {phrase}",
  "add a method {name}({list}) that returns {phrase}",
  "define self.{name}({list}) to return {phrase}",
  "give yourself a method {name}({list}) that returns {phrase}",
  "learn {name}({list}): {phrase}",
  "write a method {name} that takes {and} and returns {phrase}",
  "self.{name}({list}) should return {phrase}",
  "make a method {name} that gives {phrase} for {and}",
  "create self.{name}({list}), which returns {phrase}",
];

const functionAsks = [
  "declare a function {name}({list}) that returns {phrase}",
  "write a function {name}({list}) that returns {phrase}",
  "function {name}({list}): {phrase}",
  "define a function {name} that takes {and} and returns {phrase}",
];

/** Draws an ask for a function, and a program that defines it. */
export function drawFunction(random: Random, { typed }: Style, idea: FunctionIdea): Draft {
  const names = random.choice(idea.parameters);
  const name = random.uniform() < 0.7 ? random.choice(idea.names) : random.choice(plainNames);
  const place = random.uniform() < 0.75 ? "method" : "function";
  const values = {
    name,
    list: names.join(", "),
    and: names.join(" and "),
    phrase: fill(random.choice(idea.phrases), names),
  };
  const asked = put(random.choice(place === "method" ? methodAsks : functionAsks), values);
  const ask = sentence(
    random,
    typed && random.uniform() < 0.3 ? random.choice([`${asked}, with types`, `in TypeScript, ${asked}`]) : asked,
  );
  const program = drawDefinition(random, typed, { ...idea, name, names, place });
  return { combination: `${idea.id}:${name}`, ask, program, check: checkOf(name, idea) };
}

/** The check of a function under a name. */
function checkOf(name: string, { samples, run }: Pick<FunctionIdea, "samples" | "run">): Check {
  const reference = run as (...values: unknown[]) => unknown;
  // Samples are copied: a reference that sorted in place would change what the agent is asked.
  const expected = samples.map((values) => reference(...(structuredClone(values) as unknown[])));
  return { call: name, arguments: samples.map((values) => [...values]), expected };
}

interface Definition extends Pick<FunctionIdea, "types" | "returns" | "expressions" | "bodies"> {
  name: string;
  names: readonly string[];
  place: "method" | "function";
}

/** Writes a definition in one of the usual forms. */
export function drawDefinition(random: Random, typed: boolean, definition: Definition): string {
  const { name, names, place, types, returns, expressions, bodies } = definition;
  const list = names.map((parameter, i) => (typed ? `${parameter}: ${types[i]}` : parameter)).join(", ");
  const head = `(${list})${typed ? `: ${returns}` : ""}`;
  const body = bodies === undefined ? null : fill(random.choice(bodies), names);
  const expression = body === null ? fill(random.choice(expressions), names) : "";
  const block = `{\n  ${(body ?? `return ${expression};`).replaceAll("\n", "\n  ")}\n}`;
  const arrow = body === null ? expression : block;
  const form = random.uniform();
  if (place === "method") {
    if (form < 0.5) return `self.${name} = ${head} => ${arrow};`;
    if (form < 0.75) return `self.${name} = function ${head} ${block};`;
    if (form < 0.9) return `self.${name} = function ${name}${head} ${block};`;
    return `function ${name}${head} ${block}\nself.${name} = ${name};`;
  }
  return form < 0.7 ? `function ${name}${head} ${block}` : `const ${name} = ${head} => ${arrow};`;
}
