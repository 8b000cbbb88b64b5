/** Updates on their way to the front ends, without a kernel: which of them go out, and which a newer one has made stale. */

import assert from "node:assert/strict";
import { createLiveFigures } from "../../../kernel/session/live-figures.ts";
import { createPace } from "../../../kernel/session/pace.ts";

describe("an update on its way", () => {
  it("is left out where a newer one for its place has come while it waited, and only there", async () => {
    const pace = createPace();
    const [first, second, third, elsewhere] = [{}, {}, {}, {}];
    pace.note("a", first);
    assert.equal(await pace.isDue("a", first), true);
    pace.note("a", second);
    const waiting = pace.isDue("a", second);
    pace.note("a", third);
    pace.note("b", elsewhere);
    pace.hurry();
    assert.equal(await waiting, false);
    assert.equal(await pace.isDue("b", elsewhere), true, "another place");
    assert.equal(await pace.isDue("a", third), true, "the newest");
  });

  it("that a newer one had overtaken before its turn does not go out, though nothing has been sent for long", async () => {
    const pace = createPace();
    const states = [{}, {}, {}];
    for (const state of states) pace.note("a", state);
    const due: boolean[] = [];
    for (const state of states) due.push(await pace.isDue("a", state));
    assert.deepEqual(due, [false, false, true]);
  });

  it("with a figure whose picture is still being drawn is not sent again when a newer state has come", async () => {
    const figures = createLiveFigures();
    const figure = (y: number) => ({ "application/vnd.plotly.v1+json": { data: [{ y: [y] }], layout: {} } });
    const sent: string[] = [];
    const update = (y: number) =>
      figures.update("loss", figure(y), (data, again) => {
        const picture = data["text/html"] === undefined ? "no picture" : "a picture";
        sent.push(`${y}${again ? " again" : ""}, ${picture}`);
      });
    update(1);
    const drawing = figures.settle();
    update(2);
    await drawing;
    assert.deepEqual(sent, ["1, no picture", "2, no picture"]);
    await figures.settle();
    assert.deepEqual(sent.slice(2), ["2 again, a picture"]);
  });
});
