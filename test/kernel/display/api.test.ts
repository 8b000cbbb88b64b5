/** What a cell calls to show things: ids, template tags, figures, tables, and taking away again. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { createDisplay, type DisplayHandle, type MimeBundle, type OutMessage } from "../../../kernel/display/index.ts";

type Tag = (parts: TemplateStringsArray, ...values: unknown[]) => object;
interface Globals {
  display(value: unknown, options?: { id?: string }): Promise<DisplayHandle>;
  html: Tag;
  md: Tag;
  svg: Tag;
  table(rows: object[]): object;
  plot(figure: object, options?: { id?: string }): object;
  clear(options?: { wait?: boolean }): void;
}

function start() {
  const sent: OutMessage[] = [];
  const display = createDisplay((message) => sent.push(message));
  return { sent, screen: display, ...(display.globals as unknown as Globals) };
}

const bundleOf = (value: object): MimeBundle =>
  (value as { [symbol: symbol]: () => MimeBundle })[Symbol.for("Jupyter.display")]!();

describe("what a cell calls to show things", () => {
  it("each thing shown has a place of its own, or the one that is named; an update goes there", async () => {
    const { sent, screen, ...cell } = start();
    const [first, second, named] = [
      await cell.display(1),
      await cell.display(2),
      await cell.display(3, { id: "mine" }),
    ];
    for (const { id } of [first, second]) assert.match(id, /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    assert.equal(named.id, "mine");
    await second.update(22);
    screen.settle();
    const told = sent.map(({ type, content }) => {
      const { data, transient } = content as { data: MimeBundle; transient: { display_id: string } };
      return [type, data["text/plain"], transient.display_id];
    });
    assert.notEqual(first.id, second.id);
    assert.deepEqual(told, [
      ["display_data", "1", first.id],
      ["display_data", "2", second.id],
      ["display_data", "3", "mine"],
      ["update_display_data", "22", second.id],
    ]);
  });

  it("output is taken away at once, or with what comes next where that is asked", () => {
    const { sent, clear } = start();
    clear();
    clear({ wait: true });
    assert.deepEqual(sent, [
      { type: "clear_output", content: { wait: false } },
      { type: "clear_output", content: { wait: true } },
    ]);
  });

  it("tags give their type and a text; what is put in is escaped, but for Markdown and for the same tag", () => {
    const { html, md, svg } = start();
    assert.deepEqual(bundleOf(html`<p title="t">${"<i>"} and ${html`<b>${1}</b>`}</p>\n`), {
      "text/html": '<p title="t">&#60;i&#62; and <b>1</b></p>\\n', // raw: what is written is what is meant
      "text/plain": "<i> and 1\\n",
    });
    assert.deepEqual(bundleOf(md`*${"<i>"}* ${md`_${2}_`}`), {
      "text/markdown": "*<i>* _2_",
      "text/plain": "*<i>* _2_",
    });
    const circle = svg`<circle r="${3}"/>`;
    assert.deepEqual(bundleOf(svg`<svg>${circle}${"&"}</svg>`), {
      "image/svg+xml": '<svg><circle r="3"/>&#38;</svg>',
      "text/plain": '<svg><circle r="3"/>&#38;</svg>',
    });
    assert.equal(inspect(md`*x*`), "*x*");
  });

  it("a tag takes what shows itself, one or a list: in its own form as it is, else as the text that it has", () => {
    const { html, md, svg, table, plot } = start();
    const figure = plot({ data: [], layout: { title: "a < b" } });
    const cases: [value: unknown, inHtml: string, inMarkdown: string][] = [
      [md`*<x>*`, "*&#60;x&#62;*", "*<x>*"],
      [svg`<g/>`, "&#60;g/&#62;", "<g/>"],
      [figure, "a &#60; b", "a < b"],
      [["a", "<b>"].map((name) => html`<i>${name}</i>`), "<i>a</i><i>&#60;b&#62;</i>", "a<b>"],
      [[html`<i>a</i>`, " & ", [md`*b*`]], "<i>a</i> &#38; *b*", "a & *b*"],
      [["a", "<b>"], "a,&#60;b&#62;", "a,<b>"],
      [[], "", ""],
      [undefined, "undefined", "undefined"],
      [null, "null", "null"],
      [0, "0", "0"],
    ];
    for (const [value, inHtml, inMarkdown] of cases) {
      assert.equal(bundleOf(html`${value}`)["text/html"], inHtml);
      assert.equal(bundleOf(md`${value}`)["text/markdown"], inMarkdown);
    }
    const rows = table([{ a: 1 }]);
    assert.equal(bundleOf(html`<p>${rows}</p>`)["text/html"], `<p>${bundleOf(rows)["text/html"]}</p>`);
    assert.equal(bundleOf(md`${rows}`)["text/markdown"], "a\n1");
  });

  it("a figure is told by its title, given as text or as an object, and has its settings only if there are some", () => {
    const { plot } = start();
    const data = [{ y: [1] }];
    const type = "application/vnd.plotly.v1+json";
    const cases: [figure: object, sent: object, text: string][] = [
      [{ data }, { data, layout: {} }, "plotly figure"],
      [{ data, layout: { title: "Loss" } }, { data, layout: { title: "Loss" } }, "Loss"],
      [{ data, layout: { title: { text: "Loss" } } }, { data, layout: { title: { text: "Loss" } } }, "Loss"],
      [{ data, layout: { title: {} } }, { data, layout: { title: {} } }, "plotly figure"],
      [{ data, config: { a: 1 }, frames: [] }, { data, layout: {}, config: { a: 1 } }, "plotly figure"],
    ];
    for (const [figure, sent, text] of cases)
      assert.deepEqual(bundleOf(plot(figure)), { [type]: sent, "text/plain": text });
    for (const bad of [undefined, null, {}, { data: {} }])
      assert.throws(() => plot(bad as object), {
        name: "TypeError",
        message: `plot() takes a plotly figure, { data: [...], layout: {...} }, got ${inspect(bad)}`,
      });
  });

  it("a figure of typed arrays is sent as lists, with an id or without", async () => {
    const { sent, plot, display } = start();
    const day = new Date(0);
    const data = [
      { x: Float64Array.of(0.5, 1), z: [Int8Array.of(1, 2), [3]], marker: { color: BigInt64Array.of(4n), size: null } },
      { x: [day], y: Uint8ClampedArray.of(5) },
    ];
    await display(plot({ data }));
    plot({ data }, { id: "live" });
    const lists = [
      { x: [0.5, 1], z: [[1, 2], [3]], marker: { color: [4], size: null } },
      { x: [day], y: [5] },
    ];
    for (const { content } of sent) {
      const bundle = (content as { data: MimeBundle }).data;
      assert.deepEqual(bundle["application/vnd.plotly.v1+json"], { data: lists, layout: {} });
    }
    assert.equal(sent.length, 2);
  });

  it("a figure without an id is the cell's value; one with an id is shown where it is made, and only there", async () => {
    const { sent, screen, plot, ...cell } = start();
    const value = plot({ data: [] });
    assert.deepEqual([sent.length, screen.isPlaced(value)], [0, false]);
    const placed = plot({ data: [] }, { id: "loss" });
    assert.ok(screen.isPlaced(placed));
    assert.deepEqual(
      sent.map(({ type, content }) => [type, (content as { transient: object }).transient]),
      [["display_data", { display_id: "loss", live: true }]],
    );
    const shown = await cell.display(placed);
    assert.equal(shown.id, "loss");
    for (const again of [shown, await cell.display(7)]) {
      assert.ok(screen.isPlaced(again), "what `display` gives is no result of a cell");
      assert.equal(await cell.display(again), again);
    }
    assert.equal(sent.splice(1).length, 1, "seven alone");
    assert.equal(sent.length, 1);
  });

  it("a table has every column of any row, numbers to the right, and nothing where there is nothing", () => {
    const { table } = start();
    const bundle = bundleOf(table([{ a: "x" }, { a: null, long: 2.5 }, { b: { c: [1] }, a: false }]));
    assert.deepEqual(String(bundle["text/plain"]).split("\n"), [
      "a      long  b",
      "x",
      "       2.5",
      "false        { c: [ 1 ] }",
    ]);
    const cells = [...String(bundle["text/html"]).matchAll(/<(t[hd]) style="text-align:(\w+)">(.*?)<\/\1>/g)];
    assert.deepEqual(
      cells.map(([, name, side, text]) => [name, side, text]),
      [
        ["th", "left", "a"],
        ["th", "left", "long"],
        ["th", "left", "b"],
        ["td", "left", "x"],
        ["td", "left", ""],
        ["td", "left", ""],
        ["td", "left", ""],
        ["td", "right", "2.5"],
        ["td", "left", ""],
        ["td", "left", "false"],
        ["td", "left", ""],
        ["td", "left", "{ c: [ 1 ] }"],
      ],
    );
    assert.equal(String(bundle["text/html"]).match(/<tr>/g)!.length, 4);
    assert.equal(bundleOf(table([]))["text/plain"], "");
  });

  it("a table may be long, and is refused what is no row", () => {
    const { table } = start();
    const lines = String(bundleOf(table(Array.from({ length: 200_000 }, (_, i) => ({ i }))))["text/plain"]).split("\n");
    assert.deepEqual([lines.length, lines.at(-1)], [200_001, "199999"]);
    for (const [rows, wrong] of [
      [{ a: 1 }, { a: 1 }],
      [undefined, undefined],
      ["text", "text"],
      [[{ a: 1 }, null], null],
      [[undefined], undefined],
      [[{}, 7], 7],
      [["text"], "text"],
    ])
      assert.throws(() => table(rows as object[]), {
        name: "TypeError",
        message: `table() takes a list of objects, one a row, got ${inspect(wrong)}`,
      });
  });
});
