/** The corpus does what it says: each kind of program is seen in the real sandbox, and the held-out split is held out. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import {
  collectTokens,
  defaultRates,
  drawBatch,
  drawDocument,
  drawExample,
  drawTask,
  drawTexts,
  families,
  splitOf,
} from "../../corpus/index.ts";
import { judgeProgram } from "../../corpus/pretrain/measure.ts";
import { dataPath } from "../../src/data/index.ts";
import { loadPrompt, openTokenTable, type TokenTable, usualPrompt } from "../../src/model/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { checkKinds } from "./kinds.ts";

describe("the corpus", () => {
  it("has programs that do, in the real sandbox, what their kind says; good ones solve their task", async () => {
    await using sandbox = await createSandbox({ workers: 2 });
    const rates = { fatal: 0.2, harmful: 0.2, noOp: 0.1, other: 0.1 };
    const examples = Array.from({ length: 400 }, (_, i) => {
      const split = i % 4 === 0 ? "held-out" : "training";
      return drawExample(createRandom(11, "example", i), { split, rates, style: { typed: i % 3 === 0 } });
    });
    await checkKinds(sandbox, examples, { body: "javascript", least: 20 });
  });

  it("calls a program good whose bad line stands behind a return, for that is what it does", async () => {
    await using sandbox = await createSandbox({ workers: 1 });
    const random = createRandom(1, "cut short");
    const rates = { fatal: 0.5, harmful: 0.5, noOp: 0, other: 0 };
    let cut = 0;
    for (let i = 0; i < 40_000 && cut < 6; i++) {
      const example = drawExample(random, { rates });
      if (example.kind !== "good") continue;
      cut++;
      assert.match(example.program, /^return\b.*\n./m);
      const { alive, harmful, solved } = await judgeProgram(sandbox, example.program, example, "javascript");
      assert.deepEqual([alive, harmful, solved], [true, false, example.check ? true : null], example.program);
    }
    assert.equal(cut, 6);
  });

  it("keeps to its rates, within the noise of 4,000 draws", () => {
    const drawn = Array.from({ length: 4000 }, (_, i) => drawExample(createRandom(3, "rates", i)).kind);
    const { fatal, harmful, noOp, other } = defaultRates;
    for (const [kind, rate] of Object.entries({ fatal, harmful, "no-op": noOp, other })) {
      const share = drawn.filter((one) => one === kind).length / drawn.length;
      assert.ok(Math.abs(share - rate) < 4 * Math.sqrt((rate * (1 - rate)) / drawn.length), `${kind}: ${share}`);
    }
    assert.throws(() => drawExample(createRandom(1), { rates: { ...defaultRates, fatal: 2 } }), /got 2 for fatal/);
  });

  it("holds combinations and whole families out of the training split", () => {
    const style = { typed: false };
    const of = (split: "training" | "held-out") =>
      Array.from({ length: 1500 }, (_, i) => drawTask(createRandom(4, split, i), style, split));
    const [training, heldOut] = [of("training"), of("held-out")];
    const name = ({ family, combination }: { family: string; combination: string }) => `${family} ${combination}`;
    const known = new Set(training.map(name));
    assert.deepEqual(
      heldOut.filter((task) => known.has(name(task))),
      [],
    );
    const unseen = families.filter((family) => family.unseen).map((family) => family.name);
    assert.ok(unseen.length >= 3);
    assert.ok(training.every(({ family }) => !unseen.includes(family)));
    assert.ok(
      heldOut.some(({ family }) => unseen.includes(family)) && heldOut.some(({ family }) => !unseen.includes(family)),
    );
    const only = (of: "known" | "unseen", i: number) => drawTask(createRandom(4, of, i), style, "held-out", of);
    for (let i = 0; i < 50; i++) {
      assert.ok(!unseen.includes(only("known", i).family) && unseen.includes(only("unseen", i).family));
      assert.equal(splitOf(only("known", i)), "held-out");
    }
    assert.throws(() => drawTask(createRandom(1), style, "training", "unseen"), {
      message: "Unseen families have no tasks in the training split",
    });
    for (const task of training.slice(0, 50)) assert.equal(splitOf(task), "training");
    const documents = Array.from({ length: 40 }, (_, i) => drawDocument(createRandom(5, i)));
    for (const { examples } of documents) for (const example of examples) assert.equal(splitOf(example), "training");
  });

  it("gives the same text for the same seed, and windows that depend on their number alone", async () => {
    assert.deepEqual([...drawTexts(7, 20)], [...drawTexts(7, 20)]);
    assert.notDeepEqual([...drawTexts(7, 3)], [...drawTexts(8, 3)]);
    const tokens = await openTokenTable(collectTokens(drawTexts(1, 300)));
    const options = { seed: 2, length: 64, tokens };
    const whole = drawBatch(0, 6, options);
    const part = drawBatch(4, 2, options);
    assert.deepEqual(part.ids, whole.ids.slice(4 * 64));
    assert.deepEqual(whole.ids.slice(1, 64), whole.targets.slice(0, 63));
  });

  it("has a vocabulary of what its texts use, once and more, or as often as it is told", () => {
    const idsOf = (least?: number) =>
      collectTokens(["apple banana", " banana"], least === undefined ? {} : { least }).ids.slice(256);
    const [used, end] = [idsOf(), 50256];
    assert.equal(used.at(-1), end);
    assert.deepEqual(idsOf(1), used);
    assert.deepEqual(
      [...used],
      [...new Set(used)].sort((a, b) => a - b),
    );
    // " banana" comes twice, "apple" once.
    assert.ok(used.length > idsOf(2).length && idsOf(2).length === 2, `${used} ${idsOf(2)}`);
    assert.deepEqual(idsOf(3), [end]);
  });

  it("has a vocabulary in which any text can be written, and reads back", async () => {
    const table = collectTokens(drawTexts(1, 500), { least: 2 });
    const tokens = await openTokenTable(table);
    assert.equal(tokens.size, table.ids.length);
    for (const text of ["self.x = 1;\n", "// Größe: 漢字 🙂\n", "\u0000\u007f\r\n\t", ...drawTexts(99, 20)])
      assert.equal(tokens.decode(tokens.encode(text)), text);
    assert.ok(!tokens.encode("<|endoftext|>").includes(table.end));
    await assert.rejects(
      openTokenTable({ ...table, ids: table.ids.slice(1), end: table.end - 1 }),
      /it lacks r50k's id 0/,
    );
    await assert.rejects(openTokenTable({ ...table, end: 3 }), /Expected token 3 to be r50k's 50256, got 3/);
  });
});

describe("the micro-tasks that ship", () => {
  it("are of both splits and many families, and none that is held out is in the training split", async () => {
    const tasks = await microTasks();
    assert.ok(tasks.length >= 60, `${tasks.length}`);
    const isHeldOut = ({ split }: { split: string }) => split === "known" || split === "unseen";
    const familiesOf = (split: string) =>
      new Set(tasks.filter((task) => isHeldOut(task) === (split === "held-out")).map(({ family }) => family));
    assert.ok(familiesOf("training").size >= 6 && familiesOf("held-out").size >= 6);
    assert.ok([...familiesOf("held-out")].some((family) => !familiesOf("training").has(family)));
    assert.equal(new Set(tasks.map(({ ask }) => ask)).size, tasks.length);
    const random = createRandom(6, "training");
    const asked = new Set(Array.from({ length: 8000 }, () => drawTask(random, { typed: false }, "training").ask));
    assert.deepEqual(
      tasks.filter((task) => isHeldOut(task) && asked.has(task.ask)),
      [],
    );
  });
});

describe("a table's text", () => {
  it("is that of its ids alone, whatever was read before it and wherever that ended", async () => {
    const table = JSON.parse(readFileSync(dataPath("models", "tiny", "tokens.json"), "utf8")) as TokenTable;
    const tokens = await openTokenTable(table);
    const idOf = (byte: number) =>
      Array.from({ length: tokens.size }, (_, id) => id).find((id) => {
        const { bytes } = tokens.piece(id);
        return bytes?.length === 1 && bytes[0] === byte;
      })!;
    // The arrow U+2924 is E2 A4 A4.
    const [first, next] = [idOf(0xe2), idOf(0xa4)];
    assert.equal(tokens.decode([first, next, next]), "\u2924");
    for (const [ids, text] of [
      [[first, next], "\ufffd"],
      [[next], "\ufffd"],
      [[next, ...tokens.encode("a")], "\ufffda"],
    ] as const)
      for (let times = 0; times < 2; times++) assert.equal(tokens.decode(ids), text);
    assert.equal(tokens.decode([...tokens.encode("a"), table.end]), "a");
  });
});

describe("the small models that ship", () => {
  it("know the tokens that the corpus has, word for word: who trains one anew begins with the same text", () => {
    const { ids } = JSON.parse(readFileSync(dataPath("models", "tiny", "tokens.json"), "utf8")) as TokenTable;
    // As `npm run pretrain` draws them. Another choice anywhere in a family gives other words and numbers after it.
    assert.deepEqual(collectTokens(drawTexts(1, 20_000, { typed: 0.3, examples: 8 }), { least: 3 }).ids, ids);
  });

  for (const [name, body, prompt] of [
    ["tiny", "javascript", "base"],
    ["tiny-python", "python", "base-python"],
  ] as const)
    it(`${name}: is at most 5 MB, its table fits the corpus, and it is asked as it was trained`, async () => {
      const table = JSON.parse(readFileSync(dataPath("models", name, "tokens.json"), "utf8")) as TokenTable;
      const weights = readFileSync(dataPath("models", name, "model.safetensors"));
      assert.ok(weights.length < 5e6, `${weights.length}`);
      const tokens = await openTokenTable(table);
      const text = [...drawTexts(12345, 50, { body })].join("");
      const bytes = tokens.encode(text).filter((id) => table.ids[id]! < 256).length;
      assert.ok(bytes / tokens.encode(text).length < 0.5);
      assert.equal(usualPrompt(tokens), prompt);
      const { before, stop } = await loadPrompt(prompt);
      const mark = body === "python" ? "#" : "//";
      assert.deepEqual([before, stop], [`${mark} `, ["\n\n", `\n${mark}`]]);
    });
});
