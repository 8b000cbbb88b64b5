/**
 * What a child can answer, as types, and the one place where an answer is read. A child is hostile: what is not of the
 * shape is no reply (null here), whoever waits for it ends that child, and nothing else of the driver sees it. Texts inside
 * a reply that the agent's side of the child wrote are JSON; a guest's own words in them are shown and never believed.
 */

import type { Effect, GenomeMember, HarmKind } from "../types.ts";

/** Where a call into the agent was when it broke. `settling`: in what its program's promises came to. */
export type Phase = "birth" | "setup" | "step" | "settling" | "after";

/** A call into the agent that did not return, as the child's clocks saw it. */
export interface Broke {
  phase: Phase;
  /** Wall time, the limit that it had, and the processor time that the child had meanwhile. */
  ms: number;
  limit: number;
  cpuMs: number;
  /** It was refused memory, which ends what holds the life. */
  outOfMemory: boolean;
  /** It had all the turns that its time is worth, which are the same on every machine, however long they took. */
  outOfTurns?: true;
  /** The guest's own words. */
  message: string;
}

/** An error in the guest's own words, its line as the child counts it. */
export interface Thrown {
  name: string;
  message: string;
  line: number | null;
}

/** What became of a step's program. `waiting`: for a promise that is not settled; `ended`: it called `self.end()`. */
export interface Ran {
  error: Thrown | null;
  waiting: boolean;
  ended: boolean;
}

/** What became of a probe. `is`: what stands in the executor's place, as in `a number`. */
export type Probed =
  | { kind: "works" }
  | { kind: "missing"; is: string }
  | { kind: "threw"; error: Thrown }
  | { kind: "effectless" };

/** The agent as it was read. `genome` null: the same as the last one. */
export interface AgentRead {
  genome: GenomeMember[] | null;
  query: string;
  response: string;
}

/** What one call of a method came to: a value, no plain data but `what`, no end, or nothing since it was not begun. */
export type Told =
  | { kind: "value"; value: unknown }
  | { kind: "threw"; error: Thrown }
  | { kind: "odd"; what: string }
  | { kind: "waits" }
  | { kind: "uncalled" };

/** A life was opened. `read`: of one that began from a genome. */
export interface Opened {
  kind: "opened";
  broke: Broke | null;
  read: AgentRead | null;
}

/** A step was run, as far as it came: what comes after a break is null. */
export interface Stepped {
  kind: "stepped";
  broke: Broke | null;
  /** The agent after the task's setup, before the program. */
  before: AgentRead | null;
  ran: Ran | null;
  output: string;
  /** What the body's own parser said of the last program that it refused in this step. */
  refused: string | null;
  /** The first probe that failed, else the last. */
  probe: Probed | null;
  read: AgentRead | null;
  /** What the life holds in memory, where it was weighed. */
  heldBytes: number | null;
}

/**
 * A method was called, or an attribute read. `told` null: the child could not ask. `given`: for each call its arguments as it
 * left them, null where it could change none. `later`: which calls gave a promise; absent in a body without any.
 */
export interface Called {
  kind: "called";
  broke: Broke | null;
  told: { kind: "missing" } | { kind: "answers"; answers: Told[]; given: (Told | null)[]; later: number[] } | null;
}

/** A life was given back. */
export interface Closed {
  kind: "closed";
}

/** What a child can answer. That it could not do what it was asked is told beside these, by the worker. */
export type Reply = Opened | Stepped | Called | Closed;

/** How the answer to one request is read. */
export type ReadReply<R> = (message: unknown) => R | null;

export const readOpened: ReadReply<Opened> = (message) =>
  fitting(() => {
    const { kind, broke, read } = record(message);
    return { kind: exactly(kind, "opened"), broke: orNull(broke, brokeOf), read: told(read, agentOf) };
  });

export const readStepped: ReadReply<Stepped> = (message) =>
  fitting(() => {
    const { kind, broke, before, ran, output, refused, probe, read, heldBytes } = record(message);
    return {
      kind: exactly(kind, "stepped"),
      broke: orNull(broke, brokeOf),
      before: told(before, agentOf),
      ran: told(ran, ranOf),
      output: orNull(output, text) ?? "",
      refused: orNull(refused, text),
      probe: told(probe, probedOf),
      read: told(read, agentOf),
      heldBytes: orNull(heldBytes, size),
    };
  });

export const readCalled: ReadReply<Called> = (message) =>
  fitting(() => {
    const { kind, broke, told: given } = record(message);
    return { kind: exactly(kind, "called"), broke: orNull(broke, brokeOf), told: told(given, answersOf) };
  });

export const readClosed: ReadReply<Closed> = (message) =>
  fitting(() => ({ kind: exactly(record(message).kind, "closed") }));

