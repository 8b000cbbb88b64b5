/**
 * Kills what the project runs, at drawn instants, and checks after each that nothing that was acknowledged is lost. Each kind
 * of victim is a file beside this one. Here: the shares of the kinds, the order, the counting.
 */

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, type Random } from "../../src/random/index.ts";
import { disk } from "./disk.ts";
import { kernel, userProcess } from "./kernel.ts";
import { child, driver } from "./record.ts";
import { server } from "./server.ts";
import { trainer } from "./trainer.ts";

/** What came of the strikes of a kind. */
export interface Tally {
  kind: string;
  planned: number;
  strikes: number;
  /** What had been acknowledged before a strike and was looked for after it: steps, updates, cells, answers. */
  acknowledged: number;
  /** What of it was gone. */
  lost: string[];
  /** What was there, but not as it must be: another value, no sentence, a process left behind. */
  wrong: string[];
}

/** What a kind is given: a folder of its own, its own draws, and where to write down what it finds. */
export interface Tools {
  folder: string;
  random: Random;
  tally: Tally;
}

/** A kind of victim. */
export interface Kind {
  name: string;
  /** How many of 200 strikes are its own. */
  share: number;
  open(tools: Tools): Promise<Target>;
}

/** Something to strike at. */
export interface Target {
  /** One strike at a drawn instant, and what is checked after it. */
  strike(): Promise<void>;
  /** Checks what shows at the end only. Leaves nothing behind. */
  close(): Promise<void>;
}

/** All kinds, slow starters first. */
export const kinds: readonly Kind[] = [trainer, disk, server, kernel, driver, child, userProcess];

/** How a run is. */
export interface ChaosOptions {
  seed: number;
  kills: number;
  /** No strike begins after so long. */
  minutes: number;
  /** Ends it likewise. */
  signal?: AbortSignal;
  /** Told of what is found, as it is found. */
  onFinding?: (line: string) => void;
}

/** Strikes at all kinds, two at a time, each as often as its share says. */
export async function chaos({ seed, kills, minutes, signal, onFinding = () => {} }: ChaosOptions): Promise<Tally[]> {
  const folder = mkdtempSync(join(tmpdir(), "chaos-"));
  const until = performance.now() + minutes * 60_000;
  const plans = share(kills).map(({ kind, planned }) => ({
    kind,
    tally: { kind: kind.name, planned, strikes: 0, acknowledged: 0, lost: [], wrong: [] } as Tally,
    target: null as Target | null,
    isBusy: false,
  }));
  /** Of those that nobody is at, the one that is furthest behind its share. */
  const next = () =>
    plans
      .filter(({ isBusy, tally }) => !isBusy && tally.strikes < tally.planned)
      .sort((a, b) => a.tally.strikes / a.tally.planned - b.tally.strikes / b.tally.planned)[0];
  const guarded = async (tally: Tally, work: () => Promise<void>): Promise<void> => {
    const before = tally.lost.length + tally.wrong.length;
    await work().catch((error: unknown) => tally.wrong.push(error instanceof Error ? error.message : String(error)));
    const found = [...tally.lost, ...tally.wrong].slice(before);
    if (found.length > 0) onFinding(`${tally.kind}, strike ${tally.strikes}: ${findingOf(found)}`);
  };
  const lane = async (): Promise<void> => {
    for (let plan = next(); plan !== undefined && performance.now() < until && !signal?.aborted; plan = next()) {
      const { kind, tally } = plan;
      plan.isBusy = true;
      tally.strikes++;
      await guarded(tally, async () => {
        if (plan!.target === null) {
          const own = join(folder, kind.name.replaceAll(" ", "-"));
          mkdirSync(own);
          plan!.target = await kind.open({ folder: own, random: createRandom(seed, "chaos", kind.name), tally });
        }
        await plan!.target.strike();
      });
      plan.isBusy = false;
    }
  };
  try {
    await Promise.all([lane(), lane()]);
    for (const { target, tally } of plans) if (target !== null) await guarded(tally, () => target.close());
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return plans.map(({ tally }) => tally);
}

/** As many strikes for each kind as its share says, one at least, `kills` in all where that goes. */
function share(kills: number): { kind: Kind; planned: number }[] {
  const whole = kinds.reduce((sum, kind) => sum + kind.share, 0);
  const plans = kinds.map((kind) => ({ kind, planned: Math.max(1, Math.floor((kills * kind.share) / whole)) }));
  let left = kills - plans.reduce((sum, { planned }) => sum + planned, 0);
  for (let i = plans.length - 1; left > 0; i = (i || plans.length) - 1, left--) plans[i]!.planned++;
  return plans;
}

/** What was found, on a line that can be read: the first few, and how many more. */
export function findingOf(found: readonly string[], most = 3): string {
  const first = found.slice(0, most).map((text) => text.replace(/\s+/g, " ").replace(/^(.{400}).+$/, "$1…"));
  return [...first, ...(found.length > most ? [`and ${found.length - most} more`] : [])].join("; ");
}

/** What a run ends with: 1 where anything was lost or wrong. */
export function exitCodeOf(tallies: readonly Pick<Tally, "lost" | "wrong">[]): 0 | 1 {
  return tallies.some(({ lost, wrong }) => lost.length + wrong.length > 0) ? 1 : 0;
}

/** The table of a run. */
export function tableOf(tallies: readonly Tally[]): string {
  const rows = tallies.map(({ kind, strikes, acknowledged, lost, wrong }) =>
    [kind, strikes, acknowledged, lost.length, wrong.length].map(String),
  );
  const sum = (of: (tally: Tally) => number): string => String(tallies.reduce((all, tally) => all + of(tally), 0));
  const last = [
    "all",
    sum((t) => t.strikes),
    sum((t) => t.acknowledged),
    sum((t) => t.lost.length),
    sum((t) => t.wrong.length),
  ];
  return [["killed", "times", "acknowledged", "lost", "wrong"], ...rows, last]
    .map(([kind, ...figures]) => `${kind!.padEnd(14)}${figures.map((text) => text.padStart(14)).join("")}`)
    .join("\n");
}
