/** Runs the Python twins: our own programs, all in one process of python3. */

import { spawnSync } from "node:child_process";

/** A twin, and what it is called with. */
export interface PythonCall {
  source: string;
  name: string;
  inputs: readonly (readonly unknown[])[];
}

const program = `
import json, sys
told = []
for one in json.load(sys.stdin):
    space = {}
    exec(one["source"], space)
    told.append([space[one["name"]](*json.loads(json.dumps(given))) for given in one["inputs"]])
json.dump(told, sys.stdout)
`;

/** What each twin gives for each of its inputs. Throws where python3 is missing, or a twin throws. */
export function callInPython(calls: readonly PythonCall[]): unknown[][] {
  const { status, stdout, stderr, error } = spawnSync("python3", ["-c", program], {
    ...{ input: JSON.stringify(calls), encoding: "utf8", maxBuffer: 1 << 28 },
  });
  if (error !== undefined || status !== 0)
    throw new Error(`The Python twins could not be run: ${error?.message ?? stderr.trim().split("\n").at(-1)}`);
  return JSON.parse(stdout) as unknown[][];
}

/** Whether there is a Python here. */
export function hasPython(): boolean {
  return spawnSync("python3", ["-c", ""]).status === 0;
}
