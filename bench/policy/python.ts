/** The Python that a bench compares with: what it must have, and how to get that. */

import { spawnSync } from "node:child_process";
import { notRun } from "../goals.ts";

/** What `peer.py` imports. */
const usual = ["torch", "transformers", "trl", "datasets"];

/** Ends the bench, with what is missing and the cure, unless the Python is given and has it all. */
export function needPython(path: string | undefined, bench: string, more: readonly string[] = []): void {
  const packages = [...usual, ...more];
  const cure = `Make one with \`python3 -m venv peer && peer/bin/pip install ${packages.join(" ")}\` (about 6 GB on Linux), then \`npm run bench:${bench} -- --python peer/bin/python\`.`;
  if (path === undefined) notRun(`a Python with ${packages.join(", ")}`, cure);
  const look = `import importlib.util as u; print(*[n for n in ${JSON.stringify(packages)} if u.find_spec(n) is None])`;
  const { stdout, error } = spawnSync(path, ["-c", look], { encoding: "utf8" });
  if (error) notRun(`the Python ${path}, which does not start (${error.message})`, cure);
  if (stdout.trim() !== "") notRun(`${stdout.trim().replaceAll(" ", ", ")} in the Python ${path}`, cure);
}
