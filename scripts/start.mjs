/**
 * `npm start`: from a fresh clone to an executed tour. Installs what is missing, then runs the tour notebook headless
 * through the project's own kernel, under the Node 24 that npm brought. Plain JavaScript for any Node from 18 up.
 */

import { join } from "node:path";
import { command, root, runNode, setUp } from "./setup.mjs";

await command(async () => {
  const started = Date.now();
  const node = await setUp();
  return runNode(
    node,
    [
      "--conditions=autoagent-lab-source",
      "--disable-warning=ExperimentalWarning",
      join(root, "scripts/tour.ts"),
      ...process.argv.slice(2),
    ],
    {
      env: { AUTOAGENT_STARTED: String(started) },
    },
  );
});
