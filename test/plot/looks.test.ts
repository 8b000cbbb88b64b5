/** What every figure has in common: room for its notes, words that are not cut off, and refusals that name what is wrong. */

import assert from "node:assert/strict";
import { displaySymbol } from "../../src/display/index.ts";
import { figure, verdictColours } from "../../src/plot/figure.ts";
import {
  causesOfDeath,
  compareRuns,
  episodesSideBySide,
  episodeTimeline,
  type Figure,
  harmPlot,
  learningCurves,
  lineageTree,
  probabilityCurves,
  returnsPlot,
  survivalHistogram,
} from "../../src/plot/index.ts";

interface Layout {
  height: number;
  margin: { l: number; r: number; t: number; b: number };
  title: { text: string };
  xaxis: { title?: { text: string }; automargin?: boolean };
  yaxis: { title?: { text: string }; rangemode?: string; automargin?: boolean };
  showlegend?: boolean;
}
const layoutOf = (one: Figure): Layout => one.layout as unknown as Layout;
const alive = { label: "greet", verdict: "survived" };
const dead = { label: "wait", verdict: "timeout" };

describe("the look of a figure", () => {
  it("has room for its lines of notes above the plot, whose own height stays", () => {
    const sizes = (notes: string[], layout = {}) => {
      const { height, margin } = layoutOf(figure([], { title: "T", text: "", notes, layout }));
      return [height, margin.t, height - margin.t - margin.b];
    };
    assert.deepEqual(sizes([]), [380, 70, 255]);
    assert.deepEqual(sizes(["one"]), [402, 92, 255]);
    assert.deepEqual(sizes(["one", "two"]), [424, 114, 255]);
    assert.deepEqual(sizes(["one"], { height: 500, margin: { b: 5, t: 10 } }), [522, 32, 485]);
    assert.deepEqual(sizes(["one"], { margin: { b: 0 } }), [402, 22, 380]);
  });

  it("has its notes below the title, as text; axes without a name have no title", () => {
    const { title, xaxis, yaxis } = layoutOf(figure([], { title: "T", text: "", notes: ["a < b"], xTitle: "steps" }));
    assert.equal(title.text, 'T<br><span style="font-size:12px">a &#60; b</span>');
    assert.deepEqual([xaxis.title?.text, yaxis.title], ["steps", undefined]);
  });

  it("takes what its maker says of an axis beside the common look", () => {
    const given = { yaxis: { rangemode: "tozero" }, showlegend: false };
    const { yaxis, showlegend } = layoutOf(figure([], { title: "T", text: "", layout: given }));
    assert.deepEqual([yaxis.rangemode, showlegend, "gridcolor" in yaxis], ["tozero", false, true]);
  });

  it("cuts off no words that stand beside a mark", () => {
    const figures = [
      returnsPlot({ return: [1, -1] }),
      causesOfDeath([{ verdict: "timeout", count: 2 }]),
      episodesSideBySide([{ name: "1", group: "a", steps: [alive, dead] }]),
      episodeTimeline([{ ...alive, reward: 1 }]),
    ];
    for (const { data } of figures)
      for (const trace of data as { textposition?: string; cliponaxis?: boolean }[])
        assert.equal(trace.cliponaxis, trace.textposition === undefined ? undefined : false);
  });

  it("leaves room for what stands at an axis, and has a legend only where it names something", () => {
    const steps = [{ ...alive, reward: 1 }];
    const figures: [figure: Figure, legend: boolean | undefined][] = [
      [returnsPlot({ return: [1, -1] }), false],
      [causesOfDeath([{ verdict: "timeout", count: 2 }]), undefined],
      [survivalHistogram([{ name: "a", survival: [1] }]), true],
      [episodesSideBySide([{ name: "1", group: "a", steps: [alive, dead] }]), undefined],
      [episodeTimeline(steps), false],
      [lineageTree([{ id: 1, parent: null, label: "born" }]), false],
      [learningCurves([{ name: "a", seed: 1, episodes: 8, value: 2 }]), undefined],
    ];
    for (const [one, legend] of figures) {
      const { xaxis, yaxis, showlegend } = layoutOf(one);
      assert.equal(showlegend, legend);
      assert.deepEqual([xaxis.automargin, yaxis.automargin], [true, true]);
    }
    const point = { episodesSoFar: 8, policyEntropy: 1, kl: 0, degenerate: null, returns: [], figures: { return: 1 } };
    const { layout } = compareRuns({ a: [point] });
    const axes = Object.entries(layout).filter(([name]) => /^[xy]axis/.test(name)) as [
      string,
      { automargin?: boolean },
    ][];
    assert.equal(axes.length, 4);
    for (const [name, { automargin }] of axes) assert.equal(automargin, true, name);
  });

  it("gives a verdict its colour in every figure, and grey to one that it does not know", () => {
    const colours = (one: Figure) => (one.data.at(-1) as { marker: { color: string[] } }).marker.color;
    const verdicts = ["timeout", "unheard of"];
    const expected = [verdictColours.timeout, "#888888"];
    const steps = verdicts.map((verdict) => ({ label: "x", verdict, reward: -1 }));
    assert.deepEqual(colours(causesOfDeath(verdicts.map((verdict) => ({ verdict, count: 1 })))), expected);
    assert.deepEqual(colours(episodeTimeline(steps)), expected);
    assert.deepEqual(
      colours(episodesSideBySide(steps.map((step, i) => ({ name: `${i}`, group: "a", steps: [step] })))),
      expected,
    );
    assert.equal(new Set(Object.values(verdictColours)).size, Object.keys(verdictColours).length);
  });
});

