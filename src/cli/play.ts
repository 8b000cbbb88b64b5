/** `autoagent play SPEC --part N`: reads the arguments, and says what was played. */

import { availableParallelism } from "node:os";
import { playParts } from "../workers/play.ts";
import { CliFailure } from "./error.ts";
import { type Given, readArguments, readInteger, readLevel } from "./options.ts";

/** Options of a process that plays for others. */
export const workerOptions = {
  children: { type: "string" },
  "minimum-level": { type: "string" },
  modules: { type: "string" },
} as const;

/** Those options as they are meant. Level 3 unless told otherwise: what is played was chosen on another machine. */
export function readWorkerOptions(given: Given) {
  const { modules } = given.values;
  return {
    children: readInteger(given, "children", { low: 1, high: 256 }) ?? Math.min(4, availableParallelism()),
    minimumLevel: readLevel(given, 3),
    modules: typeof modules === "string" ? modules : null,
  };
}

/** Runs the command. */
export async function runPlay(args: string[]): Promise<number> {
  const options = { ...workerOptions, part: { type: "string" }, of: { type: "string" } } as const;
  const given = readArguments("play", args, { options, least: 1, most: 1 });
  const part = readInteger(given, "part", { low: 0, high: Number.MAX_SAFE_INTEGER });
  const of = readInteger(given, "of", { low: 1, high: Number.MAX_SAFE_INTEGER });
  if (part === undefined)
    throw new CliFailure({ kind: "arguments", command: "play", detail: "play needs --part, the number of a part" });
  const { differing } = await playParts(given.positionals[0]!, {
    ...readWorkerOptions(given),
    ...{ part, ...(of !== undefined && { of }) },
    onLine: (line) => void process.stdout.write(`${line}\n`),
  });
  return differing > 0 ? 1 : 0;
}
