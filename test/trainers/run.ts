/**
 * `npm run test:trainers`: clients of OpenEnv's protocol, in Python, against `autoagent env serve` as a user starts it. What is
 * right is the same life in process. Installs the clients once (`environments.ts`); exit code 1 if any call is wrong, and a
 * sentence and 0 where they cannot be installed.
 */

import { reportOutcomes, runCalls } from "./calls.ts";
import { prepareTrainers } from "./environments.ts";
import { withServer } from "./served.ts";

const prepared = prepareTrainers();
if ("missing" in prepared) console.log(`Left out: ${prepared.missing}`);
else {
  const outcomes = await withServer((url, expected) => runCalls(prepared, url, expected));
  process.exitCode = reportOutcomes(outcomes, { least: 26 });
}