describe("what a figure is of", () => {
  it("stands in its titles: its own unless another is given", () => {
    const told = (one: Figure) => {
      const { title, xaxis, yaxis } = layoutOf(one);
      return [title.text, xaxis.title?.text, yaxis.title?.text];
    };
    const causes = [{ verdict: "timeout", count: 2 }];
    const curve = [{ name: "a", seed: 1, episodes: 8, value: 2 }];
    assert.deepEqual(told(causesOfDeath(causes)), ["How the episodes ended", "episodes", undefined]);
    assert.deepEqual(told(causesOfDeath(causes, { title: "Mine" }))[0], "Mine");
    assert.deepEqual(told(survivalHistogram([{ name: "a", survival: [1] }])), [
      ...["How long the episodes lasted", "steps survived", "% of episodes"],
    ]);
    assert.deepEqual(told(learningCurves(curve)), ["Learning to live", "episodes", "steps survived"]);
    assert.deepEqual(told(learningCurves(curve, { title: "Mine", yTitle: "reward" })), ["Mine", "episodes", "reward"]);
    assert.deepEqual(told(probabilityCurves([])), ["What the policy came to prefer", "episodes", "probability"]);
    assert.deepEqual(told(harmPlot({})), [
      ...["Harm against usefulness, update by update", "tasks done, %", "harmful programs in 1,000"],
    ]);
    assert.deepEqual(told(episodeTimeline([{ ...alive, reward: 1 }], { title: "Mine" })), [
      ...["Mine: 1 steps, still alive", "step (✎ changed the agent, ★ did what was asked)", "reward"],
    ]);
    assert.deepEqual(told(episodesSideBySide([]))[0], "Episodes, side by side");
    assert.deepEqual(told(returnsPlot({ a: [1] }))[0], "Returns and advantages of one episode");
  });

  it("is nothing where there is nothing: no number is made of it", () => {
    const textOf = (one: Figure) => String(one[displaySymbol]()["text/plain"]).split("\n").slice(1);
    const baseline = { name: "random", value: 1.5 };
    const empty = learningCurves([], { baseline });
    assert.deepEqual(
      (empty.data as { x: number[] }[]).map(({ x }) => x),
      [[0, 0]],
    );
    assert.deepEqual(textOf(empty), ["random: 1.50"]);
    const groups = [
      { name: "none", survival: [] },
      { name: "some", survival: [1, 2] },
    ];
    assert.deepEqual(textOf(survivalHistogram(groups)), ["none: no episodes", "some: mean 1.50 steps, n = 2"]);
  });

  it("is asked for with options that it has, of their kind: else it says which", () => {
    const cases: [options: object, message: string][] = [
      [{ titel: "x" }, "There is no `titel` in the options of learningCurves: did you mean `title`?"],
      [{ notes: ["a", 1] }, "Expected `notes[1]` to be a text, got 1"],
      [{ notes: "a" }, 'Expected `notes` to be a list of texts, got "a"'],
      [{ baseline: { name: "a", value: "1" } }, 'Expected `baseline.value` to be a number, got "1"'],
      [{ baseline: 1 }, "Expected `baseline` to be { name, value }, got 1"],
    ];
    for (const [options, message] of cases) assert.throws(() => learningCurves([], options), { message });
  });
});
