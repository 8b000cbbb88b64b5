/** How often a live figure gets its picture: one timer a figure, by a clock of the test's own. */

import assert from "node:assert/strict";
import { createLiveFigures } from "../../../kernel/session/live-figures.ts";

const type = "application/vnd.plotly.v1+json";
const figure = (y: number) => ({ [type]: { data: [{ type: "scatter", y: [y, y + 1] }] }, "text/plain": `y ${y}` });

describe("a figure that is updated often", () => {
  const { setTimeout: real } = globalThis;
  const due: { run: () => void; ms: number }[] = [];
  before(() => {
    globalThis.setTimeout = ((run: (...given: unknown[]) => void, ms: number, ...given: unknown[]) => {
      due.push({ run: () => run(...given), ms });
      return { unref: () => ({}) };
    }) as never;
  });
  after(() => {
    globalThis.setTimeout = real;
  });

  it("gets a picture two seconds after the first state without one, of the latest, whatever came between; and at the end", async () => {
    const figures = createLiveFigures();
    const sent: [text: string, again: boolean, hasPicture: boolean][] = [];
    let told: () => void = () => {};
    const send = (data: { [mimeType: string]: unknown }, again = false): void => {
      sent.push([String(data["text/plain"]), again, data["text/html"] !== undefined]);
      if (again) told();
    };
    for (const y of [1, 2, 3]) figures.update("a", figure(y), send);
    assert.deepEqual(
      due.map(({ ms }) => ms),
      [2000],
    );
    assert.deepEqual(sent, [
      ["y 1", false, false],
      ["y 2", false, false],
      ["y 3", false, false],
    ]);
    const drawn = new Promise<void>((resolve) => {
      told = resolve;
    });
    due[0]!.run();
    await drawn;
    assert.deepEqual(sent.splice(0).at(-1), ["y 3", true, true]);
    figures.update("a", figure(4), send);
    figures.update("b", figure(5), send);
    assert.deepEqual(
      due.map(({ ms }) => ms),
      [2000, 2000, 2000],
      "one for each that owes",
    );
    assert.deepEqual(
      sent.splice(0),
      [
        ["y 4", false, true],
        ["y 5", false, false],
      ],
      "the last picture, or none",
    );
    figures.update("b", { "text/plain": "words" }, send);
    await figures.settle();
    assert.deepEqual(
      sent,
      [
        ["words", false, false],
        ["y 4", true, true],
      ],
      "what is no figure owes none",
    );
    sent.length = 0;
    await figures.settle();
    assert.deepEqual(sent, []);
  });
});
