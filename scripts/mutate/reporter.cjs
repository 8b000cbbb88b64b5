/** A Mocha reporter for the mutation driver: one marked line of JSON for each file that begins, each failure, and the end. */

const { writeSync } = require("node:fs");

module.exports = class MutationReporter {
  constructor(runner) {
    let file;
    const say = (event) => writeSync(1, `\n@mutate ${JSON.stringify(event)}\n`);
    const enter = (part) => {
      if (part.file === undefined || part.file === file) return;
      file = part.file;
      say({ type: "file", file });
    };
    for (const event of ["suite", "hook", "test"]) runner.on(event, enter);
    runner.on("fail", (test, error) =>
      say({ type: "fail", file: test.file ?? file, title: test.fullTitle(), message: String(error?.message ?? error) }),
    );
    runner.once("end", () => say({ type: "end", passes: runner.stats?.passes ?? 0, failures: runner.failures }));
  }
};
