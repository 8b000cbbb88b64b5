/** Reads programs in Python before they run, in a life where nothing of them runs: whether they parse, and what they define. */

import type { Sandbox } from "../sandbox/index.ts";
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
    return {"names": names}
`;

type Told = { error: string; line: number | null } | { names: string[] };

/** Reads programs in Python, in its sandbox. */
export async function readPythonPrograms(
  sandbox: Sandbox,
  sources: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadProgram[]> {
  const read: ReadProgram[] = [];
  for (let i = 0; i < sources.length; i += atOnce) {
    const some = sources.slice(i, i + atOnce).map((one) => (one.length > longest ? "(" : one));
    const result = await callFunction(
      sandbox,
      { language: "python", text: reader, name: "read" },
      some.map((source) => [source]),
      { limits: { stepMs: 10_000 }, signal },
    );
    for (const [k, source] of some.entries()) {
      const answer = "failed" in result ? result : result.answers[k]!;
      read.push(readOf(source, "value" in answer ? (answer.value as Told) : { error: answer.failed, line: null }));
    }
  }
  return read;
}

function readOf(text: string, told: Told): ReadProgram {
  if ("error" in told) return { errors: [{ message: told.error, line: told.line }], text, defines: new Map() };
  return { errors: [], text, defines: new Map(told.names.map((name) => [name, null])) };
}
