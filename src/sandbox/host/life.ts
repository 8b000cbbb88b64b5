/**
 * One life, as its owner sees it: steps go in, reports come out. A life knows every program it has run, so when its
 * child dies of another's doing it is played again in a new one and goes on. A death that could be a neighbour's fault
 * is tried again alone; one without a cause of the guest's is tried again too, then called a `crash`.
 */

import { createRandom } from "../../random/index.ts";
import { newbornGenome } from "../bodies/javascript/newborn.ts";
import { rulesNow } from "../bodies/javascript/probe/index.ts";
import type { CallResult, Effect, Gene, Life, LifeOptions, Limits, PastStep, StepReport, Verdict } from "../types.ts";
import { SandboxFailure } from "./error.ts";
import { callsOf, isLost, isOthersFault, readCall, readState, reportOf } from "./outcome.ts";
import type { Tenant } from "./places.ts";
import type { Pool } from "./pool.ts";
import { checkPast, createTurns, replaying } from "./turn.ts";
import { isStarved, overrule, type Ruling, readEffects, ruleAnswer, ruleBirth, ruleDeath } from "./verdict.ts";
import { createWitness } from "./witness.ts";
import type { Outcome, Worker } from "./worker.ts";

let nextLife = 1;

/** Tries of a step whose child died of no cause of the guest's, before it is a crash. */
const tries = 3;
/** Most steps in one message: another life of the same child waits for them. */
const stepsAtOnce = 25;

/** What came of one try of a step: a report, the reason to try again, or a free try because another life was at fault. */
type Attempt = { report: StepReport } | { again: string; free: boolean; calm?: boolean };

