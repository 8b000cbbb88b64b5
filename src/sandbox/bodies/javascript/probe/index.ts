/**
 * Survival probes: ordinary programs whose effect is known, run by the agent's executor beside its own, so that an agent
 * which no longer acts is found out. They are copies of what this very life ran, under other names, or small programs of
 * many forms; one comes after each step's program, and at drawn times another before it or after it. All draws are named
 * by the life's seed and the step.
 */

import type { Random } from "../../../../random/index.ts";
import type { Probe as Sent } from "../../../host/body.ts";
import type { PastStep } from "../../../types.ts";
import { foreseeTree } from "../foresee/index.ts";
import type { Prepared } from "../program.ts";
import { namesOf, rewording } from "./derive.ts";
import { drawFirst } from "./first.ts";
import { drawForm } from "./forms.ts";
import { drawName, wordsOf } from "./names.ts";
import type { Probe } from "./types.ts";

export type { Probe } from "./types.ts";

/** Programs of the life that a probe may be a copy of. */
const remembered = 6;

/** A program to be copied. */
type Model = Prepared & { tree: NonNullable<Prepared["tree"]>; names: string[] };

/** A life's probes. Steps must be asked for in their order; a step that is asked for again has the same. */
export interface Probes {
  of(step: number, lived: PastStep, program: Prepared): Probe[];
}

/** What probes are drawn from. */
interface State {
  readonly random: Random;
  /** Bytes of a program that is run. */
  readonly longest: number;
  readonly drawn: Map<number, Probe[]>;
  /** Words of the life's texts: no probe has a name among them. */
  readonly used: Set<string>;
  /** Names that the life gave, the last ones. */
  readonly own: string[];
  readonly models: Model[];
  /** The last step that was drawn for. */
  before: PastStep | null;
}

/** Makes a life's probes. `born`: texts of the genome it began from; `longest`: bytes of a program that is run. */
export function createProbes(random: Random, { born, longest }: { born: readonly string[]; longest: number }): Probes {
  const used = new Set(born.flatMap(wordsOf));
  const state: State = { random, longest, drawn: new Map(), used, own: [], models: [], before: null };
  return { of: (step, lived, program) => probesOf(state, step, lived, program) };
}

function probesOf(state: State, step: number, lived: PastStep, program: Prepared): Probe[] {
  const known = state.drawn.get(step);
  if (known !== undefined) return known;
  const stream = state.random.child("probe", step);
  const probes: Probe[] = [];
  if ((lived.rules ?? 1) === 1) probes.push(drawFirst(stream));
  const { before } = state;
  for (const answer of before?.answers ?? []) if (answer !== null) note(state, answer);
  note(state, lived.program);
  note(state, lived.setup ?? "");
  if (lived.rules === 2) {
    // Where running a program costs a question to the model, it is asked no more often than need be.
    const asks = before !== null && before.answers.length > 0;
    const more = asks ? 1 : stream.uniform();
    if (more < 0.1) probes.push(draw(state, stream, true));
    learn(state, program);
    probes.push(draw(state, stream, false));
    if (more >= 0.1 && more < 0.15) probes.push(draw(state, stream, false));
  }
  state.before = lived;
  state.drawn.set(step, probes);
  return probes;
}

function note({ used }: State, text: string): void {
  for (const word of wordsOf(text)) used.add(word);
}

function learn({ models, own }: State, program: Prepared): void {
  const { tree, foreseen, text } = program;
  if (tree === undefined || models.some((model) => model.text === text)) return;
  const names = namesOf(foreseen!);
  models.push({ ...program, tree, names });
  if (models.length > remembered) models.shift();
  own.push(...names.filter((name) => !own.includes(name)));
  own.splice(0, own.length - 20);
}

/** A copy of one of the life's programs, or a small program of its own form. */
function draw(state: State, stream: Random, isBefore: boolean): Probe {
  const { models, used, own } = state;
  const copied = models.length > 0 && stream.integer(2) === 0 ? copy(state, stream, isBefore) : null;
  if (copied !== null) return copied;
  const names: string[] = [];
  while (names.length < 3) {
    const name = drawName(stream, used, own);
    if (!names.includes(name)) names.push(name);
  }
  const { program, compiled, place, value } = drawForm(stream, names);
  const written = names.filter((name) => program.includes(name));
  return { program, compiled, before: isBefore, expected: [[place, names[0]!, value]], names: written };
}

function copy({ models, used, own, longest }: State, stream: Random, isBefore: boolean): Probe | null {
  const { text, compiled, tree, names } = stream.choice(models);
  const renamed = new Map(names.map((name) => [name, drawName(stream, used, own)]));
  const fresh = [...renamed.values()];
  if (new Set(fresh).size < fresh.length) return null;
  const wording = rewording(text, renamed, stream);
  const absent = new Set(fresh.flatMap((name) => [name, `self.${name}`]));
  const foreseen = foreseeTree(tree, text, { absent, wording });
  const expected: Probe["expected"] = [];
  for (const [place, one] of foreseen?.members ?? []) {
    if (typeof one === "string" || one.kind !== "attribute" || one.source === "undefined") continue;
    const isOwn = place.startsWith("self.");
    expected.push([isOwn ? "self" : "state", isOwn ? place.slice(5) : place, JSON.parse(one.source)]);
  }
  const program = wording.text(text);
  if (expected.length === 0 || Buffer.byteLength(program) > longest) return null;
  const words = compiled === null ? null : wording.text(compiled);
  return { program, compiled: words, before: isBefore, expected, names: fresh };
}

/** A probe as the child is given it. */
export function asSent({ program, compiled, before, expected, names }: Probe): Sent {
  return { program, compiled, before, look: JSON.stringify({ plain: callsNothing(program), expected, names }) };
}

/** True for a probe that needs nothing but the language: its failure is the executor's, whatever the guest has patched. */
function callsNothing(program: string): boolean {
  return !/[\w\])]\(|\.\.\.|\b(of|in|new|throw)\b/.test(program);
}
