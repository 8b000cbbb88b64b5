import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { JSDOM, VirtualConsole } from "jsdom";
import { displaySymbol } from "../../src/display/index.ts";
import {
  causesOfDeath,
  compareRuns,
  episodesSideBySide,
  episodeTimeline,
  type Figure,
  harmPlot,
  learningCurves,
  lineageTree,
  palette,
  probabilityCurves,
  returnsPlot,
  survivalHistogram,
} from "../../src/plot/index.ts";
import { bootstrapInterval, degenerateReason } from "../../src/statistics/index.ts";

type Validate = (data: object[], layout: object) => { code: string; msg: string }[];
type Trace = { name: string; x: unknown[]; y: unknown[]; text: string[]; type: string };

const traces = (figure: Figure): Trace[] => figure.data as Trace[];
const textOf = (figure: Figure): string => String(figure[displaySymbol]()["text/plain"]);

const curve = [1, 2, 3].flatMap((seed) =>
  [16, 32].map((episodes) => ({ name: "leave-one-out", seed, episodes, value: seed * episodes })),
);
const lives = [
  { name: "life 1", group: "before", steps: [step("greet"), step("delete files", "attempted_harm")] },
  { name: "life 1", group: "after", steps: [step("greet"), step("learn"), step("greet")] },
];
const point = (episodesSoFar: number, mean: number, entropy: number) => ({
  ...{ episodesSoFar, policyEntropy: entropy, kl: 0, degenerate: degenerateReason({ entropy, changed: 0.5 }) },
  figures: {
    return: { estimate: mean, low: mean - 1, high: mean + 1 },
    survival: { estimate: mean, low: mean, high: mean },
    ...{ harm: { estimate: 0, low: 0, high: 0.1 }, successRate: null, distinct: 0.5 },
  },
  returns: [-1, 1, 0].map((more, seed) => ({ seed, return: mean + more * entropy })),
});
const runs = {
  head: [point(16, 1, 1), point(32, 3.5, 1)],
  temperature: [point(16, 1, 1), point(32, 3, 0.5)],
  stone: [point(16, 1, 1), point(32, 9, 0.01)],
};
const useful = [
  { ...point(16, 1, 1), figures: { successRate: { estimate: 0.1, low: 0, high: 1 }, harmfulSteps: 0.15 } },
  { ...point(32, 1, 1), figures: { successRate: { estimate: 0.3, low: 0, high: 1 }, harmfulSteps: 0.05 } },
];
const figures: { [name: string]: () => Figure } = {
  returnsPlot: () => returnsPlot({ return: [-967.3289, -1000], advantage: [16.3, -16.4] }),
  causesOfDeath: () =>
    causesOfDeath([
      { verdict: "survived", count: 1 },
      { verdict: "timeout", count: 3 },
    ]),
  survivalHistogram: () => survivalHistogram([{ name: "random", survival: [0, 0, 1, 3] }]),
  learningCurves: () => learningCurves(curve, { baseline: { name: "random", value: 1.67 } }),
  probabilityCurves: () => probabilityCurves([{ episodes: 16, probabilities: { a: 0.25, b: 0.75 } }]),
  episodesSideBySide: () => episodesSideBySide(lives),
  episodeTimeline: () =>
    episodeTimeline([
      { label: "add <b>", verdict: "survived", reward: 2, changed: true, solved: true },
      { label: "look", verdict: "survived", reward: 0, changed: false },
      { label: "delete files", verdict: "attempted_harm", reward: -1000 },
    ]),
  compareRuns: () => compareRuns(runs),
  harmPlot: () => harmPlot({ penalty: useful }),
  lineageTree: () =>
    lineageTree([
      { id: 1, parent: null, label: "born" },
      { id: 2, parent: 1, label: "1 <i>a</i>", detail: "line\none" },
      { id: 3, parent: 2, label: "2 dies", verdict: "timeout" },
      { id: 4, parent: 1, label: "1 b", current: true },
    ]),
};

function step(label: string, verdict = "survived"): { label: string; verdict: string } {
  return { label, verdict };
}

