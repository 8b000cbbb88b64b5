/** What a cell shows: bundles of values, display ids, updates held to ten a second. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { createDisplay, type DisplayHandle, type OutMessage, toBundle } from "../../../kernel/display/index.ts";

type Shows = (value: unknown, options?: { id?: string }) => Promise<DisplayHandle>;
interface Content {
  data: { [mimeType: string]: unknown };
  transient: { display_id: string };
}

function start() {
  const sent: OutMessage[] = [];
  const display = createDisplay((message) => sent.push(message));
  const plain = () => sent.map(({ content }) => (content as Content).data["text/plain"]);
  return { sent, plain, display, globals: display.globals as { [name: string]: (...args: never[]) => unknown } };
}

describe("kernel/display", () => {
  it("a plain value is its inspection, without colour codes", async () => {
    assert.deepEqual(await toBundle({ a: [1, "x"] }), { data: { "text/plain": "{ a: [ 1, 'x' ] }" }, metadata: {} });
  });

  it("a value that shows itself is asked, a promise of a bundle too, and always has text", async () => {
    const value = { [Symbol.for("Jupyter.display")]: async () => ({ "text/html": "<b>hi</b>" }) };
    assert.deepEqual((await toBundle(value)).data, { "text/plain": "", "text/html": "<b>hi</b>" });
    await assert.rejects(toBundle({ [Symbol.for("Jupyter.display")]: () => 5 }), {
      message: '[Symbol.for("Jupyter.display")]() must give an object of MIME types, got 5',
    });
  });

  it("images are known by their first bytes", async () => {
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
    const { data } = await toBundle(png);
    assert.deepEqual(data, { "image/png": "iVBORw0KGgo=", "text/plain": "[image, 8 bytes]" });
    assert.deepEqual(Object.keys((await toBundle(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).data), ["text/plain"]);
  });

  it("html escapes what is put in, except html", async () => {
    const html = start().globals.html as unknown as (parts: TemplateStringsArray, ...values: unknown[]) => object;
    const inner = html`<i>${"a<b"}</i>`;
    assert.equal((await toBundle(html`<p>${inner} & ${1}</p>`)).data["text/html"], "<p><i>a&#60;b</i> & 1</p>");
  });

  it("a table is of HTML with escaped cells, and of aligned text", async () => {
    const table = start().globals.table as unknown as (rows: object[]) => object;
    const { data } = await toBundle(
      table([
        { name: "<b>", n: 1 },
        { name: "x", m: null },
      ]),
    );
    assert.equal(data["text/plain"], "name  n  m\n<b>   1\nx");
    assert.match(
      String(data["text/html"]),
      /<td style="text-align:left">&#60;b&#62;<\/td><td style="text-align:right">1</,
    );
  });

  it("updates come at most ten a second, the latest state only, and the last one always", async () => {
    const { sent, plain, display, globals } = start();
    const handle = await (globals.display as unknown as Shows)(0, { id: "bar" });
    for (let i = 1; i <= 500; i++) await handle.update(i);
    display.settle();
    assert.ok(sent.length < 100, `${sent.length} messages`);
    assert.deepEqual([plain()[0], plain().at(-1)], ["0", "500"]);
    assert.deepEqual([...new Set(sent.map(({ content }) => (content as Content).transient.display_id))], ["bar"]);
    const count = sent.length;
    await sleep(150);
    assert.equal(sent.length, count);
  });

  it("a progress bar ends as one line of text", async () => {
    const { sent, plain, display, globals } = start();
    type Bar = { set(n: number): void; finish(note: string): Promise<void> };
    const bar = (globals.progress as unknown as (n: number, o: object) => Bar)(10, { label: "lives" });
    bar.set(5);
    await bar.finish("all well");
    display.settle();
    assert.match(String(plain().at(-1)), /^lives done in \d+\.\d s · all well$/);
    assert.equal(sent[0]!.type, "display_data");
    assert.throws(() => (globals.progress as unknown as (n: number) => void)(0), {
      message: "Expected the total of a progress bar to be above 0, got 0",
    });
  });

  it("what is no figure is refused in words", () => {
    assert.throws(() => (start().globals.plot as unknown as (x: object) => void)({ rows: 1 }), {
      message: "plot() takes a plotly figure, { data: [...], layout: {...} }, got { rows: 1 }",
    });
  });

  it("a figure with an id is shown once a run and updated after that, the latest state at the end", async () => {
    const sent: OutMessage[] = [];
    let run = 1;
    const display = createDisplay(
      (message) => sent.push(message),
      (callback) => callback,
      () => run,
    );
    type Plot = (figure: object, options: { id: string }) => object;
    const { plot, display: show } = display.globals as { plot: Plot; display: Shows };
    const figure = (y: number): object => ({ data: [{ y: [y] }] });
    for (let y = 0; y <= 300; y++) plot(figure(y), { id: "loss" });
    display.settle();
    run = 2; // the cell is run again: its output was cleared
    const last = plot(figure(-1), { id: "loss" });
    assert.ok(display.isPlaced(last), "it is not shown once more as the cell's result");
    assert.equal((await show(last)).id, "loss");
    const seen = sent.map(({ type, content }) => {
      const { data, transient } = content as Content;
      assert.equal(transient.display_id, "loss");
      const [trace] = (data["application/vnd.plotly.v1+json"] as { data: [{ y: number[] }] }).data;
      return [type, trace.y[0]];
    });
    assert.ok(seen.length < 50, `${seen.length} messages`);
    assert.deepEqual(seen[0], ["display_data", 0]);
    assert.deepEqual(seen.slice(-2), [
      ["update_display_data", 300],
      ["display_data", -1],
    ]);
  });
});
