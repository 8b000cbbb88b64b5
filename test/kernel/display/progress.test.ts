/** A progress bar's text and picture, at moments of a clock of the test's own. */

import assert from "node:assert/strict";
import { createProgress } from "../../../kernel/display/progress.ts";

interface Bundle {
  "text/plain": string;
  "text/html": string;
}

describe("a progress bar", () => {
  const { now } = performance;
  let clock = 5000;
  beforeEach(() => {
    performance.now = () => clock;
  });
  afterEach(() => {
    performance.now = now;
  });

  /** A bar, what it shows at the moment, and a way to let seconds pass. */
  function start(total: number, options?: { label?: string }) {
    const shown: Bundle[] = [];
    const show = async (value: unknown): Promise<void> => {
      shown.push((value as { [symbol: symbol]: () => Bundle })[Symbol.for("Jupyter.display")]!());
    };
    const bar = createProgress(async (value) => {
      await show(value);
      return { id: "bar", update: show };
    })(total, options);
    const at = async (seconds: number, done: number, note?: string): Promise<Bundle> => {
      clock = began + seconds * 1000;
      bar.set(done, note);
      await new Promise((resolve) => setImmediate(resolve));
      return shown.at(-1)!;
    };
    const began = clock;
    return { bar, shown, at };
  }

  it("tells what is done, of how much, since when, and when it may end: in whole seconds, never too early", async () => {
    const { shown, at } = start(40, { label: "lives" });
    assert.equal(shown[0]!["text/plain"], "lives 0 of 40 in 0.0 s");
    const cases: [seconds: number, done: number, text: string][] = [
      [2, 10, "lives 10 of 40 in 2.0 s, about 6 s left"],
      [2.1, 10, "lives 10 of 40 in 2.1 s, about 7 s left"], // 6.3 s
      [90, 30, "lives 30 of 40 in 90.0 s, about 30 s left"],
      [90, 0.8, "lives 0.8 of 40 in 90.0 s"], // two per cent say too little
      [90, 1, "lives 1 of 40 in 90.0 s, about 3510 s left"],
      [100, 40, "lives 40 of 40 in 100.0 s, about 0 s left"],
      [100, 50, "lives 50 of 40 in 100.0 s, about 0 s left"],
    ];
    for (const [seconds, done, text] of cases) assert.equal((await at(seconds, done))["text/plain"], text);
  });

  it("is as wide as its share, and full at most", async () => {
    const { shown, at } = start(3);
    const widths = [shown[0]!, await at(1, 1), await at(1, 3), await at(1, 7)].map(
      (bundle) => /width:([\d.]+)%/.exec(bundle["text/html"])?.[1],
    );
    assert.deepEqual(widths, ["0.0", "33.3", "100.0", "100.0"]);
    assert.equal(shown[0]!["text/plain"], "0 of 3 in 0.0 s", "without a label");
  });

  it("has a note, escaped, until the next one; the end has no bar and nothing left, and keeps the note or gets its own", async () => {
    const first = start(2, { label: "<b>" });
    const noted = await first.at(1, 1, "a < b");
    assert.equal(noted["text/plain"], "<b> 1 of 2 in 1.0 s, about 1 s left · a < b");
    assert.ok(
      noted["text/html"].endsWith("<small>&#60;b&#62; 1 of 2 in 1.0 s, about 1 s left · a &#60; b</small></div>"),
    );
    assert.equal((await first.at(1, 1))["text/plain"], "<b> 1 of 2 in 1.0 s, about 1 s left");
    await first.at(1.5, 2, "last");
    await first.bar.finish();
    assert.deepEqual(first.shown.at(-1), {
      "text/plain": "<b> done in 1.5 s · last",
      "text/html": "<div><small>&#60;b&#62; done in 1.5 s · last</small></div>",
    });
    const second = start(2);
    await second.at(0.5, 1, "last");
    await second.bar.finish("all well");
    assert.equal(second.shown.at(-1)!["text/plain"], "done in 0.5 s · all well");
  });

  it("refuses a total that is nothing", () => {
    for (const total of [0, -1, Number.NaN])
      assert.throws(() => start(total), {
        name: "RangeError",
        message: `Expected the total of a progress bar to be above 0, got ${total}`,
      });
  });
});
