/**
 * One life, as its owner sees it: steps go in, reports come out. A life knows every program it has run, so when its
 * child dies of another's doing it is played again in a new one and goes on; a death that follows it is a `crash`.
 */

import { createRandom } from "../random/index.ts";
import { SandboxFailure } from "./error.ts";
import type { Pool } from "./pool.ts";
import { drawProbe } from "./probe.ts";
import { prepareProgram } from "./program.ts";
import type { Effect, Gene, Life, LifeOptions, Limits, StepReport, Verdict } from "./types.ts";
import { readEffects, ruleAnswer, ruleDeath } from "./verdict.ts";
import type { Outcome, Worker } from "./worker.ts";

let nextLife = 1;

/** Opens a life in the pool. */
export async function createLife(pool: Pool, options: LifeOptions, limits: Limits): Promise<Life> {
  const { query = "", genome, seed = 0, callModel, signal } = options;
  const id = nextLife++;
  const played: { program: string; answers: string[] }[] = [];
  const random = createRandom(seed, "sandbox");
  const settings = {
    query,
    genome: genome ?? null,
    seed: random.child("guest").integer(2 ** 31),
    memoryMiB: limits.memoryMiB,
    outputBytes: limits.outputBytes,
    depthLimit: limits.callDepth,
    asks: callModel !== undefined,
  };
  let worker: Worker | null = null;
  let ended: Verdict | null = null;
  let lastGenome: Gene[] = [];
  let last = { query, response: "" };
  let queue: Promise<unknown> = Promise.resolve();

  const wallMs = limits.stepMs * 2 + 400;
  const release = (doubt = false): void => {
    if (worker === null) return;
    const leaving = worker;
    worker = null;
    if (leaving.alive && !doubt) void leaving.request({ op: "close", life: id }, { wallMs: 5000 });
    pool.give(leaving, { doubt });
  };
  const cancel = (): void => {
    ended ??= "crash";
    release(true);
  };
  signal?.addEventListener("abort", cancel, { once: true });

  /** Sends one step to the child; `answers` are replayed instead of asking the model again. */
  const send = (at: Worker, step: number, program: string, answers: string[], replay: boolean): Promise<Outcome> => {
    let asked = 0;
    const ask = async (text: string): Promise<string> => {
      if (asked < answers.length) return answers[asked++]!;
      if (replay || callModel === undefined) throw new Error("no recorded answer");
      asked++;
      const answer = prepareProgram(await callModel(text));
      answers.push(answer);
      return answer;
    };
    const probe = drawProbe(random.child("probe", step));
    const message = { op: "step", life: id, step, program: prepareProgram(program), stepMs: limits.stepMs, probe };
    return at.request(message, { wallMs, ask: callModel === undefined ? undefined : ask });
  };

  /** A child that holds this life as it was after the steps played so far; null if that child died over it. */
  const settle = async (): Promise<Worker | null> => {
    if (worker?.alive) return worker;
    release();
    const taken = await pool.take();
    worker = taken;
    const opened = await taken.request({ op: "open", life: id, settings }, { wallMs: 10_000 });
    if (opened.kind === "death" || opened.seen.fault !== undefined) return null;
    for (const [step, { program, answers }] of played.entries()) {
      const outcome = await send(taken, step, program, answers, true);
      if (outcome.kind === "death" || outcome.seen.fault !== undefined) return null;
    }
    return taken;
  };

  const report = (step: number, verdict: Verdict, cause: string, rest: Partial<StepReport>): StepReport => ({
    step,
    verdict,
    alive: verdict === "survived",
    cause,
    effects: [],
    output: "",
    error: null,
    query: last.query,
    response: last.response,
    genome: lastGenome,
    ms: 0,
    ...rest,
  });

  const runStep = async (program: string): Promise<StepReport> => {
    if (signal?.aborted) throw new SandboxFailure({ kind: "cancelled", reason: String(signal.reason) });
    if (ended !== null) throw new SandboxFailure({ kind: "ended", verdict: ended });
    const step = played.length;
    const bytes = Buffer.byteLength(program);
    if (bytes > limits.sourceBytes) {
      ended = "syntax_error";
      release();
      return report(
        step,
        ended,
        `the program has ${bytes} bytes, more than the ${limits.sourceBytes} that are run`,
        {},
      );
    }
    const answers: string[] = [];
    let cause = "";
    for (let attempt = 0; attempt < 2; attempt++) {
      const at = await settle();
      if (pool.disposed) throw new SandboxFailure({ kind: "disposed" });
      const outcome = at === null ? null : await send(at, step, program, answers, false);
      if (signal?.aborted) throw new SandboxFailure({ kind: "cancelled", reason: String(signal.reason) });
      if (pool.disposed) throw new SandboxFailure({ kind: "disposed" });
      if (outcome === null) {
        cause = "the child process died before the step began";
        release(true);
        continue;
      }
      const done = conclude(step, program, answers, outcome);
      if (typeof done !== "string") return done;
      cause = done;
      release(true);
    }
    ended = "crash";
    return report(
      step,
      "crash",
      `a fault of the sandbox, not of the agent: ${cause}. Program: ${program.slice(0, 2000)}`,
      {},
    );
  };

  /** A report, or the reason why the step must be tried again. */
  const conclude = (step: number, program: string, answers: string[], outcome: Outcome): StepReport | string => {
    const effects: Effect[] = readEffects(outcome.effects);
    const ruling =
      outcome.kind === "death"
        ? ruleDeath(outcome.death, effects, limits)
        : ruleAnswer(outcome.seen, effects, limits, program);
    if ("retry" in ruling) return ruling.cause;
    const { verdict, cause, error } = ruling;
    const seen = outcome.kind === "answer" ? outcome.seen : {};
    const read = readState(seen.read);
    if (read !== null) {
      lastGenome = read.genome ?? lastGenome;
      last = { query: read.query, response: read.response };
    }
    played.push({ program, answers });
    if (verdict !== "survived") {
      ended = verdict;
      // A child in which a guest ran out of time or memory is not trusted with another life.
      release(outcome.kind === "death" || seen.broke !== undefined);
    }
    const output = typeof seen.output === "string" ? seen.output : "";
    return report(step, verdict, cause, {
      effects,
      error,
      output,
      ms: outcome.ms,
      genome: read === null ? [] : lastGenome,
    });
  };

  pool.episodes++;
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  };
  const steps = async (programs: readonly string[]): Promise<StepReport[]> => {
    const reports: StepReport[] = [];
    for (const program of programs) {
      const done = await runStep(program);
      reports.push(done);
      if (!done.alive) break;
    }
    return reports;
  };
  return {
    step: (program) => inOrder(() => runStep(program)),
    steps: (programs) => inOrder(() => steps(programs)),
    close: () =>
      inOrder(async () => {
        signal?.removeEventListener("abort", cancel);
        ended ??= "ended_by_choice";
        release();
      }),
  };
}

function readState(text: unknown): { genome: Gene[] | null; query: string; response: string } | null {
  if (typeof text !== "string") return null;
  try {
    const { genome, query, response } = JSON.parse(text) as { genome: Gene[] | "="; query: string; response: string };
    const sorted = genome === "=" ? null : genome.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    return { genome: sorted, query, response };
  } catch {
    return null;
  }
}
