/** The known name that a misspelt one is taken for: in the library and in the kernel, which share no code. */

import assert from "node:assert/strict";
import { nearestName as kernelName } from "../../kernel/common/nearest.ts";
import { nearestName } from "../../src/data/nearest.ts";

/** One, two and more letters put in, taken out, replaced or swapped, at each place of a name. */
const cases: [name: string, known: string[], nearest: string | null][] = [
  ["learning_rate", ["steps", "learningRate"], "learningRate"],
  ["LEARNING-RATE", ["learningRate"], "learningRate"],
  ["größe", ["große", "Größe"], "Größe"],
  // Up to five letters may have one edit.
  ["steps", ["teps"], "teps"],
  ["steps", ["step"], "step"],
  ["steps", ["stxeps"], "stxeps"],
  ["steps", ["xteps"], "xteps"],
  ["steps", ["stepx"], "stepx"],
  ["tseps", ["steps"], "steps"],
  ["stesp", ["steps"], "steps"],
  ["setps", ["steps"], "steps"],
  ["spets", ["steps"], null],
  ["xtepx", ["steps"], null],
  ["ste", ["steps"], "steps"], // a part of one name alone
  ["id", ["it"], "it"],
  ["id", ["at"], null],
  // Six may have two, nine three.
  ["stepsx", ["xsteps"], "xsteps"],
  ["height", ["hoighx"], "hoighx"],
  ["height", ["hxixhx"], null],
  ["hegihtx", ["height"], "height"], // a swap and a letter
  ["directory", ["dxrxctxry"], "dxrxctxry"],
  ["directory", ["xxrxctxry"], null],
  // The nearest of several, and of those as near the first.
  ["height", ["weighty", "heigh", "eight"], "heigh"],
  ["heigth", ["weight", "height"], "height"],
  ["cat", ["cut", "cot"], "cut"],
  // A part, from three letters on, of one name alone.
  ["rate", ["learningRate"], "learningRate"],
  ["Rat", ["learningRate"], "learningRate"],
  ["ra", ["learningRate"], null],
  ["rate", ["learningRate", "forgettingRate"], null],
  ["colour", ["steps", "limits"], null],
  ["colour", [], null],
];

for (const [half, nearest] of Object.entries({ library: nearestName, kernel: kernelName }))
  describe(`a misspelt name (${half})`, () => {
    it("is the nearest of the known ones by its letters, where one is near, or a part of one alone", () => {
      for (const [name, known, expected] of cases) assert.equal(nearest(name, known), expected, `${name} of ${known}`);
    });
  });
