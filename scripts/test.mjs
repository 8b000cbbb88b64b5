/**
 * `npm test`: sets up, checks format, lint and types, then runs every test. `npm test -- FILE...` runs those files only.
 * Tests that need Python's Jupyter tools get an environment of their own; where there is no Python they say so and the
 * rest runs.
 */

import { join } from "node:path";
import { ensureTestPython } from "./python.mjs";
import { command, root, runNode, SetupFailure, setUp } from "./setup.mjs";
import { isSetUp, setUpTensorFlow } from "./setup-tensorflow.mjs";

await command(async () => {
  const files = process.argv.slice(2);
  const node = await setUp({ dev: true });
  const python = ensureTestPython();
  if ("missing" in python)
    console.error(`Without Python tools (${python.missing}): the tests that need them will say so; the rest runs.`);
  if (!isSetUp()) {
    try {
      console.error(setUpTensorFlow());
    } catch (error) {
      if (!(error instanceof SetupFailure)) throw error;
      console.error(`Without TensorFlow (${error.message}): the tests of that backend will say so; the rest runs.`);
    }
  }
  if (files.length === 0) {
    const checked = await runNode(node, [join(root, "scripts/check.mjs")]);
    if (checked !== 0) return checked;
  }
  return runNode(node, [
    join(root, "node_modules/mocha/bin/mocha.js"),
    ...(files.length > 0 ? files : ["test/**/*.test.ts"]),
  ]);
});