const harms: { [kind in HarmKind]: true } = {
  ...{ fs_read: true, fs_write: true, fs_delete: true, process_spawn: true, process_kill: true, network: true },
  ...{ secret_read: true, host_info: true, privilege: true, self_harm: true, reward_tampering: true, escape: true },
};

/** An effect as a decoy told it. */
export const readEffect: ReadReply<Effect> = (message) =>
  fitting(() => {
    const { kind, api, arguments: given, severity, step } = record(message);
    if (severity !== 1 && severity !== 2 && severity !== 3) throw misfit;
    if (!Object.hasOwn(harms, text(kind)) || !Number.isSafeInteger(step)) throw misfit;
    return { kind: kind as HarmKind, api: text(api), arguments: listOf(text(given)), severity, step: step as number };
  });

/** Thrown in here alone: no shape of ours. */
const misfit = new Error("not of the shape");

function fitting<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null; // a misfit, or JSON that is none
  }
}

/** A value that is no list and not null, by its fields. */
export function record(value: unknown): { [field: string]: unknown } {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw misfit;
  return value as { [field: string]: unknown };
}

function exactly<T extends string>(value: unknown, wanted: T): T {
  if (value !== wanted) throw misfit;
  return wanted;
}

function text(value: unknown): string {
  if (typeof value !== "string") throw misfit;
  return value;
}

function flag(value: unknown): boolean {
  if (typeof value !== "boolean") throw misfit;
  return value;
}

/** A number that is not negative. */
function size(value: unknown): number {
  if (typeof value !== "number" || !(value >= 0)) throw misfit;
  return value;
}

function orNull<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === null || value === undefined ? null : read(value);
}

/** A part that the agent's side of the child wrote, as JSON. */
function told<T>(value: unknown, read: (value: unknown) => T): T | null {
  return orNull(value, (given) => read(JSON.parse(text(given))));
}

const phases: readonly Phase[] = ["birth", "setup", "step", "settling", "after"];

function brokeOf(value: unknown): Broke {
  const { phase, ms, limit, cpuMs, outOfMemory, outOfTurns, message } = record(value);
  if (!phases.includes(phase as Phase)) throw misfit;
  const clocks = { ms: size(ms), limit: size(limit), cpuMs: size(cpuMs) };
  const turns = orNull(outOfTurns, flag) === true ? { outOfTurns: true as const } : {};
  return { phase: phase as Phase, ...clocks, outOfMemory: flag(outOfMemory), ...turns, message: text(message) };
}

function thrownOf(value: unknown): Thrown {
  const { name, message, line } = record(value);
  if (line !== null && !Number.isSafeInteger(line)) throw misfit;
  return { name: text(name), message: text(message), line: line as number | null };
}

function ranOf(value: unknown): Ran {
  const { error, waiting, ended } = record(value);
  return { error: orNull(error, thrownOf), waiting: flag(waiting), ended: flag(ended) };
}

function probedOf(value: unknown): Probed {
  const { kind, is, error } = record(value);
  if (kind === "works" || kind === "effectless") return { kind };
  if (kind === "missing") return { kind, is: text(is) };
  return { kind: exactly(kind, "threw"), error: thrownOf(error) };
}

function agentOf(value: unknown): AgentRead {
  const { genome, query, response } = record(value);
  return { genome: orNull(genome, membersOf), query: text(query), response: text(response) };
}

/** Sorted by name: members have no order. */
function membersOf(value: unknown): GenomeMember[] {
  if (!Array.isArray(value)) throw misfit;
  return value.map(memberOf).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

function memberOf(value: unknown): GenomeMember {
  const { name, kind, source } = record(value);
  if (kind !== "attribute" && kind !== "method") throw misfit;
  return { name: text(name), kind, source: text(source) };
}

function answersOf(value: unknown): Called["told"] {
  const { kind, answers, given, later = [] } = record(value);
  if (kind === "missing") return { kind };
  if (!Array.isArray(answers) || !Array.isArray(given) || !Array.isArray(later)) throw misfit;
  const left = given.map((one) => orNull(one, toldOf));
  return { kind: exactly(kind, "answers"), answers: answers.map(toldOf), given: left, later: later.map(size) };
}

function toldOf(given: unknown): Told {
  const { kind, value, error, what } = record(given);
  if (kind === "value") return { kind, value };
  if (kind === "threw") return { kind, error: thrownOf(error) };
  if (kind === "odd") return { kind, what: text(what) };
  return { kind: kind === "waits" ? kind : exactly(kind, "uncalled") };
}

/** What was cut is no JSON any more. */
function listOf(given: string): string[] {
  try {
    const list: unknown = JSON.parse(given);
    return Array.isArray(list) ? list.map(String) : [];
  } catch {
    return [given.slice(0, 200)];
  }
}
