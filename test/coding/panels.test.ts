/** The panels of an evaluation of code: what stands where, and what the legend says. */

import assert from "node:assert/strict";
import type { ContestantFigures } from "../../src/coding/figures.ts";
import { levelPanels } from "../../src/coding/panels.ts";
import { displaySymbol } from "../../src/display/index.ts";

const interval = (estimate: number) => ({ estimate, low: estimate - 0.1, high: estimate + 0.1 });
const contestant = (tasks: object) => ({ tasks }) as unknown as ContestantFigures;
const tasks = ["text-to-code", "bug-fixing", "completion"] as const;
const results = {
  base: contestant({
    // In the order in which they were met.
    "text-to-code": { byLevel: { 2: interval(0.5), 10: interval(0.2), 1: interval(0.9) } },
    "bug-fixing": { byLevel: { 1: interval(0.4) } },
  }),
  trained: contestant({ "text-to-code": { byLevel: { 1: interval(0.7) } } }),
};

describe("the panels of code", () => {
  const { data, layout, ...shown } = levelPanels(results, tasks as never);
  const traces = data as { [key: string]: unknown }[];
  const lines = traces.filter(({ mode }) => mode === "lines+markers");
  const bands = traces.filter(({ fill }) => fill === "toself");

  it("have a line and its band for each contestant in each panel, by rising level", () => {
    assert.deepEqual([lines.length, bands.length, traces.length], [6, 6, 12]);
    assert.deepEqual(
      [lines[0]!.x, lines[0]!.y],
      [
        [1, 2, 10],
        [0.9, 0.5, 0.2],
      ],
    );
    const y = (bands[0]!.y as number[]).map((value) => Number(value.toFixed(1)));
    assert.deepEqual(
      [bands[0]!.x, y],
      [
        [1, 2, 10, 10, 2, 1],
        [1, 0.6, 0.3, 0.1, 0.4, 0.8],
      ],
    );
    assert.deepEqual([lines[5]!.x, bands[5]!.y], [[], []], "it did none of these");
    for (const [i, line] of lines.entries()) assert.equal(line.xaxis, bands[i]!.xaxis);
  });

  it("name each contestant once, in its colour, and no band", () => {
    assert.deepEqual(
      traces.filter(({ showlegend }) => showlegend !== false).map(({ name }) => name),
      ["base", "trained"],
    );
    const colours = lines.map(({ line }) => (line as { color: string }).color);
    assert.deepEqual([new Set(colours).size, colours[0], colours[1]], [2, colours[2], colours[3]]);
    for (const [i, { fillcolor, hoverinfo, legendgroup }] of bands.entries())
      assert.deepEqual([fillcolor, hoverinfo, legendgroup], [`${colours[i]}26`, "skip", lines[i]!.name]);
  });

  it("stand side by side without touching, each under its task's name", () => {
    const of = layout as { [axis: string]: { domain: [number, number] } };
    const domains = ["xaxis", "xaxis2", "xaxis3"].map((axis) => of[axis]!.domain);
    assert.equal(of.xaxis4, undefined);
    for (const [i, [left, right]] of domains.entries())
      assert.ok(
        left >= (domains[i - 1]?.[1] ?? -0.01) + 0.01 && right > left + 0.25 && right <= 1,
        `${left} to ${right}`,
      );
    const { annotations } = layout as unknown as { annotations: { text: string; x: number }[] };
    for (const [i, { text, x }] of annotations.entries()) {
      assert.equal(text, `<b>${tasks[i]}</b>`);
      assert.ok(x > domains[i]![0] && x < domains[i]![1]);
    }
  });

  it("say the same as text", () => {
    const text = (shown as { [displaySymbol](): { "text/plain"?: unknown } })[displaySymbol]()["text/plain"];
    assert.equal(
      String(text).split("\n").slice(-2).join("\n"),
      "base: text-to-code 1: 90 %, 2: 50 %, 10: 20 %; bug-fixing 1: 40 %; completion \n" +
        "trained: text-to-code 1: 70 %; bug-fixing ; completion ",
    );
  });
});
