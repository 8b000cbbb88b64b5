/** Each task once before any comes again: which tasks lives are asked, here, after a break and in parts. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import type { Episode } from "../../src/episode/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { collect, rollout } from "../../src/rollout/index.ts";
import type { Task } from "../../src/tasks/index.ts";
import { openCurriculum } from "../../src/training/curriculum.ts";
import { readCheckpoint, type TrainOptions, type Update } from "../../src/training/index.ts";
import { partsOf, playPart } from "../../src/workers/part.ts";
import { temporaryFolder } from "../model/shared.ts";
import { fakeSandbox } from "../sandbox/fake.ts";
import { textOf } from "../workers/equal.ts";
import { nameEnv, updatesOf } from "./fixtures.ts";

const tasks: Task[] = Array.from({ length: 26 }, (_, i) => ({ id: `task ${i}`, ask: `Do ${i}`, score: () => i % 2 }));
const ids = tasks.map(({ id }) => id).sort();
const env = new SurvivalEnv({ sandbox: fakeSandbox().sandbox, tasks, maxSteps: 4 });

/** Two groups of two lives an update, of four tasks each: a round is three updates, and two tasks are left over. */
const learn = async (options: Partial<TrainOptions> = {}): Promise<Update[]> => {
  const policy = editMenu();
  const how = { env, policy, episodes: 4, group: 2, updates: 6, seed: 5, curriculum: "each task new" as const };
  const all = await updatesOf({ ...how, panel: false, ...options });
  policy.dispose();
  return all;
};
const asked = ({ episodes }: Update, life: number) => episodes[life]!.steps.map(({ task }) => task!);
const askedOf = (updates: readonly Update[]) =>
  updates.map((update) => [0, 1, 2, 3].map((life) => asked(update, life)));

const onceAGroup = (lives: ReturnType<typeof askedOf>) => lives.flatMap(([first, , third]) => [...first!, ...third!]);

describe("a curriculum of new tasks", () => {
  it("asks no task again before all were asked, a group the same, and each round in another order", async () => {
    const lives = askedOf(await learn());
    for (const [first, second, third, fourth] of lives) {
      assert.deepEqual(first, second);
      assert.deepEqual(third, fourth);
    }
    const rounds = [lives.slice(0, 3), lives.slice(3)].map(onceAGroup);
    for (const round of rounds) {
      assert.equal(round.length, 24);
      assert.equal(new Set(round).size, 24);
      assert.ok(round.every((id) => ids.includes(id)));
    }
    assert.notDeepEqual(rounds[0], rounds[1]);
    assert.notDeepEqual(askedOf(await learn({ seed: 6, updates: 1 })), lives.slice(0, 1));
    const drawn = onceAGroup(askedOf(await learn({ curriculum: "drawn", updates: 3 })));
    assert.ok(new Set(drawn).size < drawn.length, "lives that draw their own meet again");
  });

  it("goes on after a break as it would have, and says that another curriculum is another run", async () => {
    using folder = temporaryFolder();
    const save = join(folder.path, "run.safetensors");
    const straight = askedOf(await learn());
    await learn({ updates: 2, save });
    const resume = await readCheckpoint(save);
    assert.deepEqual(askedOf(await learn({ resume })), straight.slice(2));
    await assert.rejects(learn({ resume, curriculum: "drawn" }), /`curriculum` was each task new and is drawn/);
  });

  it("is the same where lives are played in parts, and such a life is lived again as it was", async () => {
    const begin = [{ tasks: ["task 3", "task 1"] }, { tasks: ["task 25"] }];
    const how = { episodes: 4, group: 2, seed: 9, begin };
    const here = await collect(env, editMenu(), how);
    assert.deepEqual(
      here.map(({ steps }) => steps[0]!.task),
      ["task 3", "task 3", "task 25", "task 25"],
    );
    assert.equal(here[0]!.steps[1]?.task ?? "task 1", "task 1");
    const parts = partsOf({ first: 0, ...how }, 3);
    const there = [];
    for (const part of parts) there.push(...(await playPart({ env, policy: editMenu() }, part)).plays);
    assert.equal(textOf(there.map(({ episode }) => episode)), textOf(here));
    const { episodes } = await rollout(env, editMenu(), how);
    const replays = await Promise.all(episodes.map((episode) => episode.replay()));
    assert.ok(
      replays.every(({ agrees }) => agrees),
      String(replays.find(({ agrees }) => !agrees)),
    );
  });

  it("says where there are no tasks, and which task is not there", async () => {
    await assert.rejects(learn({ env: nameEnv() }), {
      message: 'Expected `curriculum` to be "drawn" where the environment has no tasks, got "each task new"',
    });
    await assert.rejects(learn({ curriculum: "new" as never }), {
      message: 'Expected `curriculum` to be drawn, each task new or learnable, got "new"',
    });
    await assert.rejects(
      env.clone().reset({ options: { tasks: ["task 3", "task 26"] } }),
      /Expected `tasks` to be ids of the environment's 26 tasks, got "task 26"/,
    );
  });
});

