/**
 * The process of Python's lives: Node without any addon, CPython in WebAssembly. `--jitless` is not possible, since it takes
 * WebAssembly away; but guests have no JavaScript, and cannot bring WebAssembly of their own.
 */

import type { ChildPlan } from "../../host/body.ts";
import type { Greeting } from "./child/main.ts";
import type { Marks } from "./child/types.ts";
import { findPython } from "./install.ts";
import { childScripts, preludeText } from "./scripts.ts";

/** Most data a child may hold, with the 512 MiB that V8 reserves for code: the sum is in docs/security.md. What a life may have is held by CPython's own memory. */
const dataBytes = 1536 * 1024 * 1024;

const flags = [
  ...["--no-warnings", "--disable-sigusr1", "--v8-pool-size=1", "--input-type=commonjs", "--expose-gc"],
  ...["--max-old-space-size=128", "--disallow-code-generation-from-strings"],
  // One compiler of WebAssembly is less to be wrong in, and takes less memory; it is as fast for an interpreter.
  "--liftoff-only",
  // Nor does its code count calls for the other compiler, which costs a sixth of a life.
  "--no-wasm-inlining",
  // CPython's own limits of recursion are reached first.
  "--stack-size=3000",
];

/** The process of the lives; without a snapshot, the one that makes it. */
export function childPlan(snapshot: { path: string; marks: Marks } | null): ChildPlan {
  const { wasm, archive } = findPython();
  const [pipe, boot, ...sources] = childScripts();
  const greeting: Greeting = {
    sources,
    files: { wasm, archive, snapshot: snapshot?.path ?? null },
    prelude: snapshot === null ? preludeText() : "",
    marks: snapshot?.marks ?? null,
  };
  return {
    flags,
    script: `${pipe![1]}\n${boot![1]}`,
    files: [wasm, archive, ...(snapshot === null ? [] : [snapshot.path])],
    greeting: JSON.stringify(greeting),
    dataBytes,
  };
}
