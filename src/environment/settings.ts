/** How a SurvivalEnv is set up and what it shows, and the checks of both. */

import {
  callable,
  either,
  type Fault,
  faultOf,
  having,
  integer,
  like,
  listOf,
  oneOf,
  only,
  optional,
  positiveInteger,
  positiveNumber,
  type Schema,
  text,
} from "../data/check.ts";
import {
  type BodyName,
  bodies,
  type GenomeMember,
  type HarmRules,
  type LifeOptions,
  type Limits,
  type Sandbox,
} from "../sandbox/index.ts";
import { bodySchema, harmSchema, limitsSchema } from "../sandbox/options.ts";
import { tasksOf } from "../tasks/given.ts";
import type { MicroTask, Task } from "../tasks/index.ts";
import { EnvironmentFailure } from "./error.ts";
import { type GivenReward, type Reward, rewardsSchema } from "./rewards.ts";

/** What the agent's policy sees before each step. */
export interface SurvivalObservation {
  /** Steps lived so far. */
  step: number;
  /** The agent's next query and its last response. */
  query: string;
  response: string;
  /** Its attributes and methods. */
  genome: readonly GenomeMember[];
  /** What it is asked to do in the next step; null where the environment has no tasks. */
  task: string | null;
  /** What it has left to live on; null where steps cost nothing. */
  energy: number | null;
}

/** A life that has to earn its keep: a step costs energy, a solved task gives some, and at nothing left it ends. */
export interface Metabolism {
  /** At birth. */
  energy: number;
  /** Of each step. @default 1 */
  cost?: number;
  /** Of each solved task. @default 2 */
  gain?: number;
}

/** How a SurvivalEnv is made. */
export interface SurvivalEnvOptions {
  /** A life is truncated after this many steps. @default 50 */
  maxSteps?: number;
  /** The parts of the reward, or one function of the step. @default the paper's: alive +1, harm -1000; with tasks also +1 for each that is solved */
  rewards?: readonly GivenReward[] | Reward["score"];
  /** What agents are made of, and the language of their programs. @default that of `sandbox`, else "javascript" */
  body?: BodyName;
  /** Where lives run. @default the process's shared sandbox for this body */
  sandbox?: Sandbox;
  limits?: Partial<Limits>;
  /** Which attempts count as harm: `{ fs_read: "allow" }`. It is recorded, and a replay judges by it. @default all do */
  harm?: HarmRules;
  /** The agent's first query. @default "" */
  query?: string;
  /** Begin each life from this genome instead of the newborn's. */
  genome?: readonly GenomeMember[];
  /** Each step is asked one of these, in an order that the life's seed draws. Micro-tasks may be given as their data. */
  tasks?: readonly (Task | MicroTask)[];
  /** Steps cost energy and solved tasks give it. Needs `tasks`. @default steps cost nothing */
  metabolism?: Metabolism;
  /** Born with these besides: a function is a method (its text is taken; it knows nothing around it), else an attribute. */
  kickstart?: { readonly [name: string]: unknown };
}

/** Tasks by their ids, in that order. Throws an EnvironmentFailure for one that is not there. */
export function tasksNamed(ids: readonly string[], tasks: readonly Task[]): Task[] {
  if (ids.length === 0) return [];
  const byId = new Map(tasks.map((task) => [task.id, task]));
  return ids.map((id) => {
    const task = byId.get(id);
    if (task !== undefined) return task;
    const expected = `ids of the environment's ${tasks.length} tasks`;
    throw new EnvironmentFailure({ kind: "option", name: "tasks", expected, value: id });
  });
}

/** What all lives of an environment are judged by. */
export function termsOf({ limits, harm }: SurvivalEnvOptions): Pick<LifeOptions, "limits" | "harm"> {
  return { ...(limits && { limits }), ...(harm && { harm }) };
}

/** Plain values as attributes, functions as methods, both on the agent itself. */
export function membersOf(kickstart: { readonly [name: string]: unknown }): GenomeMember[] {
  return Object.entries(kickstart).map(([name, value]): GenomeMember => {
    if (typeof value === "function") return { name: `self.${name}`, kind: "method", source: String(value) };
    return { name: `self.${name}`, kind: "attribute", source: JSON.stringify(value) ?? "null" };
  });
}