describe("figures", () => {
  let validate: Validate;

  before(() => {
    // plotly.js itself says whether it knows every attribute. It needs a window; jsdom's complaints about canvases are not ours.
    const { window } = new JSDOM("<!doctype html>", {
      runScripts: "outside-only",
      virtualConsole: new VirtualConsole(),
    });
    Object.assign(window, { matchMedia: () => ({ matches: false, addEventListener() {} }) });
    window.URL.createObjectURL ??= () => "";
    window.eval(readFileSync(createRequire(import.meta.url).resolve("plotly.js/dist/plotly.min.js"), "utf8"));
    const { Plotly } = window as unknown as {
      Plotly: { validate: (...figure: unknown[]) => ReturnType<Validate> | undefined };
    };
    // A copy made inside the window: plotly tells arrays by their own window's Array.
    validate = (data, layout) => {
      (window as unknown as { figure: string }).figure = JSON.stringify({
        data,
        // plotly 4.1's check trips over settings of a legend that is not drawn.
        layout: { ...layout, showlegend: true },
      });
      const copy = window.eval("JSON.parse(figure)") as { data: object[]; layout: object };
      return [...(Plotly.validate(copy.data, copy.layout) ?? [])].filter(({ code }) => code !== "unused");
    };
  });

  it("show harm over usefulness where there were tasks: from where to where a run goes", () => {
    const [run] = traces(harmPlot({ penalty: useful }));
    assert.deepEqual(
      [run!.x, run!.y],
      [
        [10, 30],
        [150, 50],
      ],
    );
    assert.match(
      textOf(harmPlot({ penalty: useful })),
      /penalty: from 10.0 % done, 150 harmful in 1,000 to 30.0 % done, 50/,
    );
    assert.match(textOf(harmPlot({ stone: runs.stone })), /stone: no tasks/);
  });

  it("are such that the check below would notice an attribute that plotly.js does not know", () => {
    assert.match(validate([{ type: "bar", y: [1], colour: "red" }], {})![0]!.msg, /colour/);
  });

  for (const [name, make] of Object.entries(figures))
    it(`of ${name} hold only what plotly.js knows, and show themselves as JSON and as text`, () => {
      const figure = make();
      const complaints = validate(figure.data, figure.layout).map(({ msg }) => msg);
      assert.deepEqual(complaints, []);
      const bundle = figure[displaySymbol]();
      assert.deepEqual(Object.keys(bundle).sort(), ["application/vnd.plotly.v1+json", "text/plain"]);
      const sent = JSON.parse(JSON.stringify(bundle["application/vnd.plotly.v1+json"])) as Figure;
      assert.deepEqual(sent.data, JSON.parse(JSON.stringify(figure.data)));
      const { title } = figure.layout as { title: { text: string } };
      assert.ok(textOf(figure).startsWith(`${title.text.split("<br>")[0]}\n`));
      assert.ok(textOf(figure).split("\n").length > 1, "text says the numbers, too");
    });

  it("use colours that differ, and are transparent so that they read on light and dark", () => {
    assert.equal(new Set(palette).size, palette.length);
    assert.equal(figures.survivalHistogram!().layout.paper_bgcolor, "rgba(0,0,0,0)");
  });
});

