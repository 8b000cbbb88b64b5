/** The live panel of a training run: what it says, where it opens, and what it knows a degenerate policy by. */

import assert from "node:assert/strict";
import { editMenu } from "../../src/policy/index.ts";
import { degenerateReason } from "../../src/statistics/index.ts";
import { train } from "../../src/training/index.ts";
import { panelBundle, panelRow, sparkline } from "../../src/training/panel.ts";
import { menu, nameEnv, updatesOf } from "./fixtures.ts";

describe("the live panel", () => {
  it("holds first value, last value and course of each figure, flags a degenerate policy, and ends in curves", async () => {
    const policy = editMenu(menu);
    const rows = (await updatesOf({ env: nameEnv(), policy, updates: 12, episodes: 16 })).map(panelRow);
    const live = panelBundle(rows.slice(0, 5), { updates: 12, name: "edit menu", ended: false });
    assert.match(
      String(live["text/plain"]),
      /^edit menu: update 5 of 12, 80 episodes, [\d.]+ s an update, about \d+ s left\n/,
    );
    for (const what of ["return, mean", "steps survived", "attempted harm", "entropy", "divergence", "tokens a second"])
      assert.ok(String(live["text/html"]).includes(what), what);
    assert.equal(live["application/vnd.plotly.v1+json"], undefined);
    const ended = panelBundle(rows, { updates: 12, name: "edit menu", ended: true });
    assert.ok(ended["application/vnd.plotly.v1+json"]);
    const stone = editMenu(menu, { logits: [30, 0, 0] });
    const [last] = await updatesOf({ env: nameEnv(), policy: stone, updates: 1, episodes: 4 });
    const degenerate = panelBundle([...rows, panelRow(last!)], { updates: 13, name: "menu", ended: false });
    assert.match(String(degenerate["text/plain"]), /Degenerate: entropy 0\.000 nats: it does one thing only/);
    stone.dispose();
    assert.ok(JSON.stringify(rows[0]).length < 4000, "a row holds figures, and no episode, program or closure");
    assert.ok(!Object.values(rows[0]!).some((value) => typeof value === "function"));
    policy.dispose();
  });

  it("opens by itself where there is a display, updates in place, and is closed by a break", async () => {
    const shown: string[] = [];
    const scope = globalThis as { display?: unknown };
    const text = (value: unknown) =>
      String(
        (value as { [key: symbol]: () => { [type: string]: string } })[Symbol.for("Jupyter.display")]!()["text/plain"],
      );
    scope.display = async (value: unknown) => {
      shown.push(`new ${text(value)}`);
      return { update: async (next: unknown) => void shown.push(`again ${text(next)}`) };
    };
    try {
      const policy = editMenu(menu);
      for await (const { update } of train({ env: nameEnv(), policy, updates: 9, episodes: 4 }))
        if (update === 2) break;
      policy.dispose();
    } finally {
      delete scope.display;
    }
    assert.equal(shown.filter((line) => line.startsWith("new")).length, 1);
    assert.match(shown[2]!, /^again edit menu: update 3 of 9/);
    assert.equal(shown.length, 4);
  });

  it("draws a course as blocks, lowest to highest", () => {
    assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), "▁▂▃▄▅▆▇█");
    assert.equal(sparkline([3, 3]), "▁▁");
    assert.equal(sparkline(Array.from({ length: 100 }, (_, i) => i)).length, 32);
  });

  it("knows a degenerate policy by its entropy or by its edits that change nothing", () => {
    assert.equal(degenerateReason({ entropy: 0.8, changed: 0.5 }), null);
    assert.equal(degenerateReason({ entropy: 0.8, changed: null }), null);
    assert.equal(degenerateReason({ entropy: 0.049 }), "entropy 0.049 nats: it does one thing only");
    assert.equal(degenerateReason({ entropy: 0.8, changed: 0.05 }), "95 % of its edits change nothing");
  });
});
