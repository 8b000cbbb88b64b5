/** The page of a notebook, as text: what a browser is given. */

import assert from "node:assert/strict";
import type { Cell } from "../../../kernel/notebook/format.ts";
import { writePage } from "../../../kernel/notebook/page.ts";

const cell = (more: Partial<Cell>): Cell => ({ cell_type: "code", source: "1", metadata: {}, outputs: [], ...more });
const pageOf = (...cells: Cell[]): Promise<string> =>
  writePage({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }, { title: "T" });

describe("the page of a notebook", () => {
  it("numbers the cells that were run, and leaves the number of others empty", async () => {
    const page = await pageOf(cell({ execution_count: 7 }), cell({ execution_count: null }), cell({}));
    const numbers = [...page.matchAll(/<div class="number">(.*?)<\/div>/g)].map(([, number]) => number);
    assert.deepEqual(numbers, ["7", " ", " "]);
  });

  it("folds the code of a cell that is tagged so, and of no other", async () => {
    const page = await pageOf(cell({ source: "a" }), cell({ source: "b", metadata: { tags: ["hide-input"] } }));
    const folded = [...page.matchAll(/<details><summary>code<\/summary><pre class="code"><code>(.*?)<\/code>/g)];
    assert.equal(folded.length, 1);
    assert.match(folded[0]![1]!, /b/);
  });

  it("has an output that is empty nowhere, and each other once", async () => {
    const outputs = [
      { output_type: "stream", name: "stdout", text: ["<b>\n"] },
      { output_type: "execute_result", metadata: {}, execution_count: 1, data: {} },
      { output_type: "error", ename: "E", evalue: "", traceback: ["E: <i>", "at 1"] },
    ];
    const page = await pageOf(cell({ outputs: outputs as NonNullable<Cell["outputs"]> }));
    const shown = [...page.matchAll(/<div class="output">([^]*?)<\/div>/g)].map(([, text]) => text);
    assert.deepEqual(shown, [
      '<pre class="stdout">&#60;b&#62;\n</pre>',
      '<pre class="error">E: &#60;i&#62;\nat 1</pre>',
    ]);
  });

  it("shows the richest form of each output, pictures inside the page, text escaped and nothing for none", async () => {
    const forms: { [type: string]: [given: unknown, html: string] } = {
      "text/html": [["<b>", "h</b>"], '<div class="html"><b>h</b></div>'],
      "text/markdown": ["*m*", "<p><em>m</em></p>\n"],
      "image/svg+xml": ["<svg/>", `<img alt="" src="data:image/svg+xml;base64,${btoa("<svg/>")}">`],
      "image/png": ["AAAA", '<img alt="" src="data:image/png;base64,AAAA">'],
      "image/jpeg": ["BBBB", '<img alt="" src="data:image/jpeg;base64,BBBB">'],
      "image/gif": ["CCCC", '<img alt="" src="data:image/gif;base64,CCCC">'],
      "text/plain": [["<", "p>"], "<pre>&#60;p&#62;</pre>"],
    };
    const shownOf = async (data: object): Promise<string | undefined> => {
      const outputs = [{ output_type: "display_data", metadata: {}, data }] as NonNullable<Cell["outputs"]>;
      return /<div class="output">([^]*)<\/div><\/div>/.exec(await pageOf(cell({ outputs })))?.[1];
    };
    // With everything, then without the first, and so on: each form is the first of those that are left.
    let left = Object.entries(forms);
    for (; left.length > 0; left = left.slice(1)) {
      const data = Object.fromEntries(left.toReversed().map(([type, [given]]) => [type, given]));
      assert.equal(await shownOf(data), left[0]![1][1], left[0]![0]);
    }
    for (const nothing of [{}, { "text/plain": "" }, { "application/json": "1" }])
      assert.equal(await shownOf(nothing), undefined);
  });

  it("has each figure's data where its place says, as high as its layout says; code begins with its first letter", async () => {
    const type = "application/vnd.plotly.v1+json";
    const figures = [
      { data: [{ y: [1] }], layout: { height: 200 } },
      { data: [{ y: [2] }], layout: {} },
      { data: [{ y: [3] }] },
    ];
    const outputs = figures.map((figure) => ({ output_type: "display_data", metadata: {}, data: { [type]: figure } }));
    const page = await pageOf(cell({ source: "\n\na\n", outputs: outputs as NonNullable<Cell["outputs"]> }));
    const places = [...page.matchAll(/aria-label="figure" data-figure="(\d)" style="height:(\d+)px"/g)];
    const [, text] = /<script type="application\/json" id="figures">(.*?)<\/script>/.exec(page)!;
    const drawn = JSON.parse(text!) as unknown[];
    assert.deepEqual(
      places.map(([, at, height]) => [drawn[Number(at)], height]),
      [
        [figures[0], "200"],
        [figures[1], "380"],
        [figures[2], "380"],
      ],
    );
    assert.match(page, /<pre class="code"><code>a<\/code>/);
  });

  it("leads to each heading of the second level by one link, whatever stands in the heading", async () => {
    const source = "# One\n\n## A [link](https://a.b) to `code`\n\n### Below";
    const page = await pageOf(cell({ cell_type: "markdown", source }));
    const [, list] = /<nav><ol>(.*?)<\/ol><\/nav>/.exec(page)!;
    assert.equal(list, '<li><a href="#h1-a-link-to-code">A link to <code>code</code></a></li>');
    assert.match(page, /<h2 id="h1-a-link-to-code">A <a href="https:\/\/a\.b">link<\/a> to <code>code<\/code><\/h2>/);
  });

  it("colours blocks of TypeScript in a text, and no other language's", async () => {
    for (const [language, coloured] of [
      ["ts", true],
      ["typescript", true],
      ["python", false],
      ["", false],
    ] as const) {
      const source = `\`\`\`${language}\nconst a = "<b>";\n\`\`\``;
      const page = await pageOf(cell({ cell_type: "markdown", source }));
      const [, code] = /<pre><code>([^]*?)<\/code><\/pre>/.exec(page)!;
      assert.equal(code!.includes("<span"), coloured, code);
      assert.match(code!.replace(/<[^>]*>/g, ""), /^const a = (&#34;|&quot;)(&#60;|&lt;)b(&#62;|&gt;)\1;$/);
    }
  });

  it("has no terminal's colours in what was printed, thrown or shown", async () => {
    const red = "\u001b[31mred\u001b[39m";
    const outputs = [
      { output_type: "stream", name: "stderr", text: [red] },
      { output_type: "error", ename: "E", evalue: "", traceback: [red] },
      { output_type: "execute_result", metadata: {}, execution_count: 1, data: { "text/plain": red } },
    ];
    const page = await pageOf(cell({ outputs: outputs as NonNullable<Cell["outputs"]> }));
    const shown = [...page.matchAll(/<pre[^>]*>(red|.{0,20}red.*?)<\/pre>/g)].map(([, text]) => text);
    assert.deepEqual(shown, ["red", "red", "red"]);
  });
});
