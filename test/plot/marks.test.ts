/** Where each mark of a figure stands, and its colour: lists of numbers, steps of lives, curves of many. */

import assert from "node:assert/strict";
import {
  episodesSideBySide,
  type Figure,
  harmPlot,
  learningCurves,
  lineageTree,
  palette,
  probabilityCurves,
  returnsPlot,
  survivalHistogram,
} from "../../src/plot/index.ts";

interface Trace {
  name?: string;
  x: unknown[];
  y: unknown[];
  line?: { color: string };
  fillcolor?: string;
  marker?: { color: string | string[]; size: number[] };
}

const traces = (figure: Figure): Trace[] => figure.data as Trace[];

describe("the marks of a figure", () => {
  it("of returns stand at their steps, as high as they are, green, and red below zero", () => {
    const [bars] = traces(returnsPlot({ return: [2, 0, -1] }));
    assert.deepEqual(
      [bars!.x, bars!.y],
      [
        ["step 0", "step 1", "step 2"],
        [2, 0, -1],
      ],
    );
    const [, red, green] = palette;
    assert.deepEqual(bars!.marker!.color, [green, green, red]);
  });

  it("of lives stand in the row of their life, at their step", () => {
    const alive = (label: string) => ({ label, verdict: "survived" });
    const figure = episodesSideBySide([
      { name: "1", group: "a", steps: [alive("learn"), alive("greet"), { label: "greet", verdict: "timeout" }] },
      { name: "2", group: "a", steps: [alive("greet"), alive("greet")] },
    ]);
    assert.deepEqual(
      traces(figure).map(({ name, x, y }) => [name, x, y]),
      [
        ["greet", [1, 0, 1], ["a · 1", "a · 2", "a · 2"]],
        ["learn", [0], ["a · 1"]],
        ["the end", [2], ["a · 1"]],
      ],
    );
  });

  it("have a colour a name, in the palette's order, and from its first again where there are more names", () => {
    const names = Array.from({ length: palette.length + 2 }, (_, i) => `name ${i}`);
    const wanted = names.map((_, i) => palette[i % palette.length]);
    const point = { episodesSoFar: 8, policyEntropy: 1, kl: 0, degenerate: null, returns: [], figures: {} };
    const curves = traces(learningCurves(names.map((name) => ({ name, seed: 1, episodes: 8, value: 1 }))));
    const [bands, lines] = [curves.filter(({ name }) => !name), curves.filter(({ name }) => name)];
    const steps = names.map((label) => ({ label, verdict: "survived" }));
    const found: { [figure: string]: unknown[] } = {
      learningCurves: lines.map(({ line }) => line!.color),
      "learningCurves' bands": bands.map(({ fillcolor }) => fillcolor!.replace(/33$/, "")),
      probabilityCurves: traces(
        probabilityCurves([{ episodes: 1, probabilities: Object.fromEntries(names.map((name) => [name, 0.1])) }]),
      ).map(({ line }) => line!.color),
      survivalHistogram: traces(survivalHistogram(names.map((name) => ({ name, survival: [1] })))).map(
        ({ marker }) => marker!.color,
      ),
      episodesSideBySide: traces(episodesSideBySide([{ name: "1", group: "a", steps: steps.slice(0, 9) }]))
        .slice(0, -1)
        .map(({ marker }) => marker!.color)
        .concat(wanted.slice(9) as string[]),
      harmPlot: traces(harmPlot(Object.fromEntries(names.map((name) => [name, [point]])))).map(
        ({ line }) => line!.color,
      ),
    };
    for (const [figure, colours] of Object.entries(found)) assert.deepEqual(colours, wanted, figure);
  });

  it("of a run's updates grow from the first to the last, so that one sees where it goes", () => {
    const figures = { successRate: 0.5, harmfulSteps: 0.001 };
    const point = { episodesSoFar: 8, policyEntropy: 1, kl: 0, degenerate: null, returns: [], figures };
    const [run] = traces(harmPlot({ a: [point, point, point, point, point] }));
    assert.deepEqual(run!.marker!.size, [6, 8, 10, 12, 14]);
  });

  it("of a lineage stand on no axis: no grid, no line at zero, no numbers", () => {
    const { xaxis, yaxis } = lineageTree([{ id: 1, parent: null, label: "born" }]).layout as {
      [axis: string]: { [look: string]: unknown };
    };
    for (const { showgrid, zeroline, showticklabels } of [xaxis!, yaxis!])
      assert.deepEqual([showgrid, zeroline, showticklabels], [false, false, false]);
  });
});
