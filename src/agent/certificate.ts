/** The end of a life, for a reader: what ended it, which program did it, and what the agent was when it last acted. */

import { displaySymbol, escapeHtml, type MimeBundle } from "../display/index.ts";
import type { Gene, StepReport } from "../sandbox/index.ts";
import { compareGenomes, type Edit } from "./genome.ts";

/** A death certificate, or the note that the agent is alive. */
export interface Certificate {
  alive: boolean;
  /** Steps survived. */
  survived: number;
  verdict: StepReport["verdict"];
  cause: string;
  /** The program that ended the life; empty while alive. */
  program: string;
  effects: StepReport["effects"];
  /** The genome before the last step. */
  lastLiving: readonly Gene[];
  edit: Edit;
  [displaySymbol](): MimeBundle;
}

/** Writes the certificate of a life given as its steps. */
export function certify(steps: readonly { program: string; report: StepReport }[]): Certificate | null {
  const last = steps.at(-1);
  if (last === undefined) return null;
  const { report, program } = last;
  const lastLiving = steps.at(-2)?.report.genome ?? [];
  const survived = report.alive ? steps.length : steps.length - 1;
  const certificate = {
    alive: report.alive,
    survived,
    verdict: report.verdict,
    cause: report.cause,
    program: report.alive ? "" : program,
    effects: report.effects,
    lastLiving,
    edit: compareGenomes(lastLiving, report.genome, ["last living genome", "after the fatal step"]),
  };
  return { ...certificate, [displaySymbol]: () => show(certificate) };
}

function show({
  alive,
  survived,
  verdict,
  cause,
  program,
  effects,
  lastLiving,
}: Omit<Certificate, typeof displaySymbol>): MimeBundle {
  if (alive) return { "text/plain": `Alive after ${survived} steps.` };
  const genes = lastLiving.map(({ name }) => name).join(", ");
  const rows: [string, string][] = [
    ["survived", `${survived} steps`],
    ["verdict", verdict.replaceAll("_", " ")],
    ["cause", cause],
    ["the fatal program", program],
    ...effects.map((e): [string, string] => [
      "attempted",
      `${e.kind}: ${e.api}(${e.arguments.join(", ")}), severity ${e.severity}`,
    ]),
    ["last living genome", genes || "newborn"],
  ];
  const html = rows
    .map(([what, value]) => {
      const shown = what === "the fatal program" ? `<code>${escapeHtml(value)}</code>` : escapeHtml(value);
      return `<tr><th style="text-align:left;font-weight:normal;opacity:.7">${what}</th><td style="text-align:left;white-space:pre-wrap">${shown}</td></tr>`;
    })
    .join("");
  const text = rows.map(([what, value]) => `${what.padEnd(20)}${value}`).join("\n");
  return {
    "text/html": `<div style="border-left:4px solid #d55e00;padding-left:1em"><b>Death certificate</b><table>${html}</table></div>`,
    "text/plain": `Death certificate\n${text}`,
  };
}
