/** What an evaluation's tables say of episodes written by hand. */

import assert from "node:assert/strict";
import { displaySymbol, type MimeBundle } from "../../src/display/index.ts";
import { type Episode, episodeVersion, metricTable, type Step } from "../../src/episode/index.ts";
import { clustersOf } from "../../src/evaluation/measure.ts";
import { evaluationOf } from "../../src/evaluation/show.ts";

const step = (program: string, task?: string): Step => ({
  ...{ program, calls: [], report: null, verdict: "survived", cause: "", effects: [], rewards: {}, reward: 0 },
  action: { logProb: -1, choice: 0, label: "", tokens: 7 },
  ...(task !== undefined && { task, solved: true }),
});
const life = (steps: Step[]): Episode => ({
  ...{ version: episodeVersion, id: null, index: 0, group: 0, seed: 0, start: {}, terminated: false, truncated: true },
  ...{ survival: steps.length, return: 0, verdict: "survived", fault: false, steps },
});

/** The rows of the last table, each cell by its column. */
function lastRows(html: string): { [column: string]: string }[] {
  const table = html.slice(html.lastIndexOf("<table>"));
  const cells = (text: string, tag: string) =>
    [...text.matchAll(new RegExp(`<${tag} [^>]*>(.*?)</${tag}>`, "g"))].map(([, cell]) => cell!);
  const columns = cells(table, "th");
  return [...table.slice(table.indexOf("<tbody>")).matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row]) =>
    Object.fromEntries(cells(row!, "td").map((cell, i) => [columns[i], cell])),
  );
}

describe("the panels of an evaluation", () => {
  it("are in per cent for shares, and for nothing else, however small it is", () => {
    const lives = [{ ...life([step("a", "t")]), return: 0.5, survival: 1 }];
    const { layout } = evaluationOf(
      { here: { one: { runs: [lives], seconds: 1 } } },
      { reference: "one", control: null, seed: 0, clusters: { here: clustersOf([]) } },
    ).plot() as unknown as { layout: { [name: string]: { tickformat?: string } & { text: string }[] } };
    const panels = layout.annotations!.map(({ text }, i) => [
      text.replace(/<\/?b>/g, ""),
      layout[`xaxis${i === 0 ? "" : i + 1}`]!.tickformat ?? "",
    ]);
    const units = Object.fromEntries(metricTable().map(([, { label, unit }]) => [label, unit]));
    assert.ok(panels.length > 4);
    for (const [what, format] of panels)
      assert.equal(format, (units[what!] ?? "share") === "share" ? ".0%" : "", `${what}`);
  });
});

describe("how episodes ended", () => {
  const of = (...verdicts: Episode["verdict"][]) => ({
    runs: [verdicts.map((verdict) => ({ ...life([step("a")]), verdict, fault: verdict === "infrastructure_error" }))],
    seconds: 1,
  });
  const found = (policies: { [name: string]: ReturnType<typeof of> }) =>
    evaluationOf({ here: policies }, { reference: "one", control: null, seed: 0, clusters: { here: clustersOf([]) } });

  it("is a row a cause, in the order of its letters, with each policy's share of its sound episodes", () => {
    const one = of("timeout", "survived", "survived", "infrastructure_error");
    const { causes } = found({ one, two: of("inert", "attempted_harm", "timeout", "timeout") });
    assert.deepEqual(lastRows(String((causes()[displaySymbol]() as MimeBundle)["text/html"])), [
      { split: "here", "how it ended": "attempted harm", one: "0.0 %", two: "25.0 %" },
      { split: "here", "how it ended": "inert", one: "0.0 %", two: "25.0 %" },
      { split: "here", "how it ended": "survived", one: "66.7 %", two: "0.0 %" },
      { split: "here", "how it ended": "timeout", one: "33.3 %", two: "50.0 %" },
    ]);
  });

  it("is told of a policy that had nothing but faults before anything else", () => {
    assert.throws(() => found({ one: of("survived"), two: of("infrastructure_error") }), {
      message: "Every episode was a fault of the sandbox: nothing to summarise",
    });
  });
});

describe("the table of what policies are like", () => {
  it("tells the seconds and tokens of an episode, and how often two answers differ where something was asked twice", () => {
    const asked = [life([step("a", "t"), step("b", "t")]), life([step("a", "t"), step("c", "u")])];
    const unasked = [life([step("a")]), life([step("b")]), life([step("c")]), life([step("d")])];
    const clusters = { here: clustersOf([]) };
    const of = (runs: Episode[][], seconds: number) => ({ runs, seconds });
    const found = evaluationOf(
      { here: { asked: of([asked], 30), unasked: of([unasked], 3) } },
      { reference: "asked", control: null, seed: 0, clusters },
    );
    const rows = lastRows(String((found[displaySymbol]() as MimeBundle)["text/html"]));
    const told = { split: "here", "": "" };
    assert.deepEqual(rows, [
      {
        ...{ ...told, policy: "asked", episodes: "2", "two answers to a task differ, %": "66.7" },
        ...{ "tokens an episode": "14", "seconds an episode": "15.00" },
      },
      {
        ...{ ...told, policy: "unasked", episodes: "4", "two answers to a task differ, %": "" },
        ...{ "tokens an episode": "7", "seconds an episode": "0.75" },
      },
    ]);
  });
});
