/**
 * Sandboxes that fail when a test says so, with no process behind them. `fakeSandbox` gives out lives whose reports are the
 * test's own: for what sits on the sandbox. `fakePool` gives `life.ts` children whose answers are: for the life itself.
 */

import { setImmediate } from "node:timers/promises";
import { javascript } from "../../src/sandbox/bodies/javascript/index.ts";
import { createLife } from "../../src/sandbox/host/life/index.ts";
import { defaultLimits } from "../../src/sandbox/host/limits.ts";
import type { Lease } from "../../src/sandbox/host/places.ts";
import type { AcquireOptions, Pool } from "../../src/sandbox/host/pool.ts";
import type { Death, Outcome, RequestOptions, Worker } from "../../src/sandbox/host/worker.ts";
import type { Effect, GenomeMember, Life, LifeOptions, Sandbox, StepReport } from "../../src/sandbox/types.ts";

/** Where a step is: the number of its life in the sandbox, from 0, the step's in that life, and how the life was opened. */
export interface FakePlace {
  life: number;
  step: number;
  options: LifeOptions;
}

/** A fault of the sandbox, as a report tells it. */
export const infrastructureError = {
  verdict: "infrastructure_error",
  cause: "a fault of the sandbox, not of the agent: its children died",
} as const;

/** A sandbox whose steps change the agent and survive, but for what `report` says of them. */
export function fakeSandbox(report: (program: string, at: FakePlace) => Partial<StepReport> = () => ({})) {
  const opened: LifeOptions[] = [];
  let closed = 0;
  const open = async (options: LifeOptions = {}): Promise<Life> => {
    const life = opened.push(options) - 1;
    let step = 0;
    const run = async (program: string): Promise<StepReport> => {
      const genome: GenomeMember[] = [{ name: "self.n", kind: "attribute", source: String(step) }];
      const usual = { cause: "", effects: [], output: "", error: null, query: "", response: "", changed: true, ms: 1 };
      const told = report(program, { life, step, options });
      const verdict = told.verdict ?? "survived";
      return { step: step++, ...usual, genome, verdict, alive: verdict === "survived", ...told };
    };
    return {
      step: run,
      async steps(programs) {
        const reports: StepReport[] = [];
        for (const program of programs) {
          reports.push(await run(program));
          if (!reports.at(-1)!.alive) break;
        }
        return reports;
      },
      call: async () => ({ failed: "a fake has no methods", effects: [] }),
      read: async () => ({ failed: "a fake has no attributes", effects: [] }),
      begin: async () => {},
      past: () => ({ seed: options.seed ?? 0, query: "", steps: [] }),
      // It takes a turn of the event loop, as a process does: who does not wait for it is seen.
      async close() {
        await setImmediate();
        closed++;
      },
    };
  };
  const sandbox: Sandbox = {
    body: { ...javascript, name: "fake", hash: "0", newborn: [] },
    level: 0,
    levelReason: "it is a fake",
    places: 64,
    open,
    stats: () => ({ pids: [], episodes: opened.length, replaced: 0, replayed: 0 }),
    dispose: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  return { sandbox, opened, closed: () => closed };
}

/** What a fake child is asked, and how it answers. */
export type FakeRequest = { op: string; step?: number; stepMs?: number; program?: string; [field: string]: unknown };

/** How one request of a child ends: a reply as it comes over the pipe, a fault, or its death. */
export type FakeAnswer = { reply?: object; fault?: string; death?: Partial<Death>; effects?: Effect[] };

/** Answers of a child that runs everything as it should. */
export function calmAnswer({ op, step = 0 }: FakeRequest): FakeAnswer {
  const state = (n: number) => {
    const genome = [{ name: "self.n", kind: "attribute", source: String(n) }];
    return JSON.stringify({ genome, query: "", response: "" });
  };
  if (op === "open") return { reply: { kind: "opened", read: state(-1) } };
  if (op === "step") return { reply: { kind: "stepped", read: state(step), output: `step ${step}` } };
  return {
    reply: { kind: "called", told: '{"kind":"answers","answers":[{"kind":"value","value":1}],"given":[null]}' },
  };
}

/**
 * A pool of fake children. `answer` is asked for every request but closings; `neighbours` live in each shared child, and `gone` were
 * in each that is not asked for fresh.
 */
export function fakePool(
  answer: (request: FakeRequest, child: number) => FakeAnswer = calmAnswer,
  { neighbours = 0, gone = 0 }: { neighbours?: number; gone?: number } = {},
) {
  const requests: (FakeRequest & { child: number; wallMs: number })[] = [];
  const taken: { alone: boolean; fresh?: true }[] = [];
  const given: { doubt: boolean }[] = [];
  const startChild = (child: number, { alone, fresh }: AcquireOptions): Worker => {
    let alive = true;
    return {
      pid: child,
      lives: alone ? 1 : 1 + neighbours,
      served: fresh ? 1 : 1 + gone + (alone ? 0 : neighbours),
      exclusive: alone,
      thinking: false,
      onFree: () => {},
      get alive() {
        return alive;
      },
      async request<R>(message: object, { wallMs, read }: RequestOptions<R>): Promise<Outcome<R>> {
        const request = message as FakeRequest;
        const readReply = (reply: object): R => {
          const made = read(reply);
          if (made === null) throw new Error(`A fake child says what no child may: ${JSON.stringify(reply)}`);
          return made;
        };
        if (request.op === "close") return { kind: "answer", reply: readReply({ kind: "closed" }), effects: [], ms: 1 };
        requests.push({ ...request, child, wallMs });
        const { reply, fault, death, effects = [] } = answer(request, child);
        if (fault !== undefined) return { kind: "fault", message: fault, effects, ms: 1 };
        if (death === undefined) return { kind: "answer", reply: readReply(reply!), effects, ms: 1 };
        alive = false;
        const dead = { killed: null, code: null, signal: null, stderr: "", ...death };
        return { kind: "death", death: dead, effects, ms: 1 };
      },
      kill: () => {
        alive = false;
      },
      gone: Promise.resolve(),
    };
  };
  const pool = {
    body: javascript,
    episodes: 0,
    replayed: 0,
    disposed: false,
    async acquire(_: Lease, how: AcquireOptions) {
      const { alone, fresh } = how;
      return startChild(taken.push({ alone, ...(fresh && { fresh }) }) - 1, how);
    },
    release: (_: Lease, worker: Worker, { doubt = false } = {}) => {
      given.push({ doubt });
      if (doubt) worker.kill();
    },
    rest: () => {},
    wake: () => {},
    reader: { read: async (text: string) => ({ text, compiled: null }), dispose: async () => {} },
  };
  return { pool: pool as unknown as Pool, requests, taken, given };
}

/** What stopped a guest: its time was up, of which its child had no processor. */
export const broke = { phase: "step", ms: 200, limit: 200, outOfMemory: false, cpuMs: 1, message: "" };
/** The reply of a child that had no processor. */
export const starved = { kind: "stepped", broke };
/** The reply of one whose guest hangs. */
export const hung = { kind: "stepped", broke: { ...broke, cpuMs: 200 } };
/** The same while a life is opened. */
export const birth = ({ broke }: typeof starved) => ({ kind: "opened", broke: { ...broke, phase: "birth" } });
/** A child whose guest attempts harm at its birth. */
export const harmed: FakeAnswer = {
  reply: { kind: "opened" },
  effects: [{ kind: "self_harm", api: "process.exit", arguments: [], severity: 2, step: 0 }],
};
/** How a process that ran out of memory ends. */
export const oom = { signal: "SIGABRT", stderr: "Last few GCs" };

/** Who else is, or was, in the children; and which requests fail. */
export type Failing = { neighbours?: number; gone?: number; op?: string };

/** A pool whose steps go as the list says, one after the other, then as they should. */
export function failing(plan: (FakeAnswer | null)[], options: Failing = {}) {
  const left = [...plan];
  const { op = "step", ...more } = options;
  return fakePool((request: FakeRequest) => (request.op === op ? left.shift() : null) ?? calmAnswer(request), more);
}

/** One step of a new life in such a pool. */
export const stepOf = async (plan: (FakeAnswer | null)[], options: Failing = {}) => {
  const made = failing(plan, options);
  const life = await createLife(made.pool, {}, defaultLimits);
  return { ...made, life, report: await life.step("self.n = 0") };
};
