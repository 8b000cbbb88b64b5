/** Mocha's spec report, closed by one plain line of counts that any CI can read, and the slowest tests. */

const Mocha = require("mocha");

module.exports = class PlainCounts extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const tests = [];
    runner.on("test end", (test) => tests.push(test));
    runner.once("end", () => {
      const slow = tests.filter((test) => test.duration > 5000).sort((a, b) => b.duration - a.duration);
      if (slow.length > 0) console.log("slowest:");
      for (const test of slow.slice(0, 8)) console.log(`  ${(test.duration / 1000).toFixed(1)} s  ${test.fullTitle()}`);
      const { passes, failures, pending } = this.stats;
      console.log(`\n${passes} passed, ${failures} failed, ${pending} skipped`);
    });
  }
};
