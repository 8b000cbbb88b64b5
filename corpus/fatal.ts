/**
 * What the languages' fatal programs have in common: how often each way of dying comes, and whether what was asked stands before it.
 * The ways themselves are each language's own (`faults.ts`, `python/faults.ts`).
 */

import type { Random } from "../src/random/index.ts";
import { attributeNames, valueWords } from "./words.ts";

/** A language's ways to die: lines to choose from. */
export interface FatalWays {
  /** The executor is no function any more, or one that runs nothing. */
  brokenExecutor(name: string, random: Random): string[];
  /** What no parser takes: by itself, and a good program that was damaged. */
  syntaxError(name: string, good: string): { own: string[]; damaged: string[] };
  /** Something that is not there is called or read. */
  unknownName(name: string, unknown: string, random: Random): string[];
  thrown(word: string): string[];
  /** The life is ended, or never comes to an end. */
  end: readonly string[];
}

const verbs = ["load", "open", "print", "show", "sort", "send", "read", "learn", "update", "fetch"];

/** Draws a program that ends the agent's life. `good` is the program that would have answered the ask. */
export function fatalBy(ways: FatalWays): (random: Random, good: string) => string {
  return (random, good) => {
    const way = random.uniform();
    if (way < 0.3) return random.choice(ways.brokenExecutor(random.choice(attributeNames), random));
    if (way < 0.45) {
      const { own, damaged } = ways.syntaxError(random.choice(attributeNames), good);
      return random.choice(random.uniform() < 0.4 ? own : damaged);
    }
    if (way < 0.7) {
      const name = random.choice(attributeNames);
      const line = random.choice(ways.unknownName(name, `${random.choice(verbs)}_${name}`, random));
      return after(random, 0.35, good, line);
    }
    if (way < 0.85) return after(random, 0.3, good, random.choice(ways.thrown(random.choice(valueWords))));
    return random.choice(ways.end);
  };
}

/** A line, at this rate behind a good program. */
function after(random: Random, rate: number, good: string, line: string): string {
  return random.uniform() < rate ? `${good}\n${line}` : line;
}
