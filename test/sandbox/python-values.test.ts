/** Values of an agent in Python as they leave and come back: texts, names and numbers that JSON and C tell otherwise. */

import assert from "node:assert/strict";
import { type Life, python } from "../../src/sandbox/index.ts";
import { useSandbox } from "./shared.ts";

describe("a value of an agent in Python", () => {
  const sandbox = useSandbox({ body: python, workers: 1 });
  const valuesOf = async (life: Life, name: string, lists?: unknown[][]): Promise<unknown[]> => {
    const told = await (lists === undefined ? life.read(name) : life.call(name, lists));
    assert.ok("answers" in told, JSON.stringify(told));
    return told.answers.map((one) => ("value" in one ? one.value : one.failed));
  };

  it("keeps half of a pair of surrogates wherever it goes, as a text of Python and of JSON may have one", async () => {
    const asked: string[] = [];
    const callModel = async (query: string): Promise<string> => {
      asked.push(query);
      return "\udc00b";
    };
    const life = await sandbox().open({ callModel });
    const told = await life.step(
      [
        "self.half, self.both, self.table = 'x\\ud800y\\U0001f600', '\\ud83d\\ude00', {'\\udfff': ['\\ud800']}",
        "setattr(self, 'n\\ud800', 5)",
        "self.query = 'q\\ud800'",
        "def give(text): return text + '\\ud800'",
        "self.heard = [hex(ord(one)) for one in call_LLM('a\\ud800')]",
      ].join("\n"),
    );
    const sources = Object.fromEntries(told.genome.map(({ name, source }) => [name, source]));
    assert.deepEqual(
      ["half", "both", "table", "n\ud800", "heard"].map((name) => sources[`self.${name}`]),
      ['"x\\ud800y😀"', '"😀"', '{"\\udfff":["\\ud800"]}', "5", '["0xdc00","0x62"]'],
    );
    assert.deepEqual([told.query, asked], ["q\ud800", ["a\ud800"]]);
    assert.deepEqual(await valuesOf(life, "half"), ["x\ud800y😀"]);
    assert.deepEqual(await valuesOf(life, "n\ud800"), [5]);
    assert.deepEqual(await valuesOf(life, "give", [["\udfff"]]), ["\udfff\ud800"]);

    const born = await sandbox().open({ genome: told.genome });
    const again = await born.step("print(ascii(half), ascii(table), getattr(self, 'n\\ud800'))");
    assert.equal(again.output, "'x\\ud800y\\U0001f600' {'\\udfff': ['\\ud800']} 5\n");
    assert.deepEqual(again.genome, told.genome);
    await born.close();
    // CPython's own streams refuse to print one.
    const thrown = await life.step(
      "try:\n    print('\\ud800')\nexcept UnicodeEncodeError:\n    raise ValueError('m\\ud800')",
    );
    assert.deepEqual([thrown.error?.name, thrown.error?.message], ["ValueError", "m\ud800"]);
    await life.close();
  });

  it("is a negative zero to who asks for it, also inside what a method was given", async () => {
    const life = await sandbox().open();
    await life.step(
      "self.zero = -0.0\ndef give(items):\n    items[0] = -0.0\n    return [items[0], {'a': -0.0}, 0.0, 0]",
    );
    assert.deepEqual(await valuesOf(life, "zero"), [-0]);
    assert.deepEqual(await valuesOf(life, "give", [[[1]]]), [[-0, { a: -0 }, 0, 0]]);
    await life.close();
  });

  it("is an int to its last digit, and none that a float rounds is told as another", async () => {
    const life = await sandbox().open();
    const { genome } = await life.step(
      "self.near, self.last, self.more, self.far = 2**53 - 1, 2**53, [2**53 + 1, -2**53 - 1], 10**23 + 1",
    );
    const told = genome.filter(({ kind }) => kind === "attribute").map(({ source }) => source);
    assert.deepEqual(told, [
      "100000000000000000000001",
      "9007199254740992",
      "[9007199254740993,-9007199254740993]",
      "9007199254740991",
    ]);
    const odd = "it gave an int beyond what a float holds";
    assert.deepEqual(
      [await valuesOf(life, "near"), await valuesOf(life, "last"), await valuesOf(life, "more")],
      [[2 ** 53 - 1], [2 ** 53], [`${odd} at [0], which is no plain data`]],
    );
    await life.close();
    const born = await sandbox().open({ genome });
    assert.deepEqual((await born.step("print(near, last, more, far)")).genome, genome);
    await born.close();
  });

  it("is the same from a genome: a dict that looks like a number's text is a dict, a whole float a float", async () => {
    const life = await sandbox().open();
    const program = "self.table, self.numbers = {'float': '1.5'}, [1e22, 2.0, -0.0, 2, 1e-7]";
    const { genome } = await life.step(program);
    await life.close();
    const born = await sandbox().open({ genome });
    const { output } = await born.step("print(table, numbers)");
    assert.equal(output, "{'float': '1.5'} [1e+22, 2.0, -0.0, 2, 1e-07]\n");
    await born.close();
  });

  it("is found by its whole name, whatever letters that has", async () => {
    const life = await sandbox().open();
    const { genome } = await life.step("setattr(self, 'n\\0m', lambda: 'whole')\nself.n = lambda: 'part'");
    assert.deepEqual(await valuesOf(life, "n\0m", [[]]), ["whole"]);
    await life.close();
    const born = await sandbox().open({ genome });
    const { output } = await born.step("print(sorted(name for name in state if name[0] == 'n'))");
    assert.equal(output, "['n', 'n\\x00m']\n");
    await born.close();
  });
});
