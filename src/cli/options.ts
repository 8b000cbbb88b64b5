/** Reading arguments: node:util's parseArgs, with errors that name the value and the cure. */

import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { nearestName } from "../data/nearest.ts";
import type { Level } from "../sandbox/index.ts";
import { CliFailure } from "./error.ts";

/** What a command was given. */
export interface Given {
  values: { [name: string]: string | boolean | undefined };
  positionals: string[];
}

/** What a command takes that takes no record. */
const needed: { [command: string]: string } = { serve: "MODEL", play: "SPEC" };

/** Parses a command's arguments; `most` is how many positional ones it takes. */
export function readArguments(
  command: string,
  args: string[],
  { options, least, most }: { options: ParseArgsOptionsConfig; least: number; most: number },
): Given {
  let given: Given;
  try {
    given = parseArgs({ args, options, allowPositionals: true, strict: true }) as Given;
  } catch (cause) {
    const told = (cause as Error).message.split(/\.\s/)[0]!;
    const [, unknown = null] = /^Unknown option '--([^']+)'/.exec(told) ?? [];
    const near = unknown === null ? null : nearestName(unknown, Object.keys(options));
    const detail = near === null ? told : `${told}, did you mean '--${near}'`;
    throw new CliFailure({ kind: "arguments", command, detail }, { cause });
  }
  const count = given.positionals.length;
  if (count < least)
    throw new CliFailure({
      kind: "arguments",
      command,
      detail: `${command} needs a ${needed[command] ?? "RECORD"}`,
    });
  if (count > most)
    throw new CliFailure({
      kind: "arguments",
      command,
      detail: `${command} does not take ${JSON.stringify(given.positionals[most])}`,
    });
  return given;
}

/** An integer option within bounds; undefined when it was not given. */
export function readInteger(
  { values }: Given,
  name: string,
  { low, high }: { low: number; high: number },
): number | undefined {
  const text = values[name];
  if (typeof text !== "string") return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high)
    throw new CliFailure({ kind: "option", name, expected: `an integer from ${low} to ${high}`, value: text });
  return value;
}

/** The option `--minimum-level`; `usual` where it was not given. */
export function readLevel(given: Given, usual: Level): Level {
  return (readInteger(given, "minimum-level", { low: 0, high: 3 }) ?? usual) as Level;
}