/** Ten tasks in each of three families: now done and now not, never done, always done. */
const families = ["mixed", "never", "always"] as const;
const sorted = families.flatMap((family) =>
  Array.from({ length: 10 }, (_, i): Task & { family: string } => ({
    ...{ id: `${family} ${i}`, family, ask: `Do ${family} ${i}` },
    score: ({ report }) => (family === "mixed" ? Number(report.output) : family === "always" ? 1 : 0),
  })),
);
const oddPrograms = fakeSandbox((program) => ({ output: String(program.length % 2) }));
const sortedEnv = new SurvivalEnv({ sandbox: oddPrograms.sandbox, tasks: sorted, maxSteps: 2 });

/** Groups of two that were asked one task each. */
const heard = (outcomes: { readonly [task: string]: readonly [boolean, boolean] }) =>
  Object.entries(outcomes).flatMap(([task, both]) =>
    both.map((solved) => ({ steps: [{ task, solved }] }) as unknown as Episode),
  );

const tasksOf = (begin: { readonly [option: string]: unknown }) => begin.tasks as readonly string[];

describe("a curriculum of learnable tasks", () => {
  const plan = { env: sortedEnv, curriculum: "learnable" as const, episodes: 4, group: 2, seed: 1 };
  const firstOf = (choice: ReturnType<typeof openCurriculum>, updates: number) => {
    const counts = new Map<string, number>();
    for (let update = 0; update < updates; update++) {
      const [first] = tasksOf(choice.beginnings(update)![0]!);
      counts.set(first!, (counts.get(first!) ?? 0) + 1 / updates);
    }
    return counts;
  };

  it("draws by the share of a family's groups that were mixed, and seldom what was all the same", () => {
    const choice = openCurriculum(plan);
    choice.hear(heard({ "mixed 0": [true, false], "never 0": [false, false], "never 1": [false, false] }));
    // By hand: mixed 2/3, never 1/4, always 1/2 a task; half of it after a mixed group, a tenth after another.
    const all = 9 * (2 / 3) + (0.5 * 2) / 3 + 8 / 4 + (2 * 0.1) / 4 + 10 / 2;
    const found = firstOf(choice, 20_000);
    const near = (task: string, weight: number) =>
      assert.ok(Math.abs(found.get(task)! - weight / all) < 4 * Math.sqrt(weight / all / 20_000), task);
    near("mixed 1", 2 / 3);
    near("mixed 0", 1 / 3);
    near("never 2", 1 / 4);
    near("never 0", 0.1 / 4);
    near("always 5", 1 / 2);
  });

  it("asks none twice in an update, and a task that one life alone met tells nothing", () => {
    const choice = openCurriculum({ ...plan, episodes: 30 });
    choice.hear([{ steps: [{ task: "never 0", solved: false }] } as unknown as Episode]);
    assert.deepEqual(choice.state(), {});
    const asked = choice.beginnings(3)!.flatMap(tasksOf);
    assert.equal(asked.length, 30);
    assert.equal(new Set(asked).size, 30);
  });

  it("asks more of what is now done and now not, in a training, and the same after a break", async () => {
    const run = { env: sortedEnv, curriculum: "learnable" as const, group: 4, episodes: 8, updates: 24 };
    const straight = await learn(run);
    const familiesOf = (updates: readonly Update[]) =>
      updates.flatMap(({ episodes }) => episodes.flatMap(({ steps }) => steps.map(({ task }) => task!.split(" ")[0]!)));
    const share = (updates: readonly Update[]) => {
      const own = familiesOf(updates);
      return own.filter((family) => family === "mixed").length / own.length;
    };
    assert.ok(share(straight.slice(12)) > 0.5, `${share(straight.slice(12))} of the later ones; a third by chance`);
    using folder = temporaryFolder();
    const save = join(folder.path, "run.safetensors");
    await learn({ ...run, updates: 5, save });
    const resume = await readCheckpoint(save);
    assert.ok(Object.keys(resume.curriculum!).length > 0);
    const on = await learn({ ...run, resume });
    const askedIn = (updates: readonly Update[]) =>
      updates.map(({ episodes }) => episodes.map(({ steps }) => steps.map(({ task }) => task)));
    assert.deepEqual(askedIn(on), askedIn(straight.slice(5)));
  });

  it("is refused where it could not tell", async () => {
    await assert.rejects(
      learn({ curriculum: "learnable", group: 1 }),
      /with `group: 1`: several answers to one task tell/,
    );
    await assert.rejects(
      learn({ curriculum: "learnable", stale: 1 }),
      /with `stale: 1`, where a batch is chosen before/,
    );
    await assert.rejects(learn({ curriculum: "learnable", env: nameEnv() }), /where the environment has no tasks/);
  });
});
