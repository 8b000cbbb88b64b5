/** Runs side by side: as many rows of panels as there are panels for, and what is said of each run. */

import assert from "node:assert/strict";
import { compareRuns, probabilityCurves, type TrainingPoint } from "../../src/plot/index.ts";

const interval = (estimate: number) => ({ low: estimate - 1, estimate, high: estimate + 1 });
const point = (episodesSoFar: number, figures: TrainingPoint["figures"] = {}): TrainingPoint => ({
  ...{ episodesSoFar, policyEntropy: 1, kl: 0.2, degenerate: null, returns: [{ seed: 1, return: episodesSoFar / 10 }] },
  figures: {
    ...{ return: interval(episodesSoFar / 10), survival: interval(2), harm: interval(0.1) },
    ...{ successRate: null, changed: null, distinct: 0.5, entropy: interval(1), ...figures },
  },
});

interface Layout {
  height: number;
  grid: { rows: number; columns: number };
  annotations: { text: string; yref: string }[];
  [axis: string]: unknown;
}

describe("curves of runs", () => {
  it("have a panel for each number that a run tells, two in a row, the last row with one if they are odd", () => {
    for (const successRate of [null, 0.5])
      for (const changed of [null, 0.25]) {
        const { layout } = compareRuns({ a: [point(10, { successRate, changed })] }) as unknown as { layout: Layout };
        const { grid, annotations, height } = layout;
        const panels = annotations.filter(({ yref }) => /^y\d* domain$/.test(yref)).length;
        assert.equal(panels, 6 + Number(successRate !== null) + Number(changed !== null));
        assert.ok(
          grid.columns === 2 && grid.rows * 2 >= panels && (grid.rows - 1) * 2 < panels,
          `${grid.rows} for ${panels}`,
        );
        assert.equal(height, 140 + 180 * grid.rows);
        assert.ok(layout[`yaxis${panels}`] !== undefined && layout[`yaxis${panels + 1}`] === undefined);
      }
  });

  it("have a band below the line where each update has an interval, and a line alone where one has none", () => {
    const tracesOf = (...points: TrainingPoint[]) =>
      (compareRuns({ a: points }).data as { xaxis: string; x: number[]; y: number[]; fill?: string }[])
        .filter(({ xaxis }) => xaxis === "x")
        .map(({ fill, x, y }) => ({ fill, x, y }));
    const line = { fill: undefined, x: [10, 30], y: [1, 3] };
    assert.deepEqual(tracesOf(point(10), point(30)), [{ fill: "toself", x: [10, 30, 30, 10], y: [2, 4, 2, 0] }, line]);
    assert.deepEqual(tracesOf(point(10), point(30, { return: 3 })), [line]);
    assert.deepEqual(tracesOf(point(10, { return: 1 }), point(30, { return: 3 })), [line]);
  });

  it("are in the legend by their names, in the first panel alone; a single one is not", () => {
    const named = (runs: { [name: string]: TrainingPoint[] }) =>
      (compareRuns(runs).data as { name?: string; xaxis: string; showlegend?: boolean }[])
        .filter(({ showlegend }) => showlegend === true)
        .map(({ name, xaxis }) => [name, xaxis]);
    const points = [point(10), point(30)];
    assert.deepEqual(named({ a: points, b: points }), [
      ["a", "x"],
      ["b", "x"],
    ]);
    assert.deepEqual(named({ a: points }), []);
  });

  it("have shares in per cent, line and band, and all else as it is", () => {
    const shares = (successRate: TrainingPoint["figures"][string]) => {
      const { data, layout } = compareRuns({ a: [point(10, { successRate })] }) as unknown as {
        data: { xaxis: string; y: number[]; fill?: string }[];
        layout: Layout;
      };
      const i = layout.annotations.findIndex(({ text }) => /^tasks done.*, %$/.test(text));
      return data.filter(({ xaxis }) => xaxis === `x${i + 1}`).map(({ y }) => y);
    };
    assert.deepEqual(shares(0.25), [[25]]);
    assert.deepEqual(shares({ low: 0.125, estimate: 0.25, high: 0.5 }), [[50, 12.5], [25]]);
  });

  it("are of updates alone: what is none is named by its run and place", () => {
    const of = "a list of updates, as `train` gives them, or of their rows, as `panelRow` does";
    const cases: [given: unknown, place: string, shown: string][] = [
      [5, "a", "5"],
      [[point(1), null], "a[1]", "null"],
      [[7], "a[0]", "7"],
      [[{ episodes: [] }], "a[0]", '{"episodes":[]}'],
    ];
    for (const [given, place, shown] of cases)
      assert.throws(() => compareRuns({ a: given } as never), {
        name: "RangeError",
        message: `Expected \`${place}\` to be ${of}, got ${shown}`,
      });
  });

  it("are told by their last numbers, a run without any by dashes", () => {
    const bundle = compareRuns({ a: [point(10), point(30)], none: [] }) as unknown as {
      [s: symbol]: () => { "text/plain": string };
    };
    const lines = bundle[Symbol.for("Jupyter.display")]!()["text/plain"].split("\n");
    assert.ok(
      lines.some((line) => line.startsWith("a: ") && line.includes("3.00")),
      lines.join("\n"),
    );
    const none = lines.find((line) => line.startsWith("none: "))!;
    assert.ok(none.startsWith("none: return, mean -, steps survived, mean -, "), none);
  });
});

describe("what a policy came to prefer", () => {
  it("is a line a choice, told by its last probability to three places; nothing of nothing", () => {
    const history = [
      { episodes: 0, probabilities: { stay: 0.5, go: 0.5 } },
      { episodes: 8, probabilities: { stay: 0.25, go: 0.75 } },
    ];
    const figure = probabilityCurves(history) as unknown as {
      data: { name: string; x: number[]; y: number[] }[];
      [s: symbol]: () => { "text/plain": string };
    };
    assert.deepEqual(
      figure.data.map(({ name, x, y }) => [name, x, y]),
      [
        ["stay", [0, 8], [0.5, 0.25]],
        ["go", [0, 8], [0.5, 0.75]],
      ],
    );
    const text = figure[Symbol.for("Jupyter.display")]!()["text/plain"];
    assert.ok(text.includes("stay: 0.250\ngo: 0.750"), text);
    assert.deepEqual((probabilityCurves([]) as unknown as { data: unknown[] }).data, []);
    const gone = probabilityCurves([
      ...history,
      { episodes: 16, probabilities: { stay: 1 } },
    ]) as unknown as typeof figure;
    assert.match(gone[Symbol.for("Jupyter.display")]!()["text/plain"], /stay: 1.000\ngo: -$/);
    const come = probabilityCurves([...history, { episodes: 16, probabilities: { stay: 0.5, go: 0.25, rest: 0.25 } }]);
    const { name, y } = (come.data as { name: string; y: (number | null)[] }[])[2]!;
    assert.deepEqual([name, y], ["rest", [null, null, 0.25]], "a choice that came later");
  });
});