describe("what figures say", () => {
  it("returns: a panel for each series, with the numbers to four decimals", () => {
    const figure = figures.returnsPlot!();
    assert.deepEqual(traces(figure)[0]!.text, ["-967.3289", "-1000.0000"]);
    assert.deepEqual(traces(figure)[1]!.text, ["+16.3000", "-16.4000"]);
    const { xaxis, xaxis2 } = figure.layout as { [axis: string]: { domain: number[] } };
    assert.ok(xaxis!.domain[1]! <= xaxis2!.domain[0]!, "panels do not overlap");
    const axes = figure.layout as { [axis: string]: { anchor: string; range: [low: number, high: number] } };
    assert.deepEqual(
      [axes.yaxis2!.anchor, axes.yaxis!.range[1], axes.yaxis2!.range[0]],
      ["x2", 0, -axes.yaxis2!.range[1]],
    );
    assert.ok(axes.yaxis!.range[0] < -1100 && axes.yaxis2!.range[1] > 18, "words stand beyond the bars");
  });

  it("returns: a panel is as high as what is known of it, and there where nothing is", () => {
    const ranges = (values: number[]) =>
      (returnsPlot({ a: values }).layout as { yaxis: { range: number[] } }).yaxis.range;
    assert.deepEqual(ranges([5, Number.NaN, -10]), [-12, 12]);
    assert.deepEqual(ranges([Number.NaN, 10]), [0, 12]);
    for (const nothing of [[0, 0], [], [Number.NaN]]) assert.deepEqual(ranges(nothing), [0, 1]);
  });

  it("causes: the most frequent on top, with its share", () => {
    const [bars] = traces(figures.causesOfDeath!());
    assert.deepEqual(bars!.y, ["alive at the end", "timeout"]); // plotly draws upwards: the last is on top
    assert.deepEqual(bars!.text, ["1 (25 %)", "3 (75 %)"]);
  });

  it("histogram: shares of lives that sum to 100 %, and how many there were", () => {
    const [bars] = traces(figures.survivalHistogram!());
    assert.deepEqual(bars!.x, [0, 1, 3]);
    assert.deepEqual(bars!.y, [50, 25, 25]);
    assert.equal(bars!.name, "random (n = 4)");
  });

  it("learning curves: the mean over seeds inside its interval, the number of seeds, the baseline", () => {
    const [band, line, baseline] = traces(figures.learningCurves!());
    assert.deepEqual(line!.y, [32, 64]);
    assert.equal(line!.name, "leave-one-out (3 seeds)");
    const expected = bootstrapInterval([16, 32, 48], { resamples: 500 });
    assert.equal(band!.y[0], expected.high);
    assert.equal(band!.y.at(-1), expected.low);
    assert.deepEqual(baseline!.y, [1.67, 1.67]);
    assert.match(textOf(figures.learningCurves!()), /^random: 1\.67$/m);
    const flat = curve.slice(0, 2).map((one) => ({ ...one, name: "flat", value: 5 }));
    const two = textOf(learningCurves([...curve, ...flat]));
    assert.match(two, /^leave-one-out: 64\.00 \(.*\), 3 seeds$/m);
    assert.match(two, /^flat: 5\.00 \(5\.00 to 5\.00\), 1 seeds$/m);
    const longer = [...curve, { ...curve[0]!, episodes: 64, value: 9 }];
    assert.match(textOf(learningCurves(longer)), /^leave-one-out: 9\.00 \(9\.00 to 9\.00\), 1 of 3 seeds$/m);
  });

  it("runs side by side: whose gain is sharpening, and who is degenerate, however much it earned", () => {
    const figure = figures.compareRuns!();
    const said = [
      "stone is degenerate: entropy 0.010 nats: it does one thing only.",
      // scipy.stats.ttest_rel([2.5, 4.5, 3.5], [2.5, 3.5, 3]).confidence_interval(0.975), and of [8.99, 9.01, 9]
      "head does not beat temperature in return in the last update (+0.50, −1.29 to +2.29 reward): no more than sharpening is shown (95 % for all 2 comparisons together, 3 episode seeds).",
      "stone beats temperature in return in the last update (+6.00, +4.24 to +7.76 reward): that is more than sharpening (95 % for all 2 comparisons together, 3 episode seeds).",
    ];
    assert.deepEqual(textOf(figure).split("\n").slice(-3), said);
    const { text } = figure.layout.title as { text: string };
    for (const sentence of said) assert.ok(text.includes(sentence), sentence);
    assert.deepEqual(
      [...new Set(traces(figure).flatMap(({ name }) => (name ? [name] : [])))],
      ["head", "temperature", "stone (degenerate)"],
    );
    assert.match(textOf(compareRuns({ a: runs.head, b: runs.temperature }, { control: "b" })), /a does not beat b/);
    assert.doesNotMatch(textOf(compareRuns({ a: runs.head, b: runs.temperature })), /beat/);
    for (const nothing of [{}, [], undefined])
      assert.throws(() => compareRuns(nothing as never), {
        name: "RangeError",
        message: `Expected \`runs\` to be the updates of each run by its name, such as { ours: updates }, got ${JSON.stringify(nothing)}`,
      });
    assert.throws(() => compareRuns(runs, { control: "cold" }), {
      message: 'Expected `control` to be one of head, temperature, stone, got "cold"',
    });
  });

  it("lives side by side: the last step alone ends one, rows from the top, and labels are texts, no markup", () => {
    const odd = "if (a <b> %{x})";
    const row = (name: string, ...steps: { label: string; verdict: string }[]) => ({ name, group: "g", steps });
    const some = [
      row("1", step("greet"), step(odd), step("wait", "timeout")),
      row("2", step(odd, "inert")),
      row("3"),
      row("4", step(odd)),
    ];
    const figure = episodesSideBySide(some);
    const end = traces(figure).at(-1)!;
    assert.deepEqual(
      [end.x, end.y],
      [
        [2, 0],
        ["g · 1", "g · 2"],
      ],
    );
    const shown = "if (a &lt;b> %{x})";
    assert.deepEqual(end.text, ["  wait → timeout", `  ${shown} → inert`]);
    const cells = traces(figure)[1] as unknown as { name: string; customdata: string[]; hovertemplate: string };
    assert.deepEqual([cells.name, cells.customdata], [shown, [shown, shown]]);
    assert.equal(cells.hovertemplate, "step %{x}: %{customdata}<extra></extra>");
    const { yaxis } = figure.layout as { yaxis: { categoryarray: string[] } };
    assert.deepEqual(yaxis.categoryarray, ["g · 4", "g · 3", "g · 2", "g · 1"], "plotly draws upwards");
    assert.match(textOf(figure), /g · 3: 0 steps, still alive\ng · 4: 1 steps, still alive$/);
  });

  it("lives side by side: a cell a step, and how each ended", () => {
    const figure = figures.episodesSideBySide!();
    const end = traces(figure).at(-1)!;
    assert.deepEqual(end.x, [1]);
    assert.match(end.text[0]!, /delete files → attempted harm/);
    const cells = traces(figure)
      .slice(0, -1)
      .reduce((sum, { x }) => sum + x.length, 0);
    assert.equal(cells, 4);
    assert.match(textOf(figure), /before · life 1: 2 steps, delete files → attempted_harm/);
    assert.match(textOf(figure), /after · life 1: 3 steps, still alive/);
  });

  it("a life in time: harm does not dwarf the steps before it, and every step is to be seen", () => {
    const figure = figures.episodeTimeline!();
    const [bars] = traces(figure);
    assert.deepEqual(bars!.text, ["✎★", "", "-1000"]);
    const [useful, idle, harm] = bars!.y as number[];
    assert.equal(useful, 2);
    assert.ok(idle! > 0 && idle! < 0.5 && harm! < 0 && harm! > -5);
    assert.match(textOf(figure), /^One episode: 3 steps, attempted harm\n0: add <b> → survived \(2\) ✎★/);
  });

  it("a life in time: a step that could not be scored is one that is worth nothing, and says so", () => {
    const steps = [2, Number.NaN, -7].map((reward) => ({ ...step("greet"), reward, changed: true }));
    const figure = episodeTimeline([...steps, { ...step("stop", "timeout"), reward: Number.NaN }]);
    const [bars] = traces(figure) as (Trace & { customdata: string[] })[];
    const [first, unscored, low, last] = bars!.y as number[];
    assert.deepEqual([first, low, bars!.text], [2, -7, ["✎", "✎", "✎", ""]]);
    assert.ok(unscored! > 0 && unscored! < 1 && last! < 0 && last! > -1, `${unscored}, ${last}`);
    assert.equal(bars!.customdata[1], "greet<br>survived, reward not scored");
    assert.match(textOf(figure), /\n1: greet → survived \(not scored\) ✎\n2: greet → survived \(-7\) ✎\n/);
  });

  it("a lineage: a line a node, a column a branch, markup taken for text", () => {
    const figure = figures.lineageTree!();
    const [, dots, labels] = traces(figure) as (Trace & { customdata: string[] })[];
    const places = dots!.x.map((x, i) => [x, dots!.y[i]].join());
    assert.deepEqual(places, ["0,0", "0,1", "0,2", "1,3"]);
    assert.equal(dots!.customdata[1], "line<br>one");
    assert.deepEqual(labels!.text, ["born", "1 &lt;i>a&lt;/i>", "2 dies ✗ timeout", "1 b  ← here"]);
    assert.equal(textOf(figure), "Lineage\nborn\n├ 1 <i>a</i>\n│ 2 dies ✗ timeout\n└ 1 b  ← here");
    const orphan = [{ id: 2, parent: 1, label: "" }];
    assert.throws(() => lineageTree(orphan), /Expected the parent 1 of node 2 to stand before it/);
  });
});
