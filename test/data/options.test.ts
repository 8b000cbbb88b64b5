/** Whatever takes options refuses a key that nobody reads, and names the nearest: here what takes few, and stands in no file of its own. */

import assert from "node:assert/strict";
import * as lab from "../../src/index.ts";

const { createRandom, openRecord } = lab;
const episodes = [] as never;

/** Each with an option that is misspelt, and the right name. */
const calls: { [what: string]: [misspelt: object, right: string, call: (options: never) => unknown] } = {
  returns: [{ gama: 0.9 }, "gamma", (options) => lab.returns([1], options)],
  advantages: [{ baselin: "none" }, "baseline", (options) => lab.advantages([1], options)],
  learnedBaseline: [{ rigde: 2 }, "ridge", lab.learnedBaseline],
  bootstrapInterval: [{ resample: 9 }, "resamples", (options) => lab.bootstrapInterval([1], options)],
  clusterInterval: [{ confidense: 0.9 }, "confidence", (options) => lab.clusterInterval([1], () => 1, options)],
  pairedDifference: [{ confidense: 0.9 }, "confidence", (options) => lab.pairedDifference([], [], options)],
  summarise: [{ sede: 1 }, "seed", (options) => lab.summarise(episodes, options)],
  learningCurves: [{ ytitle: "", basline: 3 }, "yTitle", (options) => lab.learningCurves([], options)],
  probabilityCurves: [{ titel: "" }, "title", (options) => lab.probabilityCurves([], options)],
  returnsPlot: [{ titel: "" }, "title", (options) => lab.returnsPlot({}, options)],
  causesOfDeath: [{ titel: "" }, "title", (options) => lab.causesOfDeath([], options)],
  survivalHistogram: [{ titel: "" }, "title", (options) => lab.survivalHistogram([], options)],
  episodesSideBySide: [{ titel: "" }, "title", (options) => lab.episodesSideBySide([], options)],
  episodeTimeline: [{ titel: "" }, "title", (options) => lab.episodeTimeline([], options)],
  comparisonPlot: [{ titel: "" }, "title", (options) => lab.comparisonPlot([], options)],
  trainingCurves: [{ titel: "" }, "title", (options) => lab.trainingCurves([], options)],
  compareRuns: [{ contrl: "a" }, "control", (options) => lab.compareRuns({ a: [] }, options)],
  lineageTree: [{ titel: "" }, "title", (options) => lab.lineageTree([], options)],
  "verify()": [{ haed: "" }, "head", (options) => openRecord(":memory:").verify(options)],
  "choose()": [{ rul: "best" }, "rule", (options) => openRecord(":memory:").lineage.choose(createRandom(1), options)],
};

describe("an option that nobody reads", () => {
  for (const [what, [misspelt, right, call]] of Object.entries(calls))
    it(`is refused by ${what}`, () => {
      const [key] = Object.keys(misspelt);
      assert.throws(() => call(misspelt as never), {
        name: "RangeError",
        message: `There is no \`${key}\` in the options of ${what}: did you mean \`${right}\`?`,
      });
    });
});
