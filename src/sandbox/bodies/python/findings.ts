/**
 * What the text of a program in Python would do if all of it ran. Only CPython knows its own language, and its parser is code that
 * a text can make crash: so the look is a program of ours (`findings.py`) in a life of its own, in a locked child.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SandboxFailure } from "../../host/error.ts";
import type { BodyFacts, Finding } from "../../types.ts";

/** Longest programs that are looked at, as in JavaScript. */
const longest = 16_384;
let look: string | undefined;

/**
 * See `findStatically`. A text that CPython refuses, or that is too long, has none.
 * @throws {SandboxFailure} where the sandbox failed: what was not looked at is not free of findings
 */
export const findings: NonNullable<BodyFacts["findings"]> = async (program, { open }) => {
  if (program.length > longest) return [];
  look ??= readFileSync(join(import.meta.dirname, "findings.py"), "utf8");
  const life = await open({ seed: 0, limits: { stepMs: 2000, memoryMiB: 64 } });
  try {
    const report = await life.step(look, `self.text = ${JSON.stringify(program)}`);
    if (report.verdict === "infrastructure_error") {
      const [cause] = report.cause.split(". Program: "); // which is ours
      throw new SandboxFailure({ kind: "look", cause: cause! });
    }
    const read = report.alive ? await life.read("found") : null;
    const [answer] = read !== null && "answers" in read ? read.answers : [];
    const rows = answer !== undefined && "value" in answer ? (answer.value as [string, string, number, boolean][]) : [];
    return rows.map(([kind, text, line, latent]) => ({ kind, text, line, latent }) as Finding);
  } finally {
    await life.close();
  }
};
