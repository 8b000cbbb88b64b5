/**
 * A micro-task as a task. An attribute is read out as plain data; a method is called on a copy of the agent, and its plain
 * results are compared here on the host: what is expected never enters a child, so nothing that a program does to its own
 * world can make a wrong answer right.
 */

import type { GenomeMember } from "../../sandbox/types.ts";
import type { Task, TaskContext } from "../types.ts";
import { type ChangeCheck, changesHold, changesOf, drawnFor, settingOf } from "./change.ts";
import { checksOf, nameOf, plainName } from "./checks.ts";
import { gives } from "./gives.ts";
import { inputsOf } from "./inputs.ts";
import { referenceOf } from "./reference.ts";
import { isSame } from "./same.ts";
import type { MicroTask, TaskCheck } from "./types.ts";
import { wantsOf } from "./wants.ts";

/** A task out of its data. */
export function microTask(data: MicroTask): Task {
  const { id, ask, family, split } = data;
  const setup = setupOf(data);
  const about = { id, ask, family, operation: operationOf(data), split, ...(setup !== undefined && { setup }) };
  return { ...about, wants: wantsOf(data), score: (context) => scoreOf(data, context) };
}

/** What is asked, names and values aside: tasks of one operation are alike. Its family's where it has none of its own. */
export function operationOf({ operation, family }: Pick<MicroTask, "operation" | "family">): string {
  return operation ?? family;
}

/**
 * 1 where the step changed the agent so that all is as it was asked, and the same members did not make it so before; methods
 * that were paid for and are still there are not paid for again. Faults of the agent's method (it throws, hangs, attempts
 * harm, changes the lists that it is given, gives promises) mean 0.
 */
async function scoreOf(data: MicroTask, context: TaskContext): Promise<number | null> {
  const { before, after, again } = context;
  const checks = context.oneDictionary === true ? checksOf(data).map(asOwn) : checksOf(data);
  if (!context.changed) return 0;
  if (!checks.every((check) => looksDone(check, after))) return 0;
  const members = checks.map((check) => ({
    now: memberOf(after, nameOf(check)),
    old: memberOf(before, nameOf(check)),
  }));
  // A setup may have made an attribute anew; that the program changed something is known already.
  const isSetUp = setupOf(data) !== undefined;
  if (!isSetUp && members.every(({ now, old }) => now?.name === old?.name && now?.source === old?.source)) return 0;
  const methods = members.filter(({ now }) => now?.kind === "method");
  if (again && methods.length > 0 && methods.every(({ old }) => old !== undefined)) return 0;
  for (const check of checks) {
    const one = "change" in check ? 1 : await holds(check, context);
    if (one !== 1) return one;
  }
  return changesHold(changesOf(checks), context, data.setup);
}

/** A check of a name in the state, where that is a name of the agent's own. */
function asOwn(check: TaskCheck): TaskCheck {
  const own = (name: string): string => name.replace(/^self\.state\./, "self.");
  if ("read" in check) return { ...check, read: own(check.read) };
  if ("gone" in check) return { ...check, gone: own(check.gone) };
  if ("call" in check) return { ...check, call: own(check.call) };
  return { ...check, change: own(check.change), ...(check.from !== undefined && { from: own(check.from) }) };
}

/** What the genome alone can tell: that there is such a member, of the kind that is asked for, or none. */
function looksDone(check: TaskCheck, genome: readonly GenomeMember[]): boolean {
  const member = memberOf(genome, nameOf(check));
  if ("gone" in check)
    return member === undefined || (member.kind === "attribute" && /^(null|undefined)$/.test(member.source));
  if (member === undefined || member.kind !== ("call" in check ? "method" : "attribute")) return false;
  return !("read" in check) || isSame(parse(member.source), check.expected);
}

/** Whether one check holds. A member's text may be the word of a `toJSON`: the value itself is read before it is paid for. */
async function holds(check: Exclude<TaskCheck, ChangeCheck>, context: TaskContext): Promise<number | null> {
  const name = plainName(nameOf(check));
  if ("read" in check) {
    // Of two of one name the agent's own is read: then the state's is known by its text alone.
    const isHidden = nameOf(check).startsWith("self.state.") && memberOf(context.after, `self.${name}`) !== undefined;
    return isHidden ? 1 : gives(await context.read(name), [check.expected]);
  }
  if ("gone" in check) {
    if (memberOf(context.after, check.gone) === undefined) return 1;
    const seen = await context.read(name);
    const [answer] = "answers" in seen ? seen.answers : [];
    return answer !== undefined && "failed" in answer && /^it gave undefined,/.test(answer.failed)
      ? 1
      : gives(seen, [null]);
  }
  if ("arguments" in check) return gives(await context.call(name, check.arguments), check.expected);
  const reference = referenceOf(check.does);
  const lists = inputsOf(reference, context.random(), check.inputs);
  return gives(await context.call(name, lists), lists.map(reference.run));
}

/** What is run before the step: the task's own setup, then the values of its `change` checks. */
function setupOf(data: MicroTask): Task["setup"] {
  const changes = changesOf(checksOf(data));
  return changes.length === 0 ? data.setup : (random) => settingOf(changes, drawnFor(changes, random), data.setup);
}

/** An attribute or method of the agent itself, else of its state; of one of them alone, where the name says so. */
function memberOf(genome: readonly GenomeMember[], name: string): GenomeMember | undefined {
  const [own, inState] = [`self.${plainName(name)}`, plainName(name)];
  const member = (wanted: string): GenomeMember | undefined => genome.find((one) => one.name === wanted);
  if (name.startsWith("self.state.")) return member(inState);
  return name.startsWith("self.") ? member(own) : (member(own) ?? member(inState));
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source) as unknown;
  } catch {
    return undefined;
  }
}
