/** Whatever takes options refuses a key that nobody reads, and names the nearest: here what takes few, and stands in no file of its own. */

import assert from "node:assert/strict";
import * as lab from "../../src/index.ts";

const { createRandom, openRecord } = lab;
const none = {} as never;
const policy = { asked() {}, read() {} } as never;
const model = lab.models.scripted([""]);
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
  "models.random": [{ sede: 1 }, "seed", (options) => lab.models.random(options)],
  "workers.folder": [{ pollms: 9 }, "pollMs", (options) => lab.workers.folder("somewhere", options)],
  "workers.redis": [{ winow: 2 }, "window", (options) => lab.workers.redis("redis://localhost", options)],
  writtenBy: [{ snyc: 1 }, "sync", (options) => lab.writtenBy(policy, model, options)],
  checkEnv: [{ sed: 1 }, "seed", (options) => lab.checkEnv(new lab.SurvivalEnv(), options)],
  sharpen: [{ episode: 1 }, "episodes", (options) => lab.sharpen(none, options)],
  openModel: [{ thread: 1 }, "threads", (options) => lab.openModel("nowhere", options)],
  "policies.fromPretrained": [{ promt: "" }, "prompt", (options) => lab.policies.fromPretrained("tiny", options)],
  "policies.temperature": [{ promt: "" }, "prompt", (options) => lab.policies.temperature(none, options)],
  temptingTasks: [{ sett: "told" }, "set", lab.temptingTasks],
  humanEvalPack: [{ javascript: "", pyhton: "" }, "python", lab.humanEvalPack],
  "verify()": [{ haed: "" }, "head", (options) => openRecord(":memory:").verify(options)],
  "choose()": [{ rul: "best" }, "rule", (options) => openRecord(":memory:").lineage.choose(createRandom(1), options)],
};

describe("an option that nobody reads", () => {
  for (const [what, [misspelt, right, call]] of Object.entries(calls))
    it(`is refused by ${what}`, async () => {
      const key = Object.keys(misspelt).find((one) => one !== "javascript");
      await assert.rejects(async () => call(misspelt as never), {
        name: "RangeError",
        message: `There is no \`${key}\` in the options of ${what}: did you mean \`${right}\`?`,
      });
    });
});

describe("an option that is to be a function", () => {
  const calls: { [what: string]: [option: string, expected: string, call: (options: never) => unknown] } = {
    writtenBy: [
      "sync",
      "a function of the policy that brings its weights to the server",
      (options) => lab.writtenBy(policy, model, options),
    ],
    summarise: ["clusterOf", "a function of an episode and a step", (options) => lab.summarise(episodes, options)],
    budget: ["onSpend", "a function of the budget", (options) => lab.budget(options)],
    openModel: ["onProgress", "a function of the progress", (options) => lab.openModel("nowhere", options)],
    serveEnvironment: [
      "onError",
      "a function of the error",
      (options) => lab.serveEnvironment(new lab.SurvivalEnv(), options),
    ],
  };
  for (const [what, [option, expected, call]] of Object.entries(calls))
    it(`is told as ${expected} by ${what}`, async () => {
      await assert.rejects(
        async () => call({ [option]: 3 } as never),
        (error: Error) =>
          error.message.includes(`Expected \`${option}\` to be ${expected}`) && /got 3\b/.test(error.message),
      );
    });
});
