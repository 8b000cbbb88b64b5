/**
 * Every stage says one thing in four ways: its expression and its loop, which are ours and run here, give what its reference
 * gives, on inputs of no check's choosing; its phrase names all that it has.
 */

import assert from "node:assert/strict";
import { wideInputs } from "../../scripts/tasks/equal.ts";
import { functionOf } from "../../scripts/tasks/programs.ts";
import { type Does, referenceOf } from "../../src/tasks/micro/reference.ts";
import { isSame } from "../../src/tasks/micro/same.ts";
import { allStages, type Constant } from "../../src/tasks/micro/stages/index.ts";

/** The first and the last of the constants that a stage may have. */
function rowsOf(name: string, constants: readonly (readonly Constant[])[]): Does[] {
  if (constants.length === 0) return [[[name]]];
  return [0, -1].map((at): Does => [[name, ...constants.map((choices) => choices.at(at)!)]]);
}

describe("a stage", () => {
  for (const [name, stage] of allStages)
    it(`${name}: code, loop and reference agree`, () => {
      for (const does of rowsOf(name, stage.constants)) {
        const { run } = referenceOf(does);
        const lists = wideInputs(does, 120);
        assert.ok(lists.length === 120, `only ${lists.length} inputs of 6,000 are plain`);
        assert.ok(new Set(lists.map((values) => JSON.stringify(run(values)))).size > 1, "it always gives the same");
        for (const form of ["arrow", "method", "function"] as const) {
          const self: { [name: string]: (...values: unknown[]) => unknown } = {};
          const program = functionOf("own", does, form);
          new Function("self", `${program}\n${form === "function" ? "self.own = own;" : ""}`)(self);
          for (const values of lists) {
            const given = structuredClone(values);
            assert.ok(isSame(self.own!(...given), run(values)), `${program}\n${JSON.stringify(values)}`);
            assert.deepEqual(given, values, `${program} changes what it is given`);
          }
        }
      }
      const wanted = [...stage.takes.map((_, i) => `{${i}}`), ...stage.constants.map((_, i) => `{${"kj"[i]}}`)];
      for (const phrase of stage.phrases)
        assert.deepEqual(
          wanted.filter((part) => !phrase.includes(part)),
          [],
          phrase,
        );
    });
});
