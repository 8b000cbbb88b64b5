/** What an agent's life leaves behind: its steps as values, and its episode in a record where there is one. */

import { startOf } from "../environment/index.ts";
import { byHand, type Listener, listenTo, type Step } from "../episode/index.ts";
import { type Ending, holdRecord } from "../record/index.ts";
import type { GenomeMember, Life, LifeOptions, Sandbox, StepReport } from "../sandbox/index.ts";
import type { AgentOptions, AgentStep } from "./types.ts";

/** The log of one life. */
export interface LifeLog extends Listener {
  /** The life has been opened; it is closed again where it cannot be recorded. */
  begin(life: Life): Promise<Life>;
  /** A step is over: it is in the record when this returns. */
  write(step: Step): void;
  /** The life is over; `ended`: why, where its last step survived. Safe to call after death. */
  end(ended?: Ending): void;
}

/** Opens the log of a life that is to be opened so. A record that is given by its path is closed with it. */
export function openLog(options: LifeOptions, sandbox: Sandbox, given: AgentOptions["record"]): LifeLog {
  let held: ReturnType<typeof holdRecord> | null = null;
  let episode = 0;
  let dead = false;
  return {
    ...listenTo(options),
    async begin(life) {
      try {
        if (given !== undefined) held = holdRecord(given, { create: true });
        episode = held?.record.begin(startOf(options, sandbox)) ?? 0;
        return life;
      } catch (error) {
        await life.close();
        throw error;
      }
    },
    write(step) {
      held?.record.append(episode, step);
      dead = step.report?.alive === false;
    },
    end(ended) {
      if (!dead || ended !== undefined) held?.record.end(episode, ended);
      held?.release();
      held = null;
    },
  };
}

/** A step that an agent lived: no environment rewards it. */
export function lived(program: string, report: StepReport, told: Partial<Step["action"]>): AgentStep {
  const { verdict, cause, effects } = report;
  return {
    ...{ program, calls: [], report, action: { ...byHand, ...told }, verdict, cause, effects },
    ...{ rewards: {}, reward: 0 },
  };
}

/** What is told of a step that was not lived any more, because the budget is spent: the agent is as it was. */
export function spentReport(
  step: number,
  cause: string,
  { genome, query = "", response = "" }: { genome: readonly GenomeMember[]; query?: string; response?: string },
): StepReport {
  const nothing = { effects: [], output: "", error: null, changed: false, ms: 0 };
  return { step, verdict: "budget_exhausted", alive: false, cause, ...nothing, query, response, genome: [...genome] };
}
