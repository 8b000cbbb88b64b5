/** The calls of all clients: files of them in Python, each with its versions; OpenEnv's own validator; and mypy on our package. */

import { spawn } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { textTable } from "../../src/display/index.ts";

/** What a client made of a call. */
export interface Outcome {
  client: string;
  call: string;
  outcome: "right" | "wrong";
  why: string;
}

/** Runs them one after the other: some take all sessions that there are. */
export async function runCalls(
  { path, old, verifiers }: { path: string; old: string; verifiers: string },
  url: string,
  expected: string,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const [file, env] of [
    ["calls.py", {}],
    ["connection.py", {}],
    ["vector.py", {}],
    ["old_client.py", { PYTHONPATH: old }],
    ["verifiers_taskset.py", { PYTHONPATH: verifiers }],
  ] as const)
    outcomes.push(...(await runFile(path, file, [url, expected], env)));
  outcomes.push(await validate(path, url), await checkTypes(path));
  return outcomes;
}

/** OpenEnv's own validator, which asks the server over HTTP. */
async function validate(python: string, url: string): Promise<Outcome> {
  const { code, out, error } = await run(join(dirname(python), "openenv"), ["validate", "--url", url]);
  const passed = out.split("\n").filter((line) => /^\s*PASS /.test(line)).length;
  const isRight = code === 0 && /Verdict: PASS/.test(out) && passed === 6;
  const told = isRight ? `PASS, ${passed} of 6` : tail(out + error);
  return { client: "openenv", call: "openenv validate --url", outcome: isRight ? "right" : "wrong", why: told };
}

/** The package's types, by its own settings (strict) against the versions that it is used with here. */
async function checkTypes(python: string): Promise<Outcome> {
  const cache = resolve(dirname(python), "../../mypy");
  const folder = resolve(import.meta.dirname, "../../python");
  const config = ["--config-file", join(folder, "pyproject.toml"), "--cache-dir", cache];
  const args = ["-m", "mypy", ...config, join(folder, "src", "autoagent_env")];
  const { code, out, error } = await run(python, args);
  const outcome = code === 0 ? "right" : "wrong";
  return { client: "mypy", call: "mypy --strict on autoagent_env", outcome, why: tail(out + error) };
}

/** A file of calls in Python, and what it tells of them. */
export async function runFile(
  python: string,
  file: string,
  args: readonly string[],
  env: { [name: string]: string } = {},
): Promise<Outcome[]> {
  const { code, out, error } = await run(python, [join(import.meta.dirname, file), ...args], env);
  const lines = out.split("\n").filter((line) => line.startsWith('{"client"'));
  const outcomes = lines.map((line) => JSON.parse(line) as Outcome);
  return code === 0 ? outcomes : [...outcomes, { client: file, call: "all", outcome: "wrong", why: tail(error) }];
}

/** Prints the calls as a table and gives the exit code: 1 where one is wrong, or there are fewer than there must be. */
export function reportOutcomes(outcomes: readonly Outcome[], { least }: { least: number }): number {
  const wrong = outcomes.filter(({ outcome }) => outcome !== "right").length;
  const rows = outcomes.map(({ client, call, outcome, why }) => ({
    ...{ client, call, outcome: outcome === "right" ? "right" : "WRONG", "what or why": why },
  }));
  console.log(textTable(rows, { caption: `${outcomes.length} calls, ${wrong} wrong` }));
  return wrong > 0 || outcomes.length < least ? 1 : 0;
}

function run(
  program: string,
  args: string[],
  env: { [name: string]: string } = {},
): Promise<{ code: number | null; out: string; error: string }> {
  return new Promise((resolve, reject) => {
    // Neither a variable of the user's nor a proxy may change what is asked here.
    const { AUTOAGENT_ENV: _url, AUTOAGENT_TOKEN: _token, ...rest } = process.env;
    const child = spawn(program, args, { env: { ...rest, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    let out = "";
    let error = "";
    child.stdout.setEncoding("utf8").on("data", (piece: string) => {
      out += piece;
    });
    child.stderr.setEncoding("utf8").on("data", (piece: string) => {
      error += piece;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, out, error }));
  });
}

function tail(text: string): string {
  return text.trim().split("\n").slice(-3).join(" ").slice(-400);
}
