/** The Python row of the sandbox's bench: the programs of `bench/sandbox.ts` in Python, and a locked CPython process a life as its peer. */

import { execFile, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

const kinds = [
  (i: number) => `self.memory = state.get("memory", 0) + ${i}`,
  (i: number) => `def greet${i}():\n    return "hello, world ${i}"\ngreet${i}()`,
  (i: number) => `self.words = [len(w) for w in "to be or not to be ${i}".split()]`,
  () => `old = execute_code\nself.execute_code = (lambda old: lambda code: old(code))(old)`,
  (i: number) => `s = 0\nfor i in range(${100 + (i % 100)}):\n    s += i\nself.sum = s`,
];

/** A life's programs, as those in JavaScript. */
export function pythonPrograms(life: number, steps: number): string[] {
  return Array.from({ length: steps }, (_, step) => kinds[(life + step) % kinds.length]!(life * 31 + step));
}

const agent = `import json, sys
class Agent: pass
self = Agent()
state = self.__dict__
state.update(self=self, state=state)
def execute_code(code): exec(code, state)
state["execute_code"] = execute_code
for n, program in enumerate(json.loads(sys.argv[1])):
    state["execute_code"](program)
    state["execute_code"](f"probe_{n} = {n} * 3")
    assert state.pop(f"probe_{n}") == n * 3
print("true")`;

/** CPython of the system behind bubblewrap, a process a life; null where either is missing. */
export function pythonProcess(): { version: string; live(programs: readonly string[]): Promise<boolean> } | null {
  const lock = [
    "bwrap",
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "--cap-drop",
    "ALL",
    "--ro-bind",
    "/",
    "/",
  ];
  const command = [...lock, "--proc", "/proc", "--dev", "/dev", "--", "python3", "-c", agent];
  const { stdout, status } = spawnSync(command[0]!, [...command.slice(1, -2), "--version"], { encoding: "utf8" });
  if (status !== 0) return null;
  return {
    version: stdout.trim(),
    live: (programs) =>
      new Promise((resolve) => {
        execFile(command[0]!, [...command.slice(1), JSON.stringify(programs)], (_, out) =>
          resolve(out.trim() === "true"),
        );
      }),
  };
}

/** Processor milliseconds and resident MiB of processes and all that they started. Linux. */
export function usedBy(pids: readonly number[]): { ms: number; mib: number } {
  let [ms, mib] = [0, 0];
  for (const pid of pids) {
    if (!existsSync(`/proc/${pid}/stat`)) continue;
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ");
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    const below = usedBy(children.map(Number));
    ms += (Number(fields[11]) + Number(fields[12])) * 10 + below.ms;
    mib += Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) / 256 + below.mib;
  }
  return { ms, mib };
}