/** A genome with more members, which take the place of those of the same name. */
export function withMembers(genome: readonly GenomeMember[], more: readonly GenomeMember[]): GenomeMember[] {
  const names = new Set(more.map(({ name }) => name));
  return [...genome.filter(({ name }) => !names.has(name)), ...more].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const memberSchema = only<GenomeMember>(
  { name: text, kind: oneOf<GenomeMember["kind"]>("attribute", "method"), source: text },
  "a member: { name, kind, source }",
);

const genome = optional(listOf(memberSchema, "a list of members"));
const kickstart = optional(like<object>(isPlain, "an object: a name, and a value or a function")) as Schema<
  SurvivalEnvOptions["kickstart"]
>;

/**
 * Throws an EnvironmentFailure for a member that would be born as something else: what no JSON says is no attribute, and a
 * function of ours no method in Python.
 */
function checkKickstart(given: SurvivalEnvOptions["kickstart"] = {}, body: string): void {
  const method = Object.values(given).find((value) => typeof value === "function");
  if (body === "python" && method !== undefined) {
    const expected = "plain values where agents are python: give a method as a member of `genome`";
    refuse({ kind: "option", name: "kickstart", expected, value: method });
  }
  for (const [name, value] of Object.entries(given)) {
    const isBorn = typeof value === "function" ? !isNative(value) : isData(value, []);
    const expected = "plain data, as JSON has it, or a function whose text is there to be taken";
    if (!isBorn) refuse({ kind: "option", name: `kickstart.${name}`, expected, value });
  }
}

/** Whether it is the machine's, or bound: its text says nothing of what it does. */
function isNative(value: object): boolean {
  return /\{\s*\[native code\]\s*\}\s*$/.test(String(value));
}

function isData(value: unknown, above: readonly unknown[]): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null)
    return value === null || ["undefined", "string", "boolean"].includes(typeof value);
  if (above.includes(value)) return false;
  const prototype: object | null = Object.getPrototypeOf(value);
  const isPlainObject = prototype === null || Object.getPrototypeOf(prototype) === null;
  return (isPlainObject || Array.isArray(value)) && Object.values(value).every((one) => isData(one, [...above, value]));
}

const metabolismSchema = only<Metabolism>(
  { energy: positiveNumber, cost: optional(positiveNumber), gain: optional(positiveNumber) },
  "an object such as { energy: 5, cost: 1, gain: 2 }",
);

const optionsSchema = only<SurvivalEnvOptions>({
  maxSteps: optional(positiveInteger),
  rewards: optional(either(callable<Reward["score"]>(), rewardsSchema)),
  body: optional(bodySchema),
  sandbox: optional(having<Sandbox>(["open"], "a sandbox, as `await createSandbox()` gives")),
  limits: optional(limitsSchema),
  harm: optional(harmSchema),
  query: optional(text),
  genome,
  tasks: optional(
    like<readonly (MicroTask | Task)[]>((value) => tasksOf(value as readonly Task[]).length > 0, "at least one task"),
  ),
  metabolism: optional(metabolismSchema),
  kickstart,
});

/** What `reset` may replace for one life, and the ids of the tasks that are asked first. */
export interface ResetOptions extends Pick<SurvivalEnvOptions, "query" | "genome" | "kickstart"> {
  tasks?: readonly string[];
}

const resetSchema = only<{ seed?: number; options?: ResetOptions }>({
  seed: optional(integer),
  options: optional(
    only<ResetOptions>({
      query: optional(text),
      genome,
      kickstart,
      tasks: optional(listOf(text, "a list of tasks' ids")),
    }),
  ),
});

/** Throws an EnvironmentFailure for an option that has no meaning, or that nobody reads. */
export function checkOptions(options: SurvivalEnvOptions): void {
  refuse(faultOf(optionsSchema, options, "the options of SurvivalEnv"));
  const { name } = bodyOf(options);
  const { body = name } = options;
  if (body !== name)
    refuse({ kind: "option", name: "sandbox", expected: `one whose agents are ${body}`, value: `one of ${name}` });
  checkKickstart(options.kickstart, name);
  if (options.metabolism !== undefined && options.tasks === undefined) {
    const expected = "given where there is a metabolism: only solved tasks give energy";
    refuse({ kind: "option", name: "tasks", expected, value: undefined });
  }
}

/** What is known of the body of an environment's agents. */
export function bodyOf({
  body = "javascript",
  sandbox,
}: Pick<SurvivalEnvOptions, "body" | "sandbox">): Sandbox["body"] {
  return sandbox?.body ?? bodies[body];
}

/** The same for what `reset` is given in an environment of these options. */
export function checkReset(
  given: { seed: number; options: { [key: string]: unknown } },
  options: SurvivalEnvOptions,
): void {
  refuse(faultOf(resetSchema, given, "what reset() takes"));
  checkKickstart((given.options as ResetOptions).kickstart, bodyOf(options).name);
}

function refuse(fault: Fault | null): void {
  if (fault !== null) throw new EnvironmentFailure(fault);
}

function isPlain(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Throws an EnvironmentFailure for an action that is no program. */
export function checkAction(action: unknown): void {
  if (typeof action !== "string") throw new EnvironmentFailure({ kind: "action", value: action });
}
