/**
 * Code evaluated in V8's REPL mode through the inspector, and what comes of it: the very value that was thrown, the place
 * of what V8 refuses. Not here: whose code it is, and when it is stopped (`main.ts`).
 */

import { type Runtime, Session } from "node:inspector";
import { CellSyntaxError, type PreparedCell, prepareCell } from "../../language/rewrite.ts"; // not the compiler, which this process never needs
import { type KnownCode, keepCode } from "./stack.ts";

const session = new Session();
session.connect();

/**
 * What the inspector holds of an evaluation goes by a number of its own: what holds one that was stopped, and so will never
 * end, must stay. Its promise would be collected, and V8 tells of that in the midst of a collection, where no code may run.
 */
let lastEvaluation = 0;

const caught = { value: undefined as unknown };

/** Where the inspector puts a value for `thrownBy`. */
export function catchValue(value: unknown): void {
  caught.value = value;
}

/** Names that cells have declared: declared once, so that a cell that fails leaves what was there before it. */
const declared = new Set<string>();

/** Each piece of code has a number of its own: whatever else was run or refused before, traces find the right one. */
let lastCode = 0;

/** Makes code ready and keeps it for the traces of what it will throw, now or later. Throws a CellSyntaxError. */
export function prepare(code: KnownCode): PreparedCell {
  const id = ++lastCode;
  keepCode(id, code);
  const prepared = prepareCell(code.source, id);
  code.locate = prepared.locate;
  return prepared;
}

/** Evaluates a prepared cell; resolves when it, and what it awaits, is done. Rejects with what it threw. */
export async function evaluate(prepared: PreparedCell): Promise<void> {
  const fresh = prepared.names.filter((name) => !declared.has(name));
  if (fresh.length > 0) await evaluateCode(`let ${fresh.join(", ")};`);
  for (const name of fresh) declared.add(name);
  await evaluateCode(prepared.code, prepared);
}

/** Goes once through all that a cell takes, with one that leaves nothing behind: the first real one need not wait for it. */
export async function warmUp(): Promise<void> {
  const { code } = prepareCell("0", 0);
  await evaluateCode(code);
}

function evaluateCode(expression: string, prepared?: PreparedCell): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const objectGroup = `evaluation-${++lastEvaluation}`;
  const how = { expression, objectGroup, replMode: true, awaitPromise: true, silent: true };
  session.post("Runtime.evaluate", how, (error, done) => {
    const details = (done as Runtime.EvaluateReturnType | undefined)?.exceptionDetails;
    if (error !== null) reject(error);
    else if (details === undefined) resolve();
    else reject(refusedByV8(details, prepared) ?? thrownBy(details.exception!));
    // The inspector keeps what a cell comes to, until it is told that nobody will ask for it.
    session.post("Runtime.releaseObjectGroup", { objectGroup });
  });
  return promise;
}

/** V8 refuses some code that the parser takes. Such an error has no frames: V8 says beside it where it is. */
function refusedByV8(
  { exception, stackTrace, lineNumber, columnNumber }: Runtime.ExceptionDetails,
  prepared: PreparedCell | undefined,
): CellSyntaxError | null {
  if (exception?.className !== "SyntaxError" || stackTrace !== undefined) return null;
  const at = prepared?.locate(lineNumber + 1, columnNumber) ?? null;
  const { message } = thrownBy(exception) as Error;
  return at === null ? null : new CellSyntaxError(message, at.line, at.column);
}

/** The very value that was thrown, out of the inspector's description of it. */
function thrownBy(exception: Runtime.RemoteObject): unknown {
  const { objectId, unserializableValue: special } = exception;
  if (exception.type === "bigint") return BigInt(String(special).slice(0, -1));
  if (special !== undefined) return Number(special);
  if (objectId === undefined) return exception.value; // null and undefined too
  caught.value = undefined;
  const functionDeclaration = 'function () { "use strict"; __caught(this); }'; // or a symbol would come in a box
  session.post("Runtime.callFunctionOn", { objectId, functionDeclaration });
  const value = caught.value;
  caught.value = undefined;
  return value;
}

/** Before cells run, which may put a clock of their own in its place. */
const { setImmediate: later } = globalThis;

/** Resolves in the next turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => void later(resolve));
}

/** What a value comes to, in an object: nothing else may await it, since one that is no promise may refuse to be asked. */
export async function settled(value: unknown): Promise<{ value: unknown }> {
  let isPromise = false;
  try {
    isPromise = typeof (value as PromiseLike<unknown>).then === "function";
  } catch {} // nothing has no `then` either
  return { value: isPromise ? await value : value };
}
