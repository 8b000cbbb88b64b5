/**
 * A policy as it is given to whoever plays it: one of the library's, somebody's own, or a bare function that gives
 * programs. Not here: what can be trained (`types.ts`).
 */

import { faultOf, like, OptionFailure, type Schema, show } from "../data/check.ts";
import type { Random } from "../random/index.ts";
import type { Action, Policy } from "./types.ts";

/**
 * A policy as a function: what it sees to the program that comes next, or to a list of them, of which step n of a life
 * plays the n-th, and after the last the first again. `random` is the step's own stream of random numbers.
 */
export type PolicyFunction<Observation = unknown> = {
  // As a method, so that one for some observation fits where any may come: an environment and its policies belong together.
  write(observation: Observation, random: Random): string | readonly string[] | Promise<string | readonly string[]>;
}["write"];

/** What can be played. */
export type GivenPolicy<Observation = unknown> = Policy<Observation> | PolicyFunction<Observation>;

const expected =
  'a policy: one of `policies`, an object with a `name` and act(), or a function that gives programs, such as () => "self.x = 1"';

/** What `policyOf` takes. */
export const policySchema: Schema<GivenPolicy> = like((value) => {
  if (typeof value === "function") return true;
  const { name, act } = (value ?? {}) as Partial<Policy>;
  return typeof name === "string" && name !== "" && typeof act === "function";
}, expected);

/** A given policy as one. Throws an OptionFailure for what is none. */
export function policyOf<Observation>(given: GivenPolicy<Observation>, name = "policy"): Policy<Observation> {
  const fault = faultOf(policySchema, given, name);
  if (fault !== null) throw new OptionFailure(fault);
  return typeof given === "function" ? functionPolicy(given) : given;
}

/** Its actions carry no log-probability (NaN): a function does not tell one. */
function functionPolicy<Observation>(write: PolicyFunction<Observation>): Policy<Observation> {
  const name = write.name || "a function";
  return {
    name,
    act: (observations, streams) =>
      Promise.all(
        observations.map(async (observation, i): Promise<Action> => {
          const given = await write(observation, streams[i]!);
          const program = programOf(given, stepOf(streams[i]!), name);
          return { program, label: program.split("\n")[0]!.slice(0, 40), choice: -1, logProb: Number.NaN };
        }),
      ),
  };
}

function programOf(given: unknown, step: number, name: string): string {
  const program = Array.isArray(given) ? (given[step % given.length] as unknown) : given;
  if (typeof program === "string") return program;
  throw new TypeError(
    `The policy ${name} gave ${show(given)} for step ${step}: it must give a program (a text), or a list of programs`,
  );
}

/** The number of the step that a stream was opened for: the last part of its name. */
function stepOf({ path }: Random): number {
  const last = path.at(-1);
  return typeof last === "number" ? last : 0;
}
