/** What can be written at a cursor of a cell, and what stands there. */

import { isTooDeep } from "./parse.ts";
import { ask, settle } from "./service-ask.ts";
import { completeModule, moduleAt } from "./service-modules.ts";
import type { ServiceState } from "./service-state.ts";
import { answerOf, nameAt, startOfTyped, toInspection, toUnits, typeOf, written } from "./service-text.ts";
import type { Completion, Inspection, RawCompletion, RawInspection } from "./service-types.ts";

/** How many earlier names are given to the compiler for their types, in one completion. */
const typedNames = 50;

/** What can be written at a cursor, which counts Unicode code points. */
export async function completeAt(state: ServiceState, code: string, cursor: number): Promise<Completion> {
  const { directory, cells } = state;
  const offset = toUnits(code, cursor);
  const module = moduleAt(code, offset);
  if (module !== null) return answerOf(code, module.start, offset, completeModule(module.text, directory));
  const start = startOfTyped(code, offset);
  const prefix = code.slice(start, offset);
  const before = code.slice(0, start);
  const isMember = /\.\s*#?$/.test(before) && !/\.\.\.$/.test(before);
  const isOther = isMember || /\bimport\b[^;'"]*\{[^}]*$/.test(before) || /["']$/.test(before);
  const earlier = isOther ? [] : [...cells.names.keys()].filter((name) => name.startsWith(prefix));
  const raw = await suggestions(state, { code, offset, prefix, earlier });
  void settle(state);
  const known = new Set(raw.map((one) => one.text));
  const added = earlier
    .filter((name) => !known.has(name))
    .map((name) => ({ text: name, type: typeOf(cells.names.get(name)!.kind) }));
  const [own, others] = [true, false].map((is) => raw.filter((one) => earlier.includes(one.text) === is));
  const { from, found } = written(code, start, { isMember, found: [...own!, ...added.reverse(), ...others!] });
  return answerOf(code, from, offset, found);
}

/** What the compiler suggests, with the types of the latest names of earlier cells. */
async function suggestions(
  state: ServiceState,
  typed: { code: string; offset: number; prefix: string; earlier: readonly string[] },
): Promise<RawCompletion[]> {
  const { code, offset, prefix, earlier } = typed;
  if (isTooDeep(code)) return [];
  const { cells } = state;
  const extraNames = prefix === "" ? [] : earlier.slice(-typedNames);
  const { text, headerLength } = cells.module(code, { extraNames });
  const found = await ask(state, (engine, change) =>
    engine.completions(change(text), cells.current, headerLength + offset, prefix),
  );
  return found ?? [];
}

/** Type and documentation of the name at a cursor. */
export async function inspectAt(state: ServiceState, code: string, cursor: number): Promise<Inspection> {
  const { cells } = state;
  const offset = nameAt(code, toUnits(code, cursor));
  if (offset === null || isTooDeep(code)) return { found: false, data: {} };
  const raw = await describeAt(state, code, { offset, isRead: false });
  void settle(state);
  if (raw === null) return { found: false, data: {} };
  const name = /^[\p{ID_Continue}$]+/u.exec(code.slice(offset))?.[0] ?? "";
  const isEarlierLet = raw.documentation === "" && cells.names.get(name)?.kind === "let";
  const again = isEarlierLet ? await describeAt(state, name, { offset: 0, isRead: true }) : raw;
  return toInspection(raw.declaration, again?.documentation ?? "");
}

function describeAt(
  state: ServiceState,
  code: string,
  { offset, isRead }: { offset: number; isRead: boolean },
): Promise<RawInspection | null> {
  const { cells } = state;
  const { text, headerLength } = cells.module(code, { isRead });
  return ask(state, (engine, change) => engine.inspect(change(text), cells.current, headerLength + offset));
}
