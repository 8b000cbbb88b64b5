/**
 * What may be said of a contestant beside the others: five claims, one a task, that hold together (Holm). Two questions are asked. Is
 * it above the one that only sharpens? And is it not below the pretrained one by more than a margin: what did it cost? Pairs are
 * problem and sample, clusters are families of problems.
 */

import { type Claim, type Sample, type TestedClaim, testTogether } from "../statistics/index.ts";
import { type CodeTask, codeTasks } from "./exercises.ts";
import { type TaskValue, valuesOf } from "./figures.ts";
import type { Graded } from "./grade.ts";

/** What may be lost without a word of it: 5 points. */
const margin = 0.05;

/** One task of a comparison. */
export interface CodeClaim extends TestedClaim {
  task: CodeTask;
  name: string;
  against: string;
  /** `above`: more than the other; `not below`: less by no more than the margin. */
  question: "above" | "not below";
}

/** The claims of one question, and the sentences that they allow. */
export interface CodeClaims {
  claims: CodeClaim[];
  sentences: string[];
}

/** Compares one contestant with another in all tasks that both were asked. */
export function claimsOf(
  name: string,
  against: string,
  graded: { readonly [name: string]: readonly Graded[] },
  tasks: readonly CodeTask[],
  question: CodeClaim["question"],
): CodeClaims {
  const asked = codeTasks.flatMap((task) => {
    if (!tasks.includes(task)) return [];
    const pairs = pairedSamples(valuesOf(graded[name]!, task), valuesOf(graded[against]!, task));
    return pairs.is.length === 0 ? [] : [{ task, ...pairs }];
  });
  const tested = testTogether(
    asked.map(({ is, was }): Claim => ({ is, was, ...(question === "not below" && { above: -margin }) })),
  );
  const claims = tested.map((one, i): CodeClaim => ({ ...one, task: asked[i]!.task, name, against, question }));
  return { claims, sentences: claims.length === 0 ? [] : [sentenceOf(claims)] };
}

/** The values of those problems and samples that both have; of several runs, each is one. */
function pairedSamples(is: readonly TaskValue[], was: readonly TaskValue[]): { is: Sample[]; was: Sample[] } {
  const place = ({ problem, sample }: TaskValue): string => JSON.stringify([problem.id, sample]);
  const both = (own: readonly TaskValue[], other: readonly TaskValue[]): Sample[] => {
    const known = new Set(other.map(place));
    return own.filter((one) => known.has(place(one))).map(({ problem, value }) => ({ cluster: problem.family, value }));
  };
  return { is: both(is, was), was: both(was, is) };
}

function sentenceOf(claims: readonly CodeClaim[]): string {
  const [{ name, against, question }] = claims as [CodeClaim];
  const few = claims.filter(({ difference }) => Number.isNaN(difference.low));
  if (few.length > 0)
    return `${name} cannot be compared with ${against}: that needs problems of two families at least.`;
  const list = (shown: CodeClaim["shown"], joint: string): string =>
    claims
      .filter((one) => one.shown === shown)
      .map(({ task, difference }) => `${task} (${pointsOf(difference)})`)
      .join(joint);
  const [more, less, open] = [list("more", " and "), list("less", " and "), list("nothing", " or ")];
  const limit = `by more than ${100 * margin} points`;
  const parts =
    question === "above"
      ? [
          more && `${name} is above ${against} in ${more}`,
          less && `${more ? "it is" : `${name} is`} below ${more ? "it" : against} in ${less}`,
          open && `${more || less ? "it is" : `${name} is`} not told from ${more || less ? "it" : against} in ${open}`,
        ]
      : [
          more && `${name} is not below ${against} ${limit} in ${more}`,
          open && (more ? `it may be in ${open}` : `${name} may be below ${against} ${limit} in ${open}`),
        ];
  const families = Math.min(...claims.map(({ difference }) => difference.clusters));
  const isOne = claims.length === 1;
  const together = isOne ? "95 %" : `Holm over ${claims.length} claims at 95 %`;
  // One that is not shown beside the others may still have an interval without 0.
  const alone = isOne ? "" : "; each interval is of its claim alone";
  return `${parts.filter(Boolean).join("; ")} (${together}, ${families} families of problems${alone}).`;
}

function pointsOf({ estimate, low, high }: CodeClaim["difference"]): string {
  return `${signed(estimate)} points, ${signed(low)} to ${signed(high)}`;
}

/** A share's difference is never more than all. */
function signed(difference: number): string {
  const share = Math.max(-1, Math.min(1, difference));
  return `${share >= 0 ? "+" : "−"}${Math.abs(100 * share).toFixed(1)}`;
}
