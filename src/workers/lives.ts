/**
 * The result of a part as it travels. What a clock decided is set apart, so that equal lives are equal bytes; members, which are
 * much the same from step to step, are in one list and named by their numbers; what the policy keeps for its update comes
 * with it only where it was asked for.
 */

import type { Episode, Step } from "../episode/index.ts";
import type { Action } from "../policy/index.ts";
import type { PlayedPart } from "../rollout/index.ts";
import type { GenomeMember } from "../sandbox/index.ts";
import { type Packed, pack, unpack } from "./pack.ts";

/** What a policy keeps of an action besides what an episode says. */
type Kept = Pick<Action, "features" | "trace">;

interface ThinPlay {
  episode: object;
  kept?: readonly Kept[];
  spoiled: boolean;
}

interface Content extends Pick<PlayedPart, "sums"> {
  members: readonly GenomeMember[];
  plays: readonly ThinPlay[];
}

/** Who played a part, and what a clock decided. */
export interface PlayedBy {
  worker: string;
  seconds: number;
  /** Milliseconds of each step, play by play. */
  ms: readonly (readonly number[])[];
}

/** Packs a result. Its name is that of the lives alone. */
export function packPart({ plays, sums }: PlayedPart, by: Omit<PlayedBy, "ms"> & { traces: boolean }): Packed {
  const { traces, worker, seconds } = by;
  const members: GenomeMember[] = [];
  const numbers = new Map<string, number>();
  const number = (member: GenomeMember): number => {
    const key = `${member.kind}\0${member.name}\0${member.source}`;
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, members.length);
    return members.push(member) - 1;
  };
  const thin = plays.map(({ episode, actions, spoiled }): ThinPlay => {
    const kept = traces && !spoiled ? actions.map(keptOf) : [];
    const any = kept.some((one) => Object.keys(one).length > 0);
    return { episode: thinned(episode, number), ...(any && { kept }), spoiled };
  });
  const ms = plays.map(({ episode }) => episode.steps.map(({ report }) => report?.ms ?? 0));
  const beside: PlayedBy = { worker, seconds, ms };
  return pack({ members, plays: thin, ...(sums && { sums }) }, { name: "lives", beside });
}

/** The result that was packed, who played it, and the name of its content. */
export function unpackPart(bytes: Uint8Array): PlayedPart & { by: PlayedBy; hash: string } {
  const { value, beside, hash } = unpack(bytes);
  const by = beside as PlayedBy;
  const { members, plays, sums } = value as Content;
  const full = plays.map(({ episode: thin, kept, spoiled }, i) => {
    const episode = fattened(thin, members, by.ms[i] ?? []);
    const actions = episode.steps.map(
      ({ program, action }, step): Action => ({ program, ...action, ...kept?.[step] }) as Action,
    );
    return { episode, actions, spoiled };
  });
  return { plays: full, ...(sums && { sums }), by, hash };
}

function keptOf({ features, trace }: Action): Kept {
  return { ...(features && { features }), ...(trace && { trace }) };
}

/** Fields keep their places, so that an episode is the same text on both sides. */
function thinned(episode: Episode, number: (member: GenomeMember) => number): object {
  const { start, steps } = episode;
  return {
    ...episode,
    start: withMembers(start, (members) => members.map(number)),
    steps: steps.map((step) => ({
      ...step,
      report: step.report === null ? null : withMembers({ ...step.report, ms: 0 }, (members) => members.map(number)),
    })),
  };
}

function fattened(thin: object, members: readonly GenomeMember[], ms: readonly number[]): Episode {
  const { start, steps } = thin as Episode;
  const membersOf = (numbers: readonly unknown[]): GenomeMember[] => numbers.map((one) => members[one as number]!);
  return {
    ...(thin as Episode),
    start: withMembers(start, membersOf) as Episode["start"],
    steps: steps.map((step, i): Step => {
      const { report } = step;
      const full = report === null ? null : withMembers({ ...report, ms: ms[i] ?? 0 }, membersOf);
      return { ...step, report: full as Step["report"] };
    }),
  };
}

function withMembers<T extends { genome?: readonly GenomeMember[]; born?: readonly GenomeMember[] }>(
  value: T,
  change: (members: readonly GenomeMember[]) => readonly unknown[],
): object {
  const { genome, born } = value;
  return { ...value, ...(genome && { genome: change(genome) }), ...(born && { born: change(born) }) };
}
