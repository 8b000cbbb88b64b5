/** Policies side by side: where each panel and each mark stands, and the numbers in text. */

import assert from "node:assert/strict";
import { type ComparisonRow, comparisonPlot } from "../../src/plot/index.ts";

const interval = (low: number, estimate: number, high: number) => ({ low, estimate, high });
const rows: ComparisonRow[] = [
  {
    split: "training",
    name: "head",
    figures: { solved: interval(0.2, 0.3, 0.5), steps: interval(3, 4, 6), kept: interval(1, 1, 1) },
  },
  { split: "training", name: "plain", figures: { solved: interval(0.1, 0.1, 0.1) } },
  { split: "held-out", name: "head", figures: { solved: interval(0, 0.2, 0.9) } },
];

interface Trace {
  name: string;
  showlegend: boolean;
  xaxis: string;
  x: number[];
  y: number[];
  error_x: { array: number[]; arrayminus: number[] };
  marker: { color: string };
}

describe("policies side by side", () => {
  const { data, layout } = comparisonPlot(rows) as unknown as { data: Trace[]; layout: { [name: string]: never } };
  const axis = (name: string) => layout[name] as unknown as { [key: string]: unknown };

  it("have a panel a figure, two in a row, with shares in per cent and other numbers from 0", () => {
    assert.deepEqual(
      [axis("xaxis").domain, axis("xaxis2").domain, axis("xaxis3").domain],
      [
        [0, 0.46],
        [0.54, 1],
        [0, 0.46],
      ],
    );
    assert.deepEqual(
      ["xaxis", "xaxis2"].map((name) => [axis(name).range, axis(name).tickformat]),
      [
        [[0, 1.03], ".0%"],
        [[0, 6 * 1.06], undefined],
      ],
    );
    assert.deepEqual(axis("yaxis").domain, [1 - 0.4, 1 - 0.035]);
    assert.deepEqual(axis("yaxis3").domain, [0.5 - 0.4, 0.5 - 0.035]);
    assert.deepEqual(
      [axis("yaxis").ticktext, axis("yaxis2").ticktext],
      [
        ["head", "plain"],
        ["", ""],
      ],
    );
    assert.deepEqual([axis("yaxis").range, axis("yaxis").zeroline], [[1.6, -0.6], false]);
    const titles = (layout.annotations as unknown as { text: string; x: number; y: number }[]).map(({ text, x }) => [
      text,
      x,
    ]);
    assert.deepEqual(titles, [
      ["<b>solved</b>", 0],
      ["<b>steps</b>", 0.54],
      ["<b>kept</b>", 0],
    ]);
    assert.equal(layout.height, 120 + 2 * (90 + 46 * 2));
  });

  it("have a mark with its interval for each split, one below the other, and one legend", () => {
    const told = data.map(({ name, xaxis, x, y, showlegend }) => [name, xaxis, x, y, showlegend]);
    assert.deepEqual(told.slice(0, 3), [
      ["training", "x", [0.3, 0.1], [-0.13, 0.87], true],
      ["held-out", "x", [0.2], [0.13], true],
      ["training", "x2", [4], [-0.13], false],
    ]);
    assert.equal(told.length, 6);
    const near = (found: number[], wanted: number[]): void =>
      assert.ok(
        found.every((value, i) => Math.abs(value - wanted[i]!) < 1e-12),
        `${found}`,
      );
    near(data[0]!.error_x.array, [0.2, 0]);
    near(data[0]!.error_x.arrayminus, [0.1, 0]);
    assert.notEqual(data[0]!.marker.color, data[1]!.marker.color);
    const [alone] = comparisonPlot(rows.slice(0, 2)).data as unknown as Trace[];
    assert.deepEqual([alone!.showlegend, alone!.y], [false, [0, 1]]);
  });

  it("are told in numbers: an interval only where it is one", () => {
    const bundle = JSON.stringify(
      Object.values(
        (comparisonPlot(rows) as unknown as { [s: symbol]: () => object })[Symbol.for("Jupyter.display")]!(),
      ),
    );
    for (const line of [
      "training, head: solved 0.30 (0.20 to 0.50), steps 4.00 (3.00 to 6.00), kept 1.00",
      "training, plain: solved 0.10",
      "held-out, head: solved 0.20 (0.00 to 0.90)",
    ])
      assert.ok(bundle.includes(line), `${line} in ${bundle.slice(-400)}`);
  });
});
