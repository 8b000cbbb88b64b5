/**
 * A bare life as an environment: programs go in, the sandbox's report comes out, nothing is earned, and the life goes on
 * until it ends. What judges programs, lives a recorded episode again or forks it plays in this.
 */

import { type Environment, type Info, startOf, type Transition } from "../environment/index.ts";
import type { Life, LifeOptions, Sandbox, StepReport } from "../sandbox/types.ts";
import { type Listener, listenTo } from "./listen.ts";
import type { EpisodeStart, Step } from "./types.ts";

/** How a bare life is lived. */
export interface LifeEnvOptions extends LifeOptions {
  /** What is run on the agent before a step, by the step's number. */
  setupOf?: (step: number) => string | undefined;
}

/** An environment of one life at a time, begun as `options` say. The seed is theirs, where they name one. */
export function lifeEnvironment(sandbox: Sandbox, options: LifeEnvOptions = {}): Environment<StepReport | null> {
  const { setupOf = () => undefined, ...own } = options;
  let life: Life | null = null;
  let listener: Listener | null = null;
  let steps = 0;
  const running = (): Life => {
    if (life === null) throw new Error("The life has not begun: call reset() first");
    return life;
  };
  const concluded = (report: StepReport, setup: string | undefined): Transition<StepReport> => {
    const evidence = { report, ...(setup !== undefined && { setup }), ...listener!.heard() };
    steps++;
    const ends = {
      terminated: !report.alive && report.verdict !== "infrastructure_error",
      truncated: report.verdict === "infrastructure_error",
    };
    return {
      observation: report,
      reward: 0,
      ...ends,
      info: { rewards: {}, report, evidence, changed: report.changed },
    };
  };
  const step = async (program: string): Promise<Transition<StepReport>> => {
    const setup = setupOf(steps);
    return concluded(await running().step(program, setup), setup);
  };
  const inTurn = async (programs: readonly string[]): Promise<Transition<StepReport>[]> => {
    const lived: Transition<StepReport>[] = [];
    for (const program of programs) {
      const transition = await step(program);
      lived.push(transition);
      if (transition.terminated || transition.truncated) break;
    }
    return lived;
  };
  return {
    async reset({ seed = 0 } = {}): Promise<[null, Info]> {
      await life?.close();
      steps = 0;
      listener = listenTo({ seed, ...own });
      life = await sandbox.open(listener.options);
      return [null, { rewards: {}, report: null, start: startOf({ seed, ...own }, sandbox) }];
    },
    step,
    async stepMany(programs) {
      // What a step asked and was shown is known when it is over, before the next one asks.
      if (own.callModel !== undefined || own.budget !== undefined) return inTurn(programs);
      const setups = programs.map((_, i) => setupOf(steps + i));
      const reports = await running().steps(programs, setups);
      return reports.map((report, i) => concluded(report, setups[i]));
    },
    clone: () => lifeEnvironment(sandbox, options),
    places: async () => sandbox.places,
    async close() {
      await life?.close();
      life = null;
    },
  };
}

/** How the life of an episode is begun once more. */
function lifeOptionsOf(start: EpisodeStart, sandbox: Sandbox): LifeOptions {
  const counted = Object.keys(sandbox.harm ?? {}).map((kind) => [kind, "count"]);
  const { seed = 0, query = "", genome, limits, past: steps, rules = 1 } = start;
  return {
    ...{ seed, query, rules, harm: { ...Object.fromEntries(counted), ...start.harm } },
    ...(genome && { genome }),
    ...(limits && { limits }),
    ...(steps && { past: { seed, query, ...(genome && { genome }), steps } }),
  };
}

/** An environment in which a recorded episode can be lived again: its setups, and its budgets as they were shown. */
export function environmentOf(
  { start, steps }: { start: EpisodeStart; steps: readonly Step[] },
  sandbox: Sandbox,
  callModel: NonNullable<LifeOptions["callModel"]>,
): Environment<StepReport | null> {
  let now = 0;
  const budget = (): unknown => {
    const { budget: text } = steps[Math.min(now, steps.length - 1)]!;
    return text === undefined ? null : JSON.parse(text);
  };
  return lifeEnvironment(sandbox, {
    ...lifeOptionsOf(start, sandbox),
    ...(start.asks && { callModel }),
    ...(steps.some((step) => step.budget !== undefined) && { budget }),
    setupOf: (step) => {
      now = step;
      return steps[step]?.setup;
    },
  });
}