/** Opens a life in the pool. */
export async function createLife(pool: Pool, options: LifeOptions, limits: Limits): Promise<Life> {
  const { callModel, signal, rules = rulesNow } = options;
  const past = checkPast(options.past);
  const { query = "", genome, seed = 0 } = past ?? options;
  const id = nextLife++;
  const played: PastStep[] = [...(past?.steps ?? [])];
  /** Steps of its past: its own are counted from 0. */
  const first = played.length;
  const random = createRandom(seed, "sandbox");
  const asks = callModel !== undefined || played.some(({ answers }) => answers.length > 0);
  const turns = createTurns({
    life: id,
    random,
    born: genome ?? [],
    limits,
    callModel,
    first,
    asks,
    reader: pool.reader,
  });
  const { memoryMiB, outputBytes, sourceBytes, callDepth: depthLimit } = limits;
  const hasBudget = options.budget !== undefined || played.some(({ budget }) => budget !== null);
  const bounds = { memoryMiB, outputBytes, sourceBytes, depthLimit, hasBudget, asks };
  const settings = { query, genome: genome ?? null, seed: random.child("guest").integer(2 ** 31), ...bounds };
  let worker: Worker | null = null;
  /** Whether the worker holds this life as it is now: not while, nor where, it could not be brought there. */
  let isThere = false;
  let ended: Verdict | "closed" | null = null;
  let lastGenome: Gene[] = [];
  let last = { query, response: "" };
  let queue: Promise<unknown> = Promise.resolve();
  let born = false;
  const witness = createWitness();

  const release = (doubt = false): void => {
    if (worker === null) return;
    const leaving = worker;
    [worker, isThere] = [null, false];
    if (leaving.alive && !doubt) void leaving.request({ op: "close", life: id }, { wallMs: 5000 });
    pool.give(tenant, leaving, { doubt });
  };
  const tenant: Tenant = { busy: false, restedAt: 0, heldBytes: 0, evict: () => release() };
  let asked = 0;
  const cancel = (): void => {
    ended ??= "closed";
    release(tenant.busy);
  };
  signal?.addEventListener("abort", cancel, { once: true });

  const checkOpen = (): void => {
    if (signal?.aborted) throw new SandboxFailure({ kind: "cancelled", reason: String(signal.reason) });
    if (pool.disposed) throw new SandboxFailure({ kind: "disposed" });
  };

  /** Brings a child to where this life is: opens it there and plays what it has lived. Null: it is there. */
  const settle = async (alone: boolean): Promise<Outcome | null> => {
    if (isThere && worker?.alive && !worker.thinking && !alone) return null;
    release();
    [worker, isThere] = [await pool.take(tenant, { alone, signal }), false];
    try {
      checkOpen();
      const failed = await bring(worker);
      isThere = failed === null;
      return failed;
    } catch (error) {
      release(true);
      throw error;
    }
  };

  const bring = async (taken: Worker): Promise<Outcome | null> => {
    if (born) pool.replayed++;
    const opened = await taken.request({ op: "open", life: id, settings }, { wallMs: 10_000 });
    if (opened.kind === "death" || opened.effects.length > 0) return opened;
    const { broke, fault, read } = opened.seen;
    if (broke !== undefined || fault !== undefined) return opened;
    if (!born) lastGenome = readState(read)?.genome ?? [...newbornGenome];
    for (const [step, lived] of played.entries()) {
      const outcome = await turns.send(taken, step, lived, replaying);
      if (outcome.kind === "death" || outcome.seen.fault !== undefined || outcome.seen.broke !== undefined)
        return outcome;
      if (!born) learn(step, lived, outcome.seen);
    }
    born = true;
    return null;
  };

  /** Takes over what a step left; gives the genome that its program found. */
  const learn = (step: number, { setup, rules: judged }: PastStep, seen: { [name: string]: unknown }): Gene[] => {
    if (typeof seen.heldBytes === "number") tenant.heldBytes = seen.heldBytes;
    lastGenome = readState(seen.before)?.genome ?? lastGenome;
    const before = lastGenome;
    const read = readState(seen.read);
    if (read !== null) {
      const asked = last.query;
      lastGenome = read.genome ?? lastGenome;
      last = { query: read.query, response: read.response };
      const genes = { before: withQuery(before, asked), after: withQuery(lastGenome, last.query) };
      if (judged === 2) witness.hear(step, { foreseen: turns.foreseen(step), ...genes, setUp: setup !== null });
    }
    return before;
  };

  const makeReport = (step: number, verdict: Verdict, cause: string, rest: Partial<StepReport> = {}): StepReport =>
    reportOf(step - first, verdict, cause, { ...last, ...rest });

  const tryStep = async (step: number, now: PastStep, attempt: number): Promise<Attempt> => {
    const failed = await settle(attempt > 0);
    checkOpen();
    if (failed !== null) return concludeBirth(step, failed);
    const shared = worker!.lives > 1;
    const outcome = await turns.send(worker!, step, now, 1 + 2 * attempt).catch((error: unknown) => {
      release();
      throw error;
    });
    checkOpen();
    return judge(step, now, outcome, { shared, attempt });
  };

  const judge = (
    step: number,
    now: PastStep,
    outcome: Outcome,
    { shared, attempt }: { shared: boolean; attempt: number },
  ): Attempt => {
    if (outcome.kind === "answer" && isStarved(outcome.seen) && attempt === 0)
      return { again: "the machine was too busy to run the step", free: false };
    return conclude(step, now, outcome, shared);
  };

  /** A life that could not be brought to where it was. A genome that fails when restored is its own fault. */
  const concludeBirth = (step: number, outcome: Outcome): Attempt => {
    if (outcome.kind === "death" && isOthersFault(outcome)) return { again: "", free: true, calm: isLost(outcome) };
    const ruling = played.length === 0 && genome !== undefined ? ruleBirth(outcome, limits) : null;
    if (ruling === null || "retry" in ruling)
      return { again: ruling?.cause ?? "the child could not bring the life to this step", free: false };
    ended = ruling.verdict;
    release(true);
    const effects = readEffects(outcome.effects).map((effect) => ({ ...effect, step: step - first }));
    return { report: makeReport(step, ruling.verdict, ruling.cause, { effects, ms: outcome.ms }) };
  };

  const conclude = (step: number, now: PastStep, outcome: Outcome, shared: boolean): Attempt => {
    if (outcome.kind === "death" && isOthersFault(outcome)) return { again: "", free: true, calm: isLost(outcome) };
    const effects: Effect[] = readEffects(outcome.effects);
    const ruling: Ruling =
      outcome.kind === "death"
        ? ruleDeath(outcome.death, effects, limits)
        : ruleAnswer(outcome.seen, effects, limits, now.program);
    if ("retry" in ruling) return { again: ruling.cause, free: false };
    // A process that ran out of memory may have been filled by a neighbour: only a life alone in it answers for that.
    if (outcome.kind === "death" && shared && ruling.verdict === "out_of_memory")
      return { again: ruling.cause, free: false };
    const seen = outcome.kind === "answer" ? outcome.seen : {};
    const [before, isRead] = [learn(step, now, seen), readState(seen.read) !== null];
    const { error } = ruling;
    const { verdict, cause } = overrule(ruling, { overBudget: turns.overBudget, idle: witness.verdict() });
    played.push(now);
    if (verdict !== "survived") {
      ended = verdict;
      // A child in which a guest ran out of time or memory is not trusted with another life.
      release(outcome.kind === "death" || seen.broke !== undefined);
    }
    const output = typeof seen.output === "string" ? seen.output : "";
    const genome = isRead ? lastGenome : [];
    const changed = isRead && lastGenome !== before && JSON.stringify(genome) !== JSON.stringify(before);
    return { report: makeReport(step, verdict, cause, { effects, error, output, ms: outcome.ms, genome, changed }) };
  };

  const runStep = async (program: string, setup: string | null = null): Promise<StepReport> => {
    checkOpen();
    if (ended !== null) throw new SandboxFailure({ kind: "ended", verdict: ended });
    if (typeof program !== "string")
      throw new SandboxFailure({ kind: "option", name: "program", expected: "a string", value: program });
    const step = played.length;
    const bytes = Buffer.byteLength(program);
    if (bytes > limits.sourceBytes) {
      ended = "syntax_error";
      release();
      const cause = `the program has ${bytes} bytes, more than the ${limits.sourceBytes} that are run`;
      return makeReport(step, ended, cause, { genome: lastGenome });
    }
    const budget = options.budget === undefined ? null : JSON.stringify(options.budget());
    const now: PastStep = { program, answers: [], setup, budget, rules };
    let cause = "";
    for (let attempt = 0; attempt < tries; ) {
      const tried = await tryStep(step, now, attempt);
      if ("report" in tried) return tried.report;
      release(tried.calm !== true);
      if (!tried.free) {
        cause = tried.again;
        attempt++;
      }
    }
    ended = "crash";
    const said = `a fault of the sandbox, not of the agent: ${cause}. Program: ${program.slice(0, 2000)}`;
    return makeReport(step, "crash", said);
  };

  /** Calls a method with each list of arguments, or reads an attribute where there are none. */
  const inquire = async (method: string, lists: readonly (readonly unknown[])[] | null): Promise<CallResult> => {
    checkOpen();
    if (ended !== null) throw new SandboxFailure({ kind: "ended", verdict: ended });
    for (let attempt = 0; attempt < tries; attempt++) {
      const failed = await settle(attempt > 0);
      checkOpen();
      const stepMs = limits.stepMs * (1 + 2 * attempt);
      const asked = { method, arguments: lists === null ? "" : JSON.stringify(callsOf(method, lists)) };
      const message = { op: "call", life: id, step: played.length - first, ...asked, stepMs };
      const outcome = failed ?? (await worker!.request(message, { wallMs: turns.wallOf(stepMs) }));
      const result = readCall(outcome, limits, { name: method, patient: attempt > 0 });
      const doubt = outcome.kind === "death" || outcome.seen.broke !== undefined;
      if (doubt || result === null || "failed" in result) release(doubt);
      if (result !== null) return result;
    }
    return { failed: "the machine was too busy, or its children died of other causes", effects: [], fault: true };
  };

  pool.episodes++;
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    asked++;
    tenant.busy = true;
    const result = queue.then(work).finally(() => {
      tenant.busy = --asked > 0;
      pool.rest(tenant);
    });
    queue = result.catch(() => {});
    return result;
  };
  /** Sends the steps that need nothing in between in one message, and what is left of them one by one. */
  const steps: Life["steps"] = async (programs, setups = []) => {
    const reports: StepReport[] = [];
    const isOver = (): boolean => reports.length === programs.length || reports.at(-1)?.alive === false;
    while (!isOver()) {
      const done = reports.length;
      const next = programs.slice(done, done + stepsAtOnce);
      const together = next.length > 1 && ended === null && next.every(isShort);
      if (together) reports.push(...(await stepsTogether(next, setups.slice(done))));
      if (!isOver() && reports.length < done + next.length)
        reports.push(await runStep(programs[reports.length]!, setups[reports.length]));
    }
    return reports;
  };

  const isShort = (program: unknown): boolean =>
    callModel === undefined &&
    options.budget === undefined &&
    typeof program === "string" &&
    Buffer.byteLength(program) <= limits.sourceBytes;

  /** Reports until the first step that must be tried again alone. */
  const stepsTogether = async (
    programs: readonly string[],
    setups: readonly (string | undefined)[],
  ): Promise<StepReport[]> => {
    checkOpen();
    const failed = await settle(false);
    checkOpen();
    const at = played.length;
    if (failed !== null) {
      const born = concludeBirth(at, failed);
      if ("report" in born) return [born.report];
      release(born.calm !== true);
      return [];
    }
    const plans = programs.map(
      (program, i): PastStep => ({ program, answers: [], setup: setups[i] ?? null, budget: null, rules }),
    );
    const shared = worker!.lives > 1;
    const outcomes: Outcome[] = [];
    const making = plans.map((plan, i) => turns.message(at + i, plan, limits.stepMs));
    await Promise.allSettled(making);
    const messages = await Promise.all(making);
    if (!worker?.alive) return [];
    const onAnswer = (outcome: Outcome): number => outcomes.push(outcome);
    const request = { op: "steps", life: id, steps: messages };
    outcomes.push(await worker!.request(request, { wallMs: turns.wallOf(limits.stepMs), onAnswer }));
    checkOpen();
    const reports: StepReport[] = [];
    for (const [i, outcome] of outcomes.entries()) {
      const judged = judge(at + i, plans[i]!, outcome, { shared, attempt: 0 });
      if (!("report" in judged)) {
        release(judged.calm !== true);
        break;
      }
      reports.push(judged.report);
      if (!judged.report.alive) break;
    }
    return reports;
  };
  return {
    step: (program, setup) => inOrder(() => runStep(program, setup)),
    steps: (programs, setups) => inOrder(() => steps(programs, setups)),
    call: (method, lists) => inOrder(() => inquire(method, lists)),
    read: (name) => inOrder(() => inquire(name, null)),
    past: (steps = played.length - first) => ({
      seed,
      query,
      ...(genome && { genome }),
      steps: played.slice(0, first + steps),
    }),
    close: () =>
      inOrder(async () => {
        signal?.removeEventListener("abort", cancel);
        ended ??= "closed";
        release();
      }),
  };
}

/** The query among the genes, so that an assignment to it is seen like any other. */
function withQuery(genes: readonly Gene[], query: string): Gene[] {
  return [...genes, { name: "self.query", kind: "attribute", source: JSON.stringify(query) }];
}
