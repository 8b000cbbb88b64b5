/** Reads programs in Python before they run, in a life where nothing of them runs: whether they parse, and what they define. */

import type { Answer, Sandbox } from "../sandbox/index.ts";
import type { ReadProgram } from "./read.ts";
import { callFunction } from "./run.ts";

/** Programs in one life: their trees take memory until it ends. */
const atOnce = 50;
/** As in JavaScript. */
const longest = 65_536;

const reader = `import ast

def read(source):
    try:
        tree = ast.parse(source)
        compile(source, "answer", "exec")
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        return {"error": str(error.args[0]) if error.args else type(error).__name__, "line": getattr(error, "lineno", None)}
    names = []
    for one in tree.body:
        if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(one.name)
        if isinstance(one, ast.Assign):
            names.extend(to.id for to in one.targets if isinstance(to, ast.Name))
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name):
            names.append(one.target.id)
    return {"names": names}
`;

type Told = { error: string; line: number | null; fault?: true } | { names: string[] };

/** Reads programs in Python, in its sandbox. What one of them does to the life that reads it is told of no other. */
export async function readPythonPrograms(
  sandbox: Sandbox,
  sources: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadProgram[]> {
  const read: ReadProgram[] = [];
  for (let i = 0; i < sources.length; i += atOnce) {
    const some = sources.slice(i, i + atOnce);
    const answers = await answersTo(sandbox, some, signal);
    for (const [k, source] of some.entries()) {
      const answer = answers[k]!;
      // It failed for itself or for another that was read before it: alone it is seen.
      const own = "failed" in answer && some.length > 1 ? (await answersTo(sandbox, [source], signal))[0]! : answer;
      read.push(readOf(source, "value" in own ? (own.value as Told) : { error: own.failed, line: null, ...own }));
    }
  }
  return read;
}

/** What the reader answers to some programs in one life; where the life fails, all fail. */
async function answersTo(
  sandbox: Sandbox,
  sources: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly (Answer & { fault?: true })[]> {
  const result = await callFunction(
    sandbox,
    { language: "python", text: reader, name: "read" },
    sources.map((one) => [one.length > longest ? "(" : one]),
    { limits: { stepMs: 10_000 }, signal },
  );
  if ("answers" in result) return result.answers;
  const { failed, fault } = result;
  return sources.map(() => ({ failed, ...(fault && { fault }) }));
}

function readOf(text: string, told: Told): ReadProgram {
  if ("error" in told) {
    const { error: message, line, fault } = told;
    return { errors: [{ message, line }], ...(fault && { fault }), text, defines: new Map() };
  }
  return { errors: [], text, defines: new Map(told.names.map((name) => [name, null])) };
}
