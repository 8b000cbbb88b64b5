/**
 * How large a function and a file may be, that no files import each other in a circle, and that comments name files that there
 * are. What must be longer is listed with its reason; an entry that is not longer any more fails the test, so that no list is stale.
 */

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { type ArrowFunctionExpression, type Function as FunctionNode, Visitor } from "oxc-parser";
import { findCircles, importEdges, type SourceFile, sourceFiles } from "../scripts/sources.ts";

/** A function fits a screen. */
const longestFunction = 80;
const longestFile = 300;

const inGuest =
  "one text, compiled into the guest's isolate: it can import nothing, and must leave no name behind there";
const inChild =
  "one text, passed to the locked child by `-e`: it can import nothing, and shares what it captured first";

const child = "src/sandbox/bodies/javascript/child";

const pythonChild = "src/sandbox/bodies/python/child";
const inPythonChild = "one script of the locked child: it can import nothing, and leaves one maker behind";
const pythonScopes = [
  ...[
    "agent",
    "audit",
    "calls",
    "hooks",
    "imports",
    "lives",
    "machine",
    "main",
    "objects",
    "plain",
    "source",
    "world",
  ].map((name) => [`${pythonChild}/${name}.ts (unnamed)`, inPythonChild] as const),
  ...["Agent", "Files", "Imports", "Lives", "Machine", "Objects", "Plain", "World"].map(
    (name) => [`${pythonChild}/${name.toLowerCase()}.ts make${name}`, inPythonChild] as const,
  ),
];

/** Functions that must stay one closed scope, and why. */
const closedScopes: { [named: string]: string } = {
  [`${child}/builtins.ts (unnamed)`]: inGuest,
  [`${child}/decoy.ts (unnamed)`]: inGuest,
  [`${child}/decoys.ts (unnamed)`]: inGuest,
  [`${child}/guest.ts (unnamed)`]: inGuest,
  [`${child}/inquiry.ts (unnamed)`]: inGuest,
  [`${child}/plain.ts (unnamed)`]: inGuest,
  [`${child}/probing.ts (unnamed)`]: inGuest,
  [`${child}/values.ts (unnamed)`]: inGuest,
  [`${child}/climb.ts makeClimbs`]: inChild,
  [`${child}/compile.ts makeCompile`]: inChild,
  [`${child}/main.ts (unnamed)`]: inChild,
  ...Object.fromEntries(pythonScopes),
  "kernel/labextension/static/remoteEntry.js (unnamed)":
    "one script, which JupyterLab loads as it is: it must leave no name behind in the page",
};

/** Files that hold one of these and no more. */
const closedFiles: { [path: string]: string } = {
  [`${child}/decoys.ts`]: inGuest,
  [`${child}/main.ts`]: inChild,
  [`${pythonChild}/main.ts`]: inPythonChild,
};

describe("the house", () => {
  const files = sourceFiles(["kernel", "src", "corpus", "bench", "scripts"]);

  it(`has no function of more than ${longestFunction} lines, closed scopes aside`, () => {
    const long = files.flatMap((file) =>
      functionsOf(file)
        .filter(({ lines }) => lines > longestFunction)
        .map(({ name }) => `${file.path} ${name}`),
    );
    compare(long, closedScopes);
  });

  it(`has no file of more than ${longestFile} lines, closed scopes aside`, () => {
    const long = files.filter(({ text }) => linesOf(text) > longestFile).map(({ path }) => path);
    compare(long, closedFiles);
  });

  it("opens no file with a comment that names a file which is not there", () => {
    const known = [...files, ...sourceFiles(["test"])].map(({ path }) => path);
    const absent = files.flatMap((file) => absentNames(file, known).map((name) => `${file.path}: ${name}`));
    assert.deepEqual(absent, [], "name the file by its path from `src/` on, or the one that took its place");
  });

  it("has no test with a time limit of its own, but for long runs that are asked for", () => {
    const limited = sourceFiles(["test"]).flatMap(({ path, text }) =>
      [...text.matchAll(/\.timeout\((.*)\);/g)]
        .filter(([, limit]) => !/^(stress|every === 1) \? [\d_]+ : 600_000$/.test(limit!))
        .map(([, limit]) => `${path}: ${limit}`),
    );
    assert.deepEqual(limited, [], "wait with test/waiting.ts: a busy machine is slow, and only what hangs fails");
  });

  it("has no circle between files, types included", () => {
    assert.deepEqual(findCircles(importEdges(files)), [], "files that import each other: take out what both need");
  });
});

/** Files that a file's opening comment names and that are not there: in its own noun's folder by their name, elsewhere by their path. */
function absentNames({ path, text }: SourceFile, known: readonly string[]): string[] {
  const opening = /^\/\*\*[\s\S]*?\*\//.exec(text)?.[0] ?? "";
  const nounOf = (one: string): string => dirname(one).split("/").slice(0, 2).join("/");
  const near = (other: string): boolean => dirname(path).startsWith(dirname(other)) || nounOf(other) === nounOf(path);
  return [...opening.matchAll(/`([\w./-]+\.(?:ts|mjs))`/g)]
    .map(([, name]) => name!)
    .filter((name) => {
      if (name.startsWith("../")) return !known.includes(join(dirname(path), name));
      const found = known.filter((other) => other === name || other.endsWith(`/${name}`));
      return !(name.includes("/") ? found.length > 0 : found.some(near));
    });
}

/** Nothing is too long but what may be, and nothing may be that is not. */
function compare(found: readonly string[], closed: { [named: string]: string }): void {
  assert.deepEqual(
    found.filter((one) => !Object.hasOwn(closed, one)),
    [],
    "too long: cut it",
  );
  assert.deepEqual(
    Object.keys(closed).filter((one) => !found.includes(one)),
    [],
    "not too long any more: strike it out of the list",
  );
}

function linesOf(text: string): number {
  return text.split("\n").length - 1;
}

/** Every function of a file, by its own name or by that of what it is given to. */
function functionsOf({ text, parsed }: SourceFile): { name: string; lines: number }[] {
  const found: { name: string; lines: number }[] = [];
  const names = new Map<number, string>();
  const call = (value: { start: number } | null, name: string): void => {
    if (value !== null) names.set(value.start, name);
  };
  const note = (one: FunctionNode | ArrowFunctionExpression): void => {
    const own = "id" in one && one.id !== null ? one.id.name : names.get(one.start);
    found.push({ name: own ?? "(unnamed)", lines: linesOf(text.slice(one.start, one.end)) + 1 });
  };
  new Visitor({
    VariableDeclarator: ({ id, init }) => call(init, id.type === "Identifier" ? id.name : "(unnamed)"),
    Property: ({ key, value }) => call(value, key.type === "Identifier" ? key.name : "(unnamed)"),
    MethodDefinition: ({ key, value }) => call(value, key.type === "Identifier" ? key.name : "(unnamed)"),
    AssignmentExpression({ left, right }) {
      if (left.type === "MemberExpression" && left.property.type === "Identifier") call(right, left.property.name);
    },
    FunctionDeclaration: note,
    FunctionExpression: note,
    ArrowFunctionExpression: note,
  }).visit(parsed.program);
  return found;
}
