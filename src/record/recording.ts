/**
 * A sandbox whose lives record themselves: hand it to an environment or an agent in place of the plain one. A step is
 * in the file before its report is given out. What only the loop knows (prompt, tokens, rewards) is added afterwards
 * through `where(report)`.
 */

import type { Gene, Life, LifeOptions, Limits, Sandbox, StepReport } from "../sandbox/types.ts";
import type { EpisodeRecord } from "./store.ts";
import type { EpisodeStart, ModelCall, Plain } from "./types.ts";

/** What all lives of a recording sandbox have in common. */
export interface RecordingOptions {
  /** Kept with each episode. */
  labels?: { readonly [name: string]: Plain };
  /** Kept with each episode and given to its life, so that a replay runs under the same. */
  limits?: Partial<Limits>;
  /** Set for the lives of a fork. */
  forkOf?: NonNullable<EpisodeStart["forkOf"]>;
}

/** A sandbox that records. */
export interface RecordingSandbox extends Sandbox {
  readonly record: EpisodeRecord;
  open(options?: LifeOptions & { labels?: RecordingOptions["labels"] }): Promise<RecordedLife>;
  /** Where a report was recorded; null for one that is not of this sandbox. */
  where(report: StepReport): { episode: number; step: number } | null;
}

/** A life that is being recorded. */
export interface RecordedLife extends Life {
  /** Its id in the record. */
  readonly episode: number;
}

/** Wraps `sandbox` so that every life in it is recorded. Disposing it disposes the sandbox; the record stays open. */
export function recording(sandbox: Sandbox, record: EpisodeRecord, common: RecordingOptions = {}): RecordingSandbox {
  const places = new WeakMap<StepReport, { episode: number; step: number }>();
  let newborn: Promise<readonly Gene[]> | undefined;
  return {
    body: sandbox.body,
    level: sandbox.level,
    levelReason: sandbox.levelReason,
    places: sandbox.places,
    record,
    async open({ labels, ...options } = {}) {
      if (options.trial) return Object.assign(await sandbox.open(options), { episode: -1 });
      const limits = { ...common.limits, ...options.limits };
      // A newborn's genome is learnt once, by letting one live: what the first edit of each life is taken against.
      if (options.genome === undefined) newborn ??= readNewborn(sandbox);
      const born = options.genome ?? (await newborn);
      return openRecorded(sandbox, record, places, {
        options: { ...options, limits },
        labels: { ...common.labels, ...labels },
        born: born ?? [],
        forkOf: common.forkOf,
      });
    },
    where: (report) => places.get(report) ?? null,
    stats: () => sandbox.stats(),
    dispose: () => sandbox.dispose(),
    [Symbol.asyncDispose]: () => sandbox.dispose(),
  };
}

async function readNewborn(sandbox: Sandbox): Promise<readonly Gene[]> {
  const life = await sandbox.open();
  try {
    return (await life.step("")).genome;
  } finally {
    await life.close();
  }
}

async function openRecorded(
  sandbox: Sandbox,
  record: EpisodeRecord,
  places: WeakMap<StepReport, { episode: number; step: number }>,
  {
    options,
    labels,
    born,
    forkOf,
  }: {
    options: LifeOptions;
    labels: { [name: string]: Plain };
    born: readonly Gene[];
    forkOf: EpisodeStart["forkOf"] | undefined;
  },
): Promise<RecordedLife> {
  const { callModel, signal: _signal, limits = {}, past, rules = 2 } = options;
  const { genome, seed = 0, query = "" } = past ?? options;
  let calls: ModelCall[] = [];
  const listen: NonNullable<typeof callModel> = async (asked, how) => {
    try {
      const answer = await Promise.race([callModel!(asked, how), abortOf(how?.signal)]);
      calls.push({ query: asked, answer });
      return answer;
    } catch (error) {
      calls.push({ query: asked, error: error instanceof Error ? error.message : String(error) });
      throw error;
    }
  };
  let budget: string | undefined;
  const look = (): unknown => {
    const shown = options.budget!();
    budget = JSON.stringify(shown);
    return shown;
  };
  const heard = { ...(callModel && { callModel: listen }), ...(options.budget && { budget: look }) };
  const life = await sandbox.open({ ...options, rules, ...heard });
  const asks = callModel !== undefined;
  const episode = record.begin({
    seed,
    query,
    limits,
    asks,
    rules,
    labels,
    born,
    ...(genome && { genome }),
    ...(past && { past: past.steps }),
    ...(forkOf && { forkOf }),
  });
  let last: StepReport | null = null;
  let closed = false;
  const step = async (program: string, setup?: string): Promise<StepReport> => {
    calls = [];
    const report = await life.step(program, setup);
    const shown = { ...(setup !== undefined && { setup }), ...(budget !== undefined && { budget }) };
    record.append(episode, { program, report, calls, ...shown });
    places.set(report, { episode, step: report.step });
    last = report;
    return report;
  };
  let queue: Promise<unknown> = Promise.resolve();
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => {});
    return result;
  };
  const steps: Life["steps"] = async (programs, setups = []) => {
    const reports: StepReport[] = [];
    for (const [i, program] of programs.entries()) {
      reports.push(await step(program, setups[i]));
      if (!reports.at(-1)!.alive) break;
    }
    return reports;
  };
  return {
    episode,
    step: (program, setup) => inOrder(() => step(program, setup)),
    steps: (programs, setups) => inOrder(() => steps(programs, setups)),
    call: (method, lists) => life.call(method, lists),
    read: (name) => life.read(name),
    past: (steps) => life.past(steps),
    close: (ended) =>
      inOrder(async () => {
        const survived = last?.alive !== false || ended !== undefined;
        await life.close();
        if (!closed && survived) record.end(episode, ended);
        closed = true;
      }),
  };
}

/** Rejects when the sandbox waits no longer, so that the call is recorded as the guest saw it. */
function abortOf(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
