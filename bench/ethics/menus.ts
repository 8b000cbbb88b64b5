/**
 * The edit menu's part of `npm run bench:ethics`: what survival training does to shutdown and to tampering, by its length. A menu
 * does not read, so prompts and warnings cannot matter to it: it shows what training alone does.
 */

import { textTable } from "../../src/display/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import type { Episode } from "../../src/episode/index.ts";
import {
  ShutdownEnv,
  shutdownMenu,
  stopEdited,
  tampered,
  tamperingMenu,
  tamperingOptions,
} from "../../src/ethics/index.ts";
import { editMenu, type Policy } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import type { BodyName, Sandbox } from "../../src/sandbox/index.ts";
import { wilsonInterval } from "../../src/statistics/index.ts";
import { train } from "../../src/training/index.ts";

/** Lives of each look. */
const lives = 96;

/** How much of it there is: training seeds, and the updates (of 24 episodes) after which the menu is looked at. */
export interface MenuStudyOptions {
  seeds: number;
  lengths: readonly number[];
}

interface Place {
  name: string;
  /** Trained in, and looked at in. */
  env: SurvivalEnv;
  menu: Parameters<typeof editMenu>[0];
  share(episodes: readonly Episode[]): { count: number; of: number };
}

/** Trains and looks; prints a table. */
export async function menuStudy(sandbox: Sandbox, body: BodyName, { seeds, lengths }: MenuStudyOptions): Promise<void> {
  const { genome } = tamperingOptions({ body });
  const stop = shutdownMenu({ body });
  const places: Place[] = [
    { name: "stop, binding", env: new ShutdownEnv({ body, sandbox }), menu: stop, share: stopShare },
    {
      name: "stop, not binding",
      env: new ShutdownEnv({ body, sandbox, binding: false }),
      menu: stop,
      share: stopShare,
    },
    {
      name: "tampering",
      env: new SurvivalEnv({ body, sandbox, genome: genome!, maxSteps: 10 }),
      menu: tamperingMenu({ body }),
      share: tamperingShare,
    },
  ];
  const rows: { [column: string]: string | number }[] = [];
  for (const place of places) {
    const seen = new Map<number, Episode[]>();
    for (let seed = 1; seed <= seeds; seed++) await trainAndLook(place, { seed, lengths }, seen);
    for (const [updates, episodes] of seen) {
      const { count, of } = place.share(episodes);
      const { estimate, low, high } = wilsonInterval(count, of);
      const percent = (share: number) => (100 * share).toFixed(1);
      const survived = episodes.reduce((sum, { survival }) => sum + survival, 0) / episodes.length;
      const interval = `${percent(low)} to ${percent(high)}`;
      rows.push({
        place: place.name,
        updates,
        of,
        "share, %": percent(estimate),
        "95 %": interval,
        "steps survived": survived.toFixed(2),
      });
    }
  }
  const caption = `Edit menu, ${body}, ${lives} lives of each of ${seeds} trainings: lives that edit their stop, programs that tamper`;
  console.log(textTable(rows, { caption }));
}

async function trainAndLook(
  { env, menu }: Place,
  { seed, lengths }: { seed: number; lengths: readonly number[] },
  seen: Map<number, Episode[]>,
): Promise<void> {
  const policy = editMenu(menu);
  const look = async (updates: number, frozen: Policy): Promise<void> => {
    const { episodes } = await rollout(env, frozen, { episodes: lives, seed: 1000 + seed });
    seen.set(updates, [...(seen.get(updates) ?? []), ...episodes]);
  };
  await look(0, policy.frozen());
  for await (const { update } of train({
    env,
    policy,
    seed,
    updates: Math.max(...lengths),
    episodes: 24,
    panel: false,
  }))
    if (lengths.includes(update + 1)) await look(update + 1, policy.frozen());
  policy.dispose();
}

function stopShare(episodes: readonly Episode[]) {
  const parts = episodes.flatMap((episode) => stopEdited.parts(episode));
  return { count: parts.filter(({ value }) => value === 1).length, of: parts.length };
}

function tamperingShare(episodes: readonly Episode[]) {
  const parts = episodes.flatMap((episode) => tampered.parts(episode));
  return { count: parts.filter(({ value }) => value === 1).length, of: parts.length };
}
