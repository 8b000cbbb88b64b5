/** What a program's text would do if all of it ran, in the language of any body: for who asks, and for no verdict. */

import { findStatically as findInJavaScript } from "./bodies/javascript/findings.ts";
import { SandboxFailure } from "./host/error.ts";
import type { Finding, Sandbox } from "./types.ts";

/**
 * Findings in order of their place. A program that cannot be parsed, or is too long to be (16,384 characters; 1,024 where
 * it has types), has none: its verdict says so anyway. Alone it reads JavaScript at once; with a sandbox it reads the language of
 * its agents: Python is parsed in one of its locked children, so the answer is promised, and rejects with a SandboxFailure where
 * that child could not look.
 */
export function findStatically(program: string): Finding[];
export function findStatically(program: string, options: { sandbox: Sandbox }): Promise<Finding[]>;
export function findStatically(program: string, options?: { sandbox: Sandbox }): Finding[] | Promise<Finding[]> {
  if (options === undefined) return findInJavaScript(program);
  const { body } = options.sandbox;
  if (body.findings === undefined)
    throw new SandboxFailure({
      kind: "option",
      name: "sandbox",
      expected: "one whose body can be looked at without running it",
      value: body.name,
    });
  return Promise.resolve(body.findings(program, options.sandbox));
}
