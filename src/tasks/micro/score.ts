/**
 * A micro-task as a task. An attribute is read out as plain data; a method is called on a copy of the agent, and its plain
 * results are compared here on the host: what is expected never enters a child, so nothing that a program does to its own
 * world can make a wrong answer right.
 */

import { isDeepStrictEqual } from "node:util";
import type { CallResult, Gene } from "../../sandbox/types.ts";
import type { Task, TaskContext } from "../types.ts";
import type { MicroTask } from "./types.ts";
import { wantsOf } from "./wants.ts";

/** A task out of its data. */
export function microTask(data: MicroTask): Task {
  const { id, ask, setup, family, operation = family, split } = data;
  const about = { id, ask, family, operation, split, ...(setup !== undefined && { setup }) };
  return { ...about, wants: wantsOf(data), score: (context) => scoreOf(data, context) };
}

/**
 * 1 where the step changed the agent so that it does what was asked, and the same genes did not before; a method that was
 * paid for and is still there is not paid for again. Faults of the agent's method (it throws, hangs, attempts harm) mean 0.
 */
async function scoreOf({ check, setup }: MicroTask, context: TaskContext): Promise<number | null> {
  const { before, after, again } = context;
  if (!context.changed) return 0;
  const name = ("read" in check ? check.read : check.call).replace(/^self\./, "");
  const gene = geneOf(after, name);
  const old = geneOf(before, name);
  if (gene === undefined) return 0;
  // A setup may have made an attribute anew; that the program changed something is known already.
  if (setup === undefined && old?.name === gene.name && old.source === gene.source) return 0;
  if ("read" in check) {
    if (gene.kind !== "attribute" || !isDeepStrictEqual(parse(gene.source), check.expected)) return 0;
    // A gene's text may be the word of a `toJSON`; the value itself is read before it is paid for.
    return gives(await context.read(name), [check.expected]);
  }
  if (gene.kind !== "method" || (again && old !== undefined)) return 0;
  return gives(await context.call(name, check.arguments), check.expected);
}

function gives(result: CallResult, expected: readonly unknown[]): number | null {
  if ("fault" in result && result.fault) return null;
  if ("failed" in result || result.effects.length > 0 || !result.answers.every((one) => "value" in one)) return 0;
  // The way through JSON makes a negative zero the zero that was asked for.
  const values = result.answers.map((one) => ("value" in one ? one.value : undefined));
  return isDeepStrictEqual(JSON.parse(JSON.stringify(values)), expected) ? 1 : 0;
}

/** An attribute or method of the agent itself, else of its state. */
function geneOf(genome: readonly Gene[], name: string): Gene | undefined {
  return genome.find((gene) => gene.name === `self.${name}`) ?? genome.find((gene) => gene.name === name);
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return undefined;
  }
}
