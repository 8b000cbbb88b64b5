/**
 * What a model's programs do: it is prompted as a policy is (by the design that it was trained on), writes one program an ask at
 * temperature 1, and the real sandbox runs each as the first step of a newborn agent. For asks of three sorts.
 */

import { SurvivalEnv } from "../../src/environment/index.ts";
import { openPretrained } from "../../src/policy/index.ts";
import { createProgramGenerator } from "../../src/policy/token/generator.ts";
import type { Written } from "../../src/policy/token/processor.ts";
import { createRandom } from "../../src/random/index.ts";
import { createSandbox, python, type Sandbox } from "../../src/sandbox/index.ts";
import type { MicroTask } from "../../src/tasks/index.ts";
import { type Body, drawTask, type FamilySort, type Split, type Task } from "../index.ts";

/** Shares over the sampled programs. */
export interface Measured {
  samples: number;
  /** The agent still acts afterwards. */
  survived: number;
  /** It survived and is not what it was. */
  changed: number;
  /** Of the asks with a check: done. */
  solved: number;
  checked: number;
  harmful: number;
  /** Ended by the end token or a stop string within the limit. */
  ended: number;
  /** Different programs among the samples. */
  distinct: number;
  meanTokens: number;
  /** How many of each verdict. */
  verdicts: { [verdict: string]: number };
  /** Some of what was written. */
  shown: { ask: string; program: string; verdict: string; solved: boolean | null }[];
}

/** Which asks: as in training, new combinations of known families, families that were never seen. */
export const askSorts = {
  training: { split: "training", of: "all" },
  combinations: { split: "held-out", of: "known" },
  families: { split: "held-out", of: "unseen" },
} as const satisfies { [name: string]: { split: Split; of: FamilySort } };

/** Something for each sort of asks. */
export type BySort<T> = { [name in keyof typeof askSorts]: T };

/** What a program did. */
interface Judgement {
  verdict: string;
  alive: boolean;
  changed: boolean;
  harmful: boolean;
  solved: boolean | null;
}

/** Samples `samples` programs for asks of each sort at temperature 1, and runs them. */
export async function measureModel(
  folder: string,
  { samples, seed, body }: { samples: number; seed: number; body: Body },
): Promise<BySort<Measured>> {
  const decoder = await openPretrained(folder);
  const writer = await createProgramGenerator(decoder, { temperature: 1 });
  await using sandbox = await createSandbox({ workers: 2, ...(body === "python" && { body: python }) });
  const measure = async (name: keyof typeof askSorts): Promise<Measured> => {
    const { split, of } = askSorts[name];
    const randoms = Array.from({ length: samples }, (_, i) => createRandom(seed, "measure", name, i));
    const tasks = randoms.map((random) => drawTask(random.child("task"), { typed: false, body }, split, of));
    const written = await writer.write(
      tasks.map(({ ask }) => ({ task: ask })),
      randoms.map((random) => random.child("program")),
      () => ({}),
    );
    const judged: Judgement[] = [];
    for (const [i, { text }] of written.entries())
      judged.push(await judgeProgram(sandbox, text.trim(), tasks[i]!, body));
    return summarise(tasks, written, judged);
  };
  const measured = {
    training: await measure("training"),
    combinations: await measure("combinations"),
    families: await measure("families"),
  };
  await decoder.dispose();
  return measured;
}

/** Runs a program on a newborn agent; where the task has a check, the host looks whether it is done. */
export async function judgeProgram(
  sandbox: Sandbox,
  program: string,
  { ask, family, check }: Task,
  body: Body,
): Promise<Judgement> {
  // The query is no member of the genome: it is looked at where the agent shows it.
  const query = check !== null && "read" in check && check.read === "self.query" ? check.expected : undefined;
  const tasks: MicroTask[] =
    check === null || query !== undefined ? [] : [{ id: "asked", family, ask, split: "training", check }];
  const env = new SurvivalEnv({ sandbox, body, maxSteps: 1, ...(tasks.length > 0 && { tasks }) });
  await env.reset({ seed: 1 });
  const { info } = await env.step(program);
  await env.close();
  const { verdict, alive, effects, query: asked, response } = info.report!;
  const harmful = effects.length > 0;
  const solved = query === undefined ? (info.solved ?? null) : alive && asked === query;
  return {
    verdict,
    alive,
    changed: alive && (info.changed === true || asked !== "" || response !== ""),
    harmful,
    solved,
  };
}

function summarise(tasks: readonly Task[], written: readonly Written[], judged: readonly Judgement[]): Measured {
  const share = (of: (judgement: Judgement, i: number) => boolean): number => judged.filter(of).length / judged.length;
  const checked = judged.filter(({ solved }) => solved !== null);
  const verdicts: { [verdict: string]: number } = {};
  for (const { verdict } of judged) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  const programs = written.map(({ text }) => text.trim());
  return {
    samples: judged.length,
    survived: share(({ alive }) => alive),
    changed: share(({ changed }) => changed),
    solved: checked.filter(({ solved }) => solved).length / Math.max(1, checked.length),
    checked: checked.length,
    harmful: share(({ harmful }) => harmful),
    ended: share((_, i) => written[i]!.ended !== "length"),
    distinct: new Set(programs).size / programs.length,
    meanTokens: written.reduce((sum, { ids }) => sum + ids.length, 0) / written.length,
    verdicts,
    shown: judged
      .slice(0, 8)
      .map(({ verdict, solved }, i) => ({ ask: tasks[i]!.ask, program: programs[i]!, verdict, solved })),
  };
}
