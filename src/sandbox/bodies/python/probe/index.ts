/**
 * Survival probes: ordinary programs whose effect is known, run by the agent's executor beside its own, so that an agent which
 * no longer acts is found out. One comes after each step's program, and at drawn times another before or after it. All draws are
 * named by the life's seed and the step.
 */

import type { Random } from "../../../../random/index.ts";
import type { Probe, Probes } from "../../../host/body.ts";
import type { PastStep } from "../../../types.ts";
import type { Look } from "../child/agent.ts";
import { drawForm } from "./forms.ts";
import { drawName, wordsOf } from "./names.ts";

/** Makes a life's probes. `born`: texts of the genome it began from. */
export function createProbes(random: Random, { born }: { born: readonly string[]; longest: number }): Probes {
  const used = new Set(born.flatMap(wordsOf));
  const drawn = new Map<number, Probe[]>();
  let before: PastStep | null = null;
  const note = (text: string | null): void => {
    for (const word of wordsOf(text ?? "")) used.add(word);
  };
  return {
    of(step, lived) {
      const known = drawn.get(step);
      if (known !== undefined) return known;
      const stream = random.child("probe", step);
      for (const answer of before?.answers ?? []) note(answer);
      note(lived.program);
      note(lived.setup);
      // Where running a program costs a question to the model, it is asked no more often than need be.
      const asks = before !== null && before.answers.length > 0;
      const more = asks ? 1 : stream.uniform();
      const probes = more < 0.1 ? [draw(stream, used, true)] : [];
      probes.push(draw(stream, used, false));
      if (more >= 0.1 && more < 0.15) probes.push(draw(stream, used, false));
      before = lived;
      drawn.set(step, probes);
      return probes;
    },
  };
}

function draw(stream: Random, used: ReadonlySet<string>, before: boolean): Probe {
  const names: string[] = [];
  while (names.length < 3) {
    const name = drawName(stream, used);
    if (!names.includes(name)) names.push(name);
  }
  const { program, value, uses } = drawForm(stream, names);
  const written = wordsOf(program);
  const look: Look = {
    expected: [[names[0]!, value]],
    // A loop's variable, too, is a name in the state.
    names: [...names, "i"].filter((name) => written.includes(name)),
    uses,
  };
  return { program, compiled: null, before, look: JSON.stringify(look) };
}
