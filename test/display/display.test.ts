/** How values of the library show themselves: tables, escaped text, and the notebook's own functions where there are some. */

import assert from "node:assert/strict";
import {
  escapeHtml,
  htmlTable,
  notebookPlace,
  stopSignal,
  tableBundle,
  textTable,
  visible,
} from "../../src/display/index.ts";
import { withInterval } from "../../src/display/interval.ts";

describe("a table", () => {
  const rows = [
    { what: "mean", value: "3.5 %", n: 1, mixed: 1, x: undefined },
    { what: "<b>", value: "-1,000.25", n: 2.5, mixed: "words", later: null },
  ];

  it("is text in columns that are as wide as they must be: numbers and what reads as one to the right", () => {
    assert.deepEqual(textTable(rows, { caption: "Two\u0007" }).split("\n"), [
      "Two␇",
      "what      value       n  mixed  x  later",
      "mean      3.5 %       1  1",
      "<b>   -1,000.25  2.5000  words",
    ]);
    assert.equal(textTable([{ a: 1 }, { a: 10 }]), " a\n 1\n10");
    assert.equal(textTable([]), "");
    assert.equal(textTable([{ a: "x" }], { caption: "" }), "\na\nx");
  });

  it("is a line a row, whatever a guest wrote into its cells", () => {
    const forged = [{ program: "a\n\n10  solved", n: 1, "a\tb": "c\r\nd" }];
    assert.deepEqual(textTable(forged).split("\n"), ["program       n  a b", "a 10  solved  1  c d"]);
  });

  it("is HTML with a caption, its cells escaped and on their side, a heading like its whole column", () => {
    const cellsOf = (html: string): string[][] =>
      [...html.matchAll(/<(t[hd]) style="text-align:(\w+)">(.*?)<\/\1>/g)].map(([, tag, side, text]) => [
        tag!,
        side!,
        text!,
      ]);
    const html = htmlTable([
      { a: "<", b: 1, c: null },
      { a: "y", b: "z", c: 2 },
    ]);
    assert.deepEqual(cellsOf(html), [
      ["th", "left", "a"],
      ["th", "left", "b"],
      ["th", "right", "c"],
      ["td", "left", "&#60;"],
      ["td", "right", "1"],
      ["td", "left", ""],
      ["td", "left", "y"],
      ["td", "left", "z"],
      ["td", "right", "2"],
    ]);
    assert.ok(!html.includes("caption"));
    assert.ok(htmlTable([], { caption: "a & b" }).startsWith("<table><caption>a &#38; b</caption>"));
  });

  it("is both in one bundle, with one caption or none", () => {
    assert.deepEqual(tableBundle([{ a: 1 }]), {
      "text/html": htmlTable([{ a: 1 }]),
      "text/plain": " a\n 1".replaceAll(" ", ""),
    });
    const named = { caption: "N" };
    const bundle = tableBundle([{ a: 1 }], named);
    assert.deepEqual(bundle, { "text/html": htmlTable([{ a: 1 }], named), "text/plain": "N\na\n1" });
  });

  it("reads as a number what is one, with a sign, a unit or an interval, and nothing else", () => {
    const right = ["1", "-1", "+0.5", "−2", ".5", "1,000", "3 %", "3%", "20 ms", "2 s", "0.5\u00a0(0.1 to 0.9)"];
    const left = ["", "a", "1a", "1 x", "1.", "1 (2)", "--1", "1 %%", "(1)"];
    const sideOf = (value: string): string => /<td style="text-align:(\w+)"/.exec(htmlTable([{ value }]))![1]!;
    for (const text of right) assert.equal(sideOf(text), "right", text);
    for (const text of left) assert.equal(sideOf(text), "left", text);
  });

  it("shows whole numbers as they are, others with four places, and truth by its name", () => {
    const told = (value: number | boolean): string => textTable([{ value }]).split("\n")[1]!.trim();
    assert.deepEqual([1, -20, 0, 0.5, 1 / 3, 2e9, true, false].map(told), [
      "1",
      "-20",
      "0",
      "0.5000",
      "0.3333",
      "2000000000",
      "true",
      "false",
    ]);
  });
});

describe("text of a guest", () => {
  it("has pictures for its control characters; line ends and tabs stay; HTML is escaped besides", () => {
    assert.equal(visible("a \r\nb\n\tc\u001b[31m\u0000\u001f\u007f\u0085\r"), "a \nb\n\tc␛[31m␀␟␡\ufffd␍");
    assert.equal(escapeHtml('<a href="\'">&\u001b'), "&#60;a href=&#34;&#39;&#34;&#62;&#38;␛");
  });
});

describe("the notebook's own", () => {
  const scope = globalThis as { display?: unknown; kernel?: unknown };
  afterEach(() => {
    delete scope.display;
    delete scope.kernel;
  });

  it("stop signal is taken if it is one", () => {
    assert.equal(stopSignal(), undefined);
    for (const kernel of [null, {}, { signal: "stop" }]) {
      scope.kernel = kernel;
      assert.equal(stopSignal(), undefined);
    }
    const { signal } = new AbortController();
    scope.kernel = { signal };
    assert.equal(stopSignal(), signal);
  });

  it("place shows the first value, and the others in its stead; there is none without a display", async () => {
    assert.equal(notebookPlace(), null);
    scope.display = "no function";
    assert.equal(notebookPlace(), null);
    const told: string[] = [];
    scope.display = async (value: unknown) => {
      await new Promise(setImmediate);
      told.push(`display ${value}`);
      return { update: async (next: unknown) => void told.push(`update ${next}`) };
    };
    const [one, two] = [notebookPlace()!, notebookPlace()!];
    for (const [place, value] of [
      [one, 1],
      [one, 2],
      [two, 3],
      [one, 4],
    ] as const) {
      await place(value);
      told.push("is there");
    }
    const shown = ["display 1", "update 2", "display 3", "update 4"];
    assert.deepEqual(
      told,
      shown.flatMap((text) => [text, "is there"]),
      "who shows a value goes on once it is shown",
    );
  });
});

it("a figure with its interval stays on one line, in the words that it is given", () => {
  const shown = withInterval({ estimate: 0.5, low: 0.25, high: 1 }, (value) => `${100 * value} %`);
  assert.equal(shown, "50 %\u00a0(25 %\u2060–\u2060100 %)");
});
