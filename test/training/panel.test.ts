/** The live panel of a training run: what it says, where it opens, and what it knows a degenerate policy by. */

import assert from "node:assert/strict";
import { editMenu } from "../../src/policy/index.ts";
import { degenerateReason } from "../../src/statistics/index.ts";
import type { BackendChoice } from "../../src/training/backend.ts";
import { train } from "../../src/training/index.ts";
import { type PanelRow, panelBundle, panelRow, sparkline } from "../../src/training/panel.ts";
import { slownessText } from "../../src/training/slowness.ts";
import type { Validation } from "../../src/training/types.ts";
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

  it("that runs to its end is updated at each update, and leaves the curves; in a terminal it is lines, where it is asked for", async () => {
    const shown: { [type: string]: unknown }[] = [];
    const scope = globalThis as { display?: unknown };
    const show = async (value: unknown) => {
      shown.push((value as { [key: symbol]: () => { [type: string]: unknown } })[Symbol.for("Jupyter.display")]!());
      return { update: show };
    };
    const learn = async (panel?: boolean) => {
      const policy = editMenu(menu);
      const updates = { env: nameEnv(), policy, updates: 3, episodes: 4 };
      await train({ ...updates, ...(panel !== undefined && { panel }) }).run();
      policy.dispose();
    };
    scope.display = show;
    try {
      await learn();
      assert.deepEqual(
        shown.map((bundle) => "application/vnd.plotly.v1+json" in bundle),
        [false, false, true],
      );
      await learn(false);
      assert.equal(shown.length, 3);
    } finally {
      delete scope.display;
    }
    const { log } = console;
    const lines: string[] = [];
    console.log = (line: string) => void lines.push(line);
    try {
      await learn();
      await learn(true);
    } finally {
      console.log = log;
    }
    assert.equal(lines.length, 3);
    assert.match(lines[0]!, /^edit menu: update 1 of 3, 4 episodes, \d+\.\d s an update, about \d+ s left$/);
    assert.match(lines[2]!, /^edit menu: update 3 of 3, 12 episodes, \d+\.\d s an update, done$/);
  });

  /** The lines of a panel of ten updates, of which these are over. */
  const linesOf = (...rows: Partial<PanelRow>[]): string[] => {
    const row = { ...{ episodesSoFar: 4, returns: [], degenerate: null, policyEntropy: 1, kl: 0, update: 0 } };
    const usual = {
      ...row,
      ...{ zeroAdvantages: 0, alike: 0, validation: null, tokensPerSecond: 9, seconds: 1, figures: {} },
    };
    const history = rows.map((more) => ({ ...usual, ...more }));
    return String(panelBundle(history, { updates: 10, name: "menu", ended: false })["text/plain"]).split("\n");
  };

  it("says how long is left by the mean of the updates: seconds up to 89, minutes from 90 on", () => {
    const status = (...rows: Partial<PanelRow>[]) =>
      linesOf(...rows)[0]!
        .split(", ")
        .slice(2)
        .join(", ");
    assert.equal(status({ seconds: 9.8 }), "9.8 s an update, about 89 s left"); // 9 updates of 9.8 s are 88.2 s
    assert.equal(status({ seconds: 10 }), "10.0 s an update, about 2 min left");
    assert.equal(status({ seconds: 1 }, { seconds: 3, update: 1 }), "2.0 s an update, about 16 s left");
    assert.equal(status({ update: 9 }), "1.0 s an update, done");
  });

  it("has a row for each figure that is told, with its interval now; groups all alike only where there were some", () => {
    const survival = (estimate: number) => ({ survival: { estimate, low: estimate - 1, high: estimate + 1 } });
    const cells = linesOf(
      { figures: { ...survival(2), successRate: null }, kl: 0.5 },
      { figures: { ...survival(4), successRate: null }, kl: 0.25, zeroAdvantages: 0.5, tokensPerSecond: 10.4 },
    )
      .slice(2)
      .map((line) => line.trim().split(/ {2,}/));
    assert.deepEqual(cells, [
      ["steps survived, mean", "2.00", "4.00", "▁█"],
      ["its 95 % interval now", "3.00 to 5.00"],
      ["divergence from the start, nats a token", "0.500", "0.250", "█▁"],
      ["steps that teach nothing", "0.0 %", "50.0 %", "▁█"],
      ["tokens a second", "9", "10", "▁█"],
    ]);
    const alike = linesOf({ alike: 0 }, { alike: 2 }).find((line) => line.includes("groups left out, all alike"))!;
    assert.deepEqual(alike.trim().split(/ {2,}/).slice(1), ["0", "2", "▁█"]);
  });

  it("says which validation was best, and that none was where nobody can tell", () => {
    const validated = (best: Validation["best"]) =>
      linesOf({
        figures: { survival: 1 },
        validation: {
          by: "survival",
          course: [
            { updates: 0, values: { known: 1, other: null } },
            { updates: 4, values: { known: 3, other: 2 } },
          ],
          best,
        },
      })
        .filter((line) => /validation|kept/.test(line))
        .map((line) => line.trim().replaceAll(/ +/g, " "));
    const rows = [
      "validation, known: steps survived, mean 1.00 3.00 ▁█",
      "validation, other: steps survived, mean 2.00 2.00 ▁",
    ];
    assert.deepEqual(validated({ updates: 4, value: 3 }), [...rows, "best known, kept: after 4 updates 3.00"]);
    assert.deepEqual(validated({ updates: 0, value: 1 }).at(-1), "best known, kept: before any update 1.00");
    assert.deepEqual(validated(null), rows);
  });

  it("tells of a slow backend in seconds or minutes, and how to get a fast one where that was passed over", () => {
    const choice = {
      backend: "cpu",
      device: "",
      passedOver: [{ backend: "webgpu", why: "no" }],
    } as unknown as BackendChoice;
    const said = (seconds: number, updates: number) => slownessText(seconds, updates, choice);
    const text = (updates: number, each: string, all: string) =>
      `Each of the ${updates} updates will take about ${each} on the backend cpu besides playing, ${all} in all`;
    assert.equal(said(9.4, 1), text(1, "9.4 s", "10 s"));
    assert.equal(said(9.5, 2), text(2, "10 s", "19 s"));
    assert.equal(said(44.5, 2), text(2, "45 s", "89 s"));
    assert.equal(said(45, 2), text(2, "45 s", "2 minutes"));
  });

  it("draws a course as blocks, lowest to highest, of the last 32 values", () => {
    assert.equal(sparkline([0, 1, 2, 3, 4, 5, 6, 7]), "▁▂▃▄▅▆▇█");
    assert.equal(sparkline([9, 0, 1, 3], 3), "▁▃█");
    assert.equal(sparkline([-5, 5, ...Array.from({ length: 31 }, () => 0)]), `█${"▁".repeat(31)}`);
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
