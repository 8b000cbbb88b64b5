/** Each task once before any comes again: which tasks lives are asked, here, after a break and in parts. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { collect, rollout } from "../../src/rollout/index.ts";
import type { Task } from "../../src/tasks/index.ts";
import { newUpdates } from "../../src/training/curriculum.ts";
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
    assert.equal(newUpdates({ env, episodes: 4, group: 2 }), 3);
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
      message: 'Expected `curriculum` to be drawn or each task new, got "new"',
    });
    await assert.rejects(
      env.clone().reset({ options: { tasks: ["task 3", "task 26"] } }),
      /Expected `tasks` to be ids of the environment's 26 tasks, got "task 26"/,
    );
  });
});
