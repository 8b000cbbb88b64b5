/**
 * Mocha's spec report, closed by one plain line of counts that any CI can read, and the slowest tests. For the lanes of the whole suite
 * (`test-lanes.mjs`) each failure is a marked line of JSON besides.
 */

const { relative } = require("node:path");
const Mocha = require("mocha");

module.exports = class PlainCounts extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const tests = [];
    runner.on("test end", (test) => tests.push(test));
    if (process.env.AUTOAGENT_TEST_LANES)
      runner.on("fail", (test, error) => {
        const file = test.file === undefined ? undefined : relative(process.cwd(), test.file).replaceAll("\\", "/");
        const failure = { file, title: test.fullTitle(), error: String(error?.stack ?? error?.message ?? error) };
        console.log(`\n@failed ${JSON.stringify(failure)}`);
      });
    runner.once("end", () => {
      const slow = tests.filter((test) => test.duration > 5000).sort((a, b) => b.duration - a.duration);
      if (slow.length > 0) console.log("slowest:");
      for (const test of slow.slice(0, 8)) console.log(`  ${(test.duration / 1000).toFixed(1)} s  ${test.fullTitle()}`);
      const { passes, failures, pending } = this.stats;
      console.log(`\n${passes} passed, ${failures} failed, ${pending} skipped`);
    });
  }
};
