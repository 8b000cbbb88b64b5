/** A Mocha reporter for the mutation driver: one marked line of JSON for each file that begins, each failure, and the end. */

const { readFileSync, writeSync } = require("node:fs");

/** Seconds of processor of this process and of its children that ended, where the system tells. */
function processorSeconds() {
  try {
    const fields = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100; // user and system, own and children's
  } catch {
    return null;
  }
}

module.exports = class MutationReporter {
  constructor(runner) {
    let file;
    const say = (event) => writeSync(1, `\n@mutate ${JSON.stringify(event)}\n`);
    const enter = (part) => {
      if (part.file === undefined || part.file === file) return;
      file = part.file;
      say({ type: "file", file, processor: processorSeconds() });
    };
    for (const event of ["suite", "hook", "test"]) runner.on(event, enter);
    runner.on("fail", (test, error) =>
      say({ type: "fail", file: test.file ?? file, title: test.fullTitle(), message: String(error?.message ?? error) }),
    );
    runner.once("end", () =>
      say({ type: "end", passes: runner.stats?.passes ?? 0, failures: runner.failures, processor: processorSeconds() }),
    );
  }
};
