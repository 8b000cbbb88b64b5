/**
 * Episodes as JSON, and back the same. JSON has no word for NaN, the infinities and -0, and writes null or 0 without a word:
 * here they are `{"$number": "NaN"}`, `"Infinity"`, `"-Infinity"` and `"-0"`. An object that looks like one of ours is
 * wrapped as `{"$literal": ...}`. Fields that are undefined are left out.
 */

import { show } from "../data/check.ts";
import { type Episode, episodeVersion, type Plain } from "./types.ts";

const words = new Map<string, number>([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
  ["-0", -0],
]);

/** Data that plain JSON can say. Throws a TypeError for what is no data: a function, a class's object, a circle. */
export function encode(value: unknown, name = "value", above: readonly object[] = []): Plain {
  if (value === null || typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number")
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { $number: Object.is(value, -0) ? "-0" : String(value) };
  if (typeof value !== "object") throw new TypeError(`Expected \`${name}\` to be plain data, got ${show(value)}`);
  if (above.includes(value)) throw new TypeError(`Expected \`${name}\` to be plain data, got a circle`);
  const within = [...above, value];
  if (Array.isArray(value)) return value.map((item, i) => encode(item, `${name}[${i}]`, within));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null)
    throw new TypeError(`Expected \`${name}\` to be plain data, got ${show(value)}`);
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  const coded = Object.fromEntries(entries.map(([key, field]) => [key, encode(field, `${name}.${key}`, within)]));
  return isOurs(Object.keys(coded)) ? { $literal: coded } : coded;
}

/** What `encode` was given. */
export function decode(value: Plain): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(decode);
  const object = value as { readonly [key: string]: Plain };
  const keys = Object.keys(object);
  if (isOurs(keys)) {
    const { $number: word, $literal: literal } = object;
    if (typeof word === "string" && words.has(word)) return words.get(word);
    if (typeof literal === "object" && literal !== null) return decodeFields(literal as { [key: string]: Plain });
  }
  return decodeFields(object);
}

/** An episode as one line of JSON; of one that a rollout played, what it is as a value. */
export function toJson(episode: Episode): string {
  const value: unknown = typeof episode === "object" && episode !== null ? { ...episode } : episode;
  return JSON.stringify(encode(value, "episode"));
}

/** The episode that `toJson` wrote. Throws a TypeError for a text that holds none, or one of a newer version. */
export function fromJson(text: string): Episode {
  let value: unknown;
  try {
    value = decode(JSON.parse(text) as Plain);
  } catch (cause) {
    throw new TypeError(`Expected an episode as JSON: ${(cause as Error).message}`, { cause });
  }
  const { version, steps } = (value ?? {}) as { version?: unknown; steps?: unknown };
  if (typeof version !== "number" || !Array.isArray(steps))
    throw new TypeError("Expected an episode as JSON: the text holds something else");
  if (version > episodeVersion)
    throw new TypeError(
      `The episode has version ${version}, this library reads up to ${episodeVersion}: update autoagent-lab`,
    );
  return value as Episode;
}

function decodeFields(object: { readonly [key: string]: Plain }): object {
  return Object.fromEntries(Object.entries(object).map(([key, field]) => [key, decode(field)]));
}

function isOurs(keys: readonly string[]): boolean {
  return keys.length === 1 && (keys[0] === "$number" || keys[0] === "$literal");
}
