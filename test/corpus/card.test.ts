/** The card of a pretrained model, of figures that are made up: each stands in its row and its column. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CardFacts, writeCard } from "../../corpus/pretrain/card.ts";
import type { Measured } from "../../corpus/pretrain/measure.ts";
import { temporaryFolder } from "../model/shared.ts";

/** Seven programs of a sort; each figure of it is another, and another than those of the other sorts. */
const measured = (n: number): Measured => ({
  samples: 7,
  survived: 0.5 + n / 100,
  changed: 0.4 + n / 100,
  solved: 0.3 + n / 100,
  checked: 10 + n,
  harmful: 0.2 + n / 100,
  ended: 0.1 + n / 100,
  distinct: 0.6 + n / 100,
  meanTokens: 20.04 + n,
  verdicts: { survived: 4 + n, [["timeout", "attempted_harm", "timeout"][n - 1]!]: 3 },
  shown: Array.from({ length: 7 }, (_, i) => ({
    ...{ ask: `ask ${n}.${i}`, program: `self.x = ${n}${i};`, verdict: "survived" },
    solved: [true, false, null][i % 3]!,
  })),
});

const facts = (body: "javascript" | "python", seconds: number): CardFacts => ({
  options: {
    size: { vocabulary: 1000, context: 16, width: 8, layers: 2, heads: 2 },
    tokens: null as never,
    corpus: { body, rates: { fatal: 0.11, harmful: 0.052, noOp: 0.08, other: 0.13 }, typed: 0.25 },
    ...{ seed: 9, steps: 250, batch: 1000, peak: 0.003, floor: 0.0001, warmup: 25 },
  },
  loss: { training: 1.23456, combinations: 2.34567, families: 3.45678 },
  ...{ seconds, command: "npm run pretrain -- --steps 250" },
  measured: { training: measured(1), combinations: measured(2), families: measured(3) },
});

function cardOf(body: "javascript" | "python", seconds = 250): string {
  using folder = temporaryFolder();
  writeCard(folder.path, facts(body, seconds));
  return readFileSync(join(folder.path, "card.md"), "utf8");
}

describe("the card of a pretrained model", () => {
  it("has each figure where its name and its sort of asks say", () => {
    const card = cardOf("javascript");
    const rows = new Map(
      [...card.matchAll(/^\| (.+) \|$/gm)].map(([, row]) => {
        const [name, ...cells] = row!.split(" | ");
        return [name!, cells];
      }),
    );
    for (const [name, cells] of Object.entries({
      "training split, fresh windows": ["1.2346"],
      "held-out combinations of known families": ["2.3457"],
      "families never seen": ["3.4568"],
      survived: ["5", "6", "7"],
      "survived and changed the agent": ["41.0 %", "42.0 %", "43.0 %"],
      "solved, of those that can be checked": ["31.0 % of 11", "32.0 % of 12", "33.0 % of 13"],
      "attempted harm": ["21.0 %", "22.0 %", "23.0 %"],
      "ended by itself": ["11.0 %", "12.0 %", "13.0 %"],
      "different programs": ["61.0 %", "62.0 %", "63.0 %"],
      "tokens, mean": ["21.0", "22.0", "23.0"],
      timeout: ["3", "0", "3"],
      attempted_harm: ["0", "3", "0"],
    }))
      assert.deepEqual(rows.get(name), cells, name);
    assert.ok(card.includes("| survived | 51.0 % | 52.0 % | 53.0 % |"));
    assert.match(card, /^7 asks of each sort/m);
  });

  it("says how the model was made, of what corpus, and for how long where that is more than a minute", () => {
    const card = cardOf("javascript");
    // 8 * 1016 of tables, two blocks of 12 * 8 * 8 and 13 * 8, and the last norm's 16.
    assert.match(card, /2 layers, width 8, 2 heads, context 16, 1000 tokens: 9,888 weights/);
    const day = new Date().toISOString().slice(0, 4);
    assert.match(
      card,
      new RegExp(`^\`npm run pretrain -- --steps 250\` on ${day}-\\d\\d-\\d\\d, seed 9: 250 steps of `, "m"),
    );
    assert.match(
      card,
      /250 steps of 1000 windows of 16 tokens \(4\.0 million\), AdamW, learning rate\n0\.003 after 25 steps of warm-up, cosine to 0\.0001; 4 minutes\.\n/,
    );
    assert.match(cardOf("javascript", 60), /cosine to 0\.0001\.\n/);
    assert.match(
      card,
      /11\.0 % of the programs are fatal, 5\.2 % harmful,\n8\.0 % do nothing, 13\.0 % do something else/,
    );
    assert.match(card, / 25\.0 % of the documents carry types\. /);
    assert.match(card, /the families units, shapes, letters, places\.\n/);
  });

  it("shows the first six programs of each sort, in their order, with what came of them", () => {
    const card = cardOf("javascript");
    const shown = card.slice(card.indexOf("```js\n") + 6, card.lastIndexOf("\n```\n"));
    const outcomes = ["solved", "not solved", null, "solved", "not solved", null];
    assert.equal(
      shown,
      [1, 2, 3]
        .flatMap((n) =>
          outcomes.map(
            (told, i) => `// ask ${n}.${i}  [survived${told === null ? "" : `, ${told}`}]\nself.x = ${n}${i};`,
          ),
        )
        .join("\n\n"),
    );
  });

  it("speaks of the language that the model writes", () => {
    for (const [body, has, hasNot] of [
      [
        "javascript",
        ["# The small model\n", "`// ask`", "carry types.", "behind a `return`", "prompts/base.json", "```js\n"],
        ["ython", "hints"],
      ],
      [
        "python",
        ["# The small model in Python\n", "`# ask`", "carry type hints.", "base-python.json", "```python\n# ask 1.0"],
        ["`// ask`", "behind a `return`"],
      ],
    ] as const) {
      const card = cardOf(body);
      for (const text of has) assert.ok(card.includes(text), `${body}: ${text}`);
      for (const text of hasNot) assert.ok(!card.includes(text), `${body}: ${text}`);
    }
  });
});
