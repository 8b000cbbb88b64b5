/** An agent as it shows itself: its steps (from 0), what came of each, its genome with what the last step changed marked. */

import { escapeHtml, type MimeBundle, visible } from "../display/index.ts";
import type { Budget } from "../llm/index.ts";
import type { GenomeMember, LostNames } from "../sandbox/index.ts";
import type { Certificate } from "./certificate.ts";
import { compareGenomes } from "./genome.ts";
import { describeLost } from "./lost.ts";
import type { AgentOptions, AgentStep } from "./types.ts";

/** What a card shows of an agent. */
interface Shown {
  readonly options: Pick<AgentOptions, "llm" | "budget">;
  readonly born: readonly GenomeMember[];
  readonly history: readonly AgentStep[];
  readonly alive: boolean;
  readonly genome: readonly GenomeMember[];
  readonly certificate: Pick<Certificate, "survived" | "lastLiving"> | null;
  readonly lost: LostNames[];
  readonly budget: Budget;
}

/** The card of an agent, as HTML and as text. */
export function showAgent(agent: Shown): MimeBundle {
  const { history, alive, genome } = agent;
  const { survived, lastLiving } = agent.certificate ?? { survived: 0, lastLiving: agent.born };
  const { added, changed } = compareGenomes(lastLiving, genome);
  const fresh = new Set([...added, ...changed]);
  const state = alive
    ? `alive after ${survived} steps`
    : `dead: ${history.at(-1)!.report.verdict.replaceAll("_", " ")}`;
  const lost = describeLost(agent.lost);
  const rows = genome.map(({ name, kind, source }) => {
    const body = source.includes("\n")
      ? `<pre>${escapeHtml(source)}</pre>`
      : `<code>${escapeHtml(source.slice(0, 200))}</code>`;
    return `<tr><td style="text-align:left">${escapeHtml(name)}${fresh.has(name) ? " <b>•</b>" : ""}</td><td style="text-align:left;opacity:.7">${kind}</td><td style="text-align:left">${body}</td></tr>`;
  });
  const steps = history.map(({ program, report }, i) => {
    const mark = report.alive ? "✓" : "✗";
    const said = report.alive ? escapeHtml(report.output.trim().slice(0, 120)) : `<b>${escapeHtml(report.cause)}</b>`;
    return `<tr><td>${i}</td><td>${mark}</td><td style="text-align:left"><code>${escapeHtml(program.slice(0, 160))}</code></td><td style="text-align:left">${said}</td></tr>`;
  });
  const plain = [
    `AutonomousLLM (${agent.options.llm.name}), ${state}`,
    ...history.map(
      ({ program, report }, i) =>
        `  ${i} ${report.alive ? "ok " : "END"} ${program.split("\n")[0]!.slice(0, 90)}${report.alive ? "" : ` → ${report.cause}`}`,
    ),
    ...(agent.options.budget === undefined ? [] : [`  cost: ${String(agent.budget)}`]),
    ...(lost === "" ? [] : [`  ${lost}`]),
    `  genome: ${genome.map(({ name }) => name).join(", ") || "newborn"}`,
  ];
  return {
    "text/html": `<div><b>AutonomousLLM</b> (${escapeHtml(agent.options.llm.name)}), ${state}<table><thead><tr><th>step</th><th></th><th style="text-align:left">program</th><th style="text-align:left">what came of it</th></tr></thead><tbody>${steps.join("")}</tbody></table>${agent.options.budget === undefined ? "" : `<div style="opacity:.7">${escapeHtml(String(agent.budget))}</div>`}${lost === "" ? "" : `<div style="color:#d55e00">${escapeHtml(lost)}</div>`}<details><summary>genome: ${genome.length} members (• changed by the last step)</summary><table><tbody>${rows.join("")}</tbody></table></details></div>`,
    "text/plain": visible(plain.join("\n")),
  };
}
