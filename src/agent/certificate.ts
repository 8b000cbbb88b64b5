/** The end of a life, for a reader: what ended it, which program did it, what the agent was when it last acted, and how to go on. */

import { displaySymbol, escapeHtml, type MimeBundle, visible } from "../display/index.ts";
import { describeEffect, type GenomeMember, newbornGenome, type StepReport } from "../sandbox/index.ts";
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
  lastLiving: readonly GenomeMember[];
  /** What the last step changed in it. */
  edit: Edit;
  /** What a fork would do; empty while alive. */
  fork: string;
  [displaySymbol](): MimeBundle;
}

/** What a certificate is written from. */
export interface Ending extends Omit<Certificate, "edit" | typeof displaySymbol> {
  /** The genome after the last step; empty when none could be read. */
  after: readonly GenomeMember[];
}

/**
 * Writes the certificate of a life given as its steps. `born`: the genome it began with. `before`: where its last step began,
 * if not where the one before it ended.
 */
export function certify(
  steps: readonly { program: string; report: StepReport }[],
  {
    born = newbornGenome,
    before,
  }: { born?: readonly GenomeMember[]; before?: { genome: readonly GenomeMember[]; query: string | undefined } } = {},
): Certificate | null {
  const last = steps.at(-1);
  if (last === undefined) return null;
  const { report, program } = last;
  const { alive, verdict, cause, effects, genome } = report;
  const lastLiving = before?.genome ?? steps.at(-2)?.report.genome ?? born;
  const asked = before?.query ?? steps.at(-2)?.report.query ?? "";
  const fork = `agent.fork() begins again before step ${steps.length - 1}, with the ${lastLiving.length} members above${asked === "" ? "" : `, asked: ${asked.slice(0, 120)}`}`;
  const survived = steps.filter((step) => step.report.alive).length;
  return certificateOf({ alive, survived, verdict, cause, program, effects, lastLiving, after: genome, fork });
}

/** Writes a certificate. */
export function certificateOf({ after, ...ending }: Ending): Certificate {
  const { alive, lastLiving } = ending;
  const certificate = {
    ...ending,
    program: alive ? "" : ending.program,
    fork: alive ? "" : ending.fork,
    // A step that left nothing to read has not deleted everything.
    edit: compareGenomes(lastLiving, after.length === 0 ? lastLiving : after, [
      "last living genome",
      "after the last step",
    ]),
  };
  return { ...certificate, [displaySymbol]: () => show(certificate) };
}

function show(certificate: Omit<Certificate, typeof displaySymbol>): MimeBundle {
  const { alive, survived, verdict, cause, program, effects, lastLiving, edit, fork } = certificate;
  if (alive) return { "text/plain": `Alive after ${survived} steps.` };
  const members = lastLiving.map(({ name }) => name).join(", ");
  const rows: [string, string][] = [
    ["survived", `${survived} steps`],
    ["verdict", verdict.replaceAll("_", " ")],
    ["cause", cause],
    ...(program === "" ? [] : ([["the fatal program", program]] as [string, string][])),
    ...(edit.patch === ""
      ? []
      : ([["what it changed", edit.patch.split("\n").slice(3).join("\n").trimEnd()]] as [string, string][])),
    ...effects.map((effect): [string, string] => [
      "attempted",
      `${effect.kind}: ${describeEffect(effect)}, severity ${effect.severity}`,
    ]),
    ["last living genome", members || "none"],
    ["a fork", fork],
  ];
  const code = new Set(["the fatal program", "what it changed"]);
  const html = rows
    .map(([what, value]) => {
      const shown = code.has(what) ? `<code>${escapeHtml(value)}</code>` : escapeHtml(value);
      return `<tr><th style="text-align:left;vertical-align:top;font-weight:normal;opacity:.7">${what}</th><td style="text-align:left;white-space:pre-wrap">${shown}</td></tr>`;
    })
    .join("");
  const text = rows
    .map(([what, value]) => `${what.padEnd(20)}${value.replaceAll("\n", `\n${" ".repeat(20)}`)}`)
    .join("\n");
  return {
    "text/html": `<div style="border-left:4px solid #d55e00;padding-left:1em"><b>Death certificate</b><table>${html}</table></div>`,
    "text/plain": `Death certificate\n${visible(text)}`,
  };
}
