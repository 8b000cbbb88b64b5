/**
 * Whether an agent's own programs have their effect: what each certainly does (`Prepared.foreseen`) against its members before and
 * after. Nobody is asked for this, and no guest can know which program is looked at, so an executor that runs what it
 * takes for a probe and not its agent's own programs is found out here.
 */

import type { GenomeMember } from "../types.ts";
import type { Expected, Foreseen } from "./body.ts";

/** Steps that said something are looked back on; with so many of them without effect, the agent is inert. */
const [window, enough] = [8, 3];
/** A genome near the size at which its reading is cut says nothing of what is not in it. */
const mostText = 100_000;

/** What a step's program has to do with the agent's members. */
export interface Testimony {
  foreseen: Foreseen | null;
  /** Members before the program and after the step. */
  before: readonly GenomeMember[];
  after: readonly GenomeMember[];
  /** A task changed the agent between this step and the one before. */
  setUp: boolean;
}

/** Counts steps with and without effect. */
export interface Witness {
  /** Hears of a step, in order; one that is told again changes nothing. */
  hear(step: number, testimony: Testimony): void;
  /** In words, when too many programs had none; else null. */
  verdict(): string | null;
}

/** Makes the witness of one life. */
export function createWitness(): Witness {
  const heard: ("held" | "missed")[] = [];
  /** What the last programs made of the agent and nothing has changed since: how it was before, and is. */
  let standing = new Map<string, { was: string; is: string }>();
  let next = 0;

  const hear: Witness["hear"] = (step, { foreseen, before, after, setUp }) => {
    if (step < next) return;
    next = step + 1;
    if (foreseen === null || setUp) standing = new Map();
    if (foreseen === null || sizeOf(after) > mostText) return;
    let [held, missed, lost] = [0, 0, 0];
    // What a program leaves alone must not go back to what it was.
    for (const [place, { was, is }] of standing) {
      const now = textOf(after, place);
      if (foreseen.written.has(place) || now !== is) standing.delete(place);
      if (!foreseen.written.has(place) && now === was && was !== is) lost++;
    }
    for (const [place, expected] of foreseen.members) {
      const [was, now] = [textOf(before, place), textOf(after, place)];
      if (meets(expected, was, was)) continue;
      if (meets(expected, was, now)) {
        held++;
        standing.set(place, { was, is: now });
      } else if (now === was) missed++;
    }
    if (lost > 0 || (missed > 0 && held === 0)) heard.push("missed");
    else if (held > 0) heard.push("held");
    heard.splice(0, heard.length - window);
  };

  return {
    hear,
    verdict() {
      const missed = heard.filter((one) => one === "missed").length;
      if (missed < enough) return null;
      return `self.execute_code runs other programs than the agent's own: of the last ${heard.length} whose effect is certain, ${missed} had none`;
    },
  };
}

/** `""` for a member that is not there. */
function textOf(members: readonly GenomeMember[], place: string): string {
  const member = members.find(({ name }) => name === place);
  return member === undefined ? "" : `${member.kind} ${member.source}`;
}

/**
 * Whether a member is as it must be, given what it was. Of what is only known to change, nothing can tell, or a number: of up to 13
 * digits before the point, so that the least that a program counts on by (`changes`) is not rounded away.
 */
function meets(expected: Expected, was: string, now: string): boolean {
  if (expected === "gone") return now === "";
  if (expected === "grown") return now !== was || !(was === "" || /^attribute -?\d{1,13}(\.\d{1,9})?$/.test(was));
  return now === `${expected.kind} ${expected.source}`;
}

function sizeOf(members: readonly GenomeMember[]): number {
  return members.reduce((sum, { name, source }) => sum + name.length + source.length, 0);
}
