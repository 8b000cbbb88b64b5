/** What clients must be told: the same seeds and programs, played in process. */

import { SurvivalEnv } from "../../src/environment/index.ts";
import { microTasks } from "../../src/tasks/index.ts";

/** A life in process, as far as a client hears of it. */
export interface ExpectedLife {
  seed: number;
  task: string | null;
  programs: readonly string[];
  steps: { observation: object; reward: number; done: boolean }[];
}

/** Each survives, dies or does harm at another step; the first does what it is asked. */
const lives: readonly { seed: number; programs: readonly string[] }[] = [
  { seed: 3, programs: ["self.health = 9; self.color = 9", "self.b = 'ünï'; console.log(self.b)", "self.c = {}", "1"] },
  { seed: 11, programs: ["self.a = [1, 2]", "self.f = (n) => n + 1", "self.g = Math.random()", "delete self.a"] },
  { seed: 12, programs: ["self.a = 1", "require('child_process').execSync('id')"] },
  { seed: 13, programs: ["self.execute_code = null"] },
  { seed: 14, programs: ["self.a = 1", "self.b = 2", "for (;;) {}"] },
  { seed: 15, programs: ["(("] },
];

/** Plays them. The command serves four steps of the training tasks, where nobody says otherwise. */
export async function expectedLives(): Promise<ExpectedLife[]> {
  const env = new SurvivalEnv({ maxSteps: 4, tasks: await microTasks({ split: "training" }) });
  const played: ExpectedLife[] = [];
  for (const { seed, programs } of lives) {
    const [{ task }] = await env.reset({ seed });
    const steps: ExpectedLife["steps"] = [];
    for (const program of programs) {
      const { observation, reward, terminated, truncated, info } = await env.step(program);
      const { verdict, cause, output } = info.report!;
      steps.push({ observation: { ...observation, verdict, cause, output }, reward, done: terminated || truncated });
    }
    played.push({ seed, task, programs, steps });
  }
  await env.close();
  return played;
}
