/** Long texts: cut into the same tokens as short ones, in a thread of their own, and known to be too long before they are cut. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { encode as packageIds } from "gpt-tokenizer/encoding/r50k_base";
import { dataPath } from "../../src/data/index.ts";
import { openTokenTable, type Tokenizer, type TokenTable } from "../../src/model/index.ts";
import { openHuggingFaceTokenizer } from "../../src/model/tokens.ts";
import { createRandom } from "../../src/random/index.ts";
import { turnsDuring } from "../support.ts";
import { hangMs } from "../waiting.ts";
import { characterTokenizer } from "./shared.ts";

type File = { [field: string]: unknown; model: { [field: string]: unknown; vocab: { [text: string]: number } } };
const known = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures", "texts.json"), "utf8")) as {
  tokenizers: { what: string; file: File; texts: [string, number[]][] }[];
};
const huggingFace = (file: object, config: object = {}) =>
  openHuggingFaceTokenizer({ path: "M", file, config, end: [] });
const tinyTable = JSON.parse(readFileSync(dataPath("models", "tiny", "tokens.json"), "utf8")) as TokenTable;

describe("a long word", () => {
  let r50k: Tokenizer;
  before(async () => {
    const ids = Array.from({ length: 50257 }, (_, id) => id); // all of them: the model's ids are r50k's own
    r50k = await openTokenTable({ encoding: "r50k_base", ids, end: 50256 });
  });
  const random = createRandom(5, "long words");
  const drawn = (letters: string, length: number) => {
    const all = [...letters];
    return Array.from({ length }, () => all[Math.floor(random.uniform() * all.length)]).join("");
  };
  const texts: [what: string, text: string][] = [
    ["one letter", "a".repeat(2999)],
    ["few letters", drawn("abe", 2000)],
    ["all letters", drawn("abcdefghijklmnopqrstuvwxyz", 2000)],
    ["letters of two and three bytes", drawn("äéß漢字の", 900)],
    ["emoji and halves of pairs", drawn("🙂👩‍🚀\ud800", 700)],
    ["digits", drawn("0123456789", 1500)],
    ["signs", drawn("=-_*/{}()", 1500)],
    ["spaces before a word", `${" ".repeat(1200)}x${"\n".repeat(901)}y`],
    ["line breaks before a long word", `ab\n\n${"c".repeat(300)} \n \n\n${drawn("de ", 2000)}  ${"f".repeat(400)}`],
    ["a mark of the end within", `<|endoftext|>${"x".repeat(500)}<|endoftext|>`],
  ];
  for (const [what, text] of texts)
    it(`becomes the tokens that the package gives, which searches for each merge: ${what}`, () => {
      assert.deepEqual(r50k.encode(text), packageIds(text, { disallowedSpecial: new Set() }));
    });

  it("of 300,000 letters is cut, where the package's way would take minutes and then fail", async () => {
    const { encode, decode } = await openTokenTable(tinyTable);
    const text = drawn("self.", 300_000);
    assert.equal(decode(encode(text)), text);
  });
});

describe("texts that are cut beside the process", () => {
  const long = (text: string, times = 3000) => `${text} `.repeat(times);
  const opened: [string, () => Promise<Tokenizer>][] = [
    ["the table of a small model", () => openTokenTable(tinyTable)],
    ...known.tokenizers.map(({ what, file }): [string, () => Promise<Tokenizer>] => [what, () => huggingFace(file)]),
  ];
  for (const [what, open] of opened)
    it(`have the ids that encode gives, in their order: ${what}`, async () => {
      const { encode, encodeAll } = await open();
      const texts = ["hi", long("x²+y² = 25"), "", "a1b22 333", long("self.x = 1;\n\n"), "q".repeat(30_000), "end"];
      assert.deepEqual(await encodeAll!(texts), texts.map(encode));
    });

  it("leave the event loop to others, long ones and many short ones", async () => {
    const { encodeAll } = await huggingFace(known.tokenizers[0]!.file);
    await encodeAll!([long("begun")]); // the thread is there
    for (const texts of [["ab".repeat(100_000)], Array.from({ length: 60 }, () => "ab".repeat(2000))]) {
      const turns = await turnsDuring(() => encodeAll!(texts));
      assert.ok(turns > 20, `${turns} turns of the loop`);
    }
  });

  it("are given up when they are aborted, in work or waiting, and the others are not", async () => {
    const { encode, encodeAll } = await huggingFace(known.tokenizers[0]!.file);
    const [working, waiting] = [new AbortController(), new AbortController()];
    const endless = encodeAll!(["ab".repeat(2_000_000)], working.signal);
    const second = encodeAll!([long("never begun")], waiting.signal);
    const third = encodeAll!([long("a1b22")]);
    waiting.abort(new Error("not wanted"));
    await assert.rejects(second, /not wanted/);
    working.abort(new Error("enough"));
    await assert.rejects(endless, /enough/);
    assert.deepEqual(await third, [encode(long("a1b22"))]);
    await assert.rejects(encodeAll!(["hi"], working.signal), /enough/);
  });

  it("do not keep a program alive", () => {
    const source = join(import.meta.dirname, "../../src/model/tokens.ts");
    const program = `const { openTokenTable } = await import(${JSON.stringify(source)});
      const { encodeAll } = await openTokenTable(${JSON.stringify(tinyTable)});
      console.log((await encodeAll(["ab ".repeat(5000)]))[0].length);`;
    const flags = ["--conditions=autoagent-lab-source", "--input-type=module", "-e", program];
    const { status, stdout } = spawnSync(process.execPath, flags, { encoding: "utf8", timeout: hangMs });
    assert.equal(status, 0);
    assert.ok(Number(stdout) > 4000, stdout);
  });
});

describe("the least number of tokens of a text", () => {
  const { file, texts } = known.tokenizers[0]!;
  const ofModel = (more: object) => ({ ...file, model: { ...file.model, ...more } });

  it("is never more than it has, and as many where it is the longest token again and again", async () => {
    for (const { file, texts } of known.tokenizers) {
      const { least, encode } = await huggingFace(file);
      for (const [text, ids] of texts) assert.ok(least!(text) <= ids.length, text);
      assert.ok(least!("word ".repeat(999)) <= encode("word ".repeat(999)).length);
      assert.ok(least!("word ".repeat(999)) > 0);
    }
    const { least, encode, decode, size } = await openTokenTable(tinyTable);
    const tokens = Array.from({ length: size }, (_, id) => decode([id]));
    const longest = tokens.reduce((best, text) => (Buffer.byteLength(text) > Buffer.byteLength(best) ? text : best));
    assert.deepEqual([least!(longest.repeat(50)), encode(longest.repeat(50)).length], [50, 50]);
  });

  it("counts what a text becomes: bytes, composed characters, characters", async () => {
    const vocab = { ...file.model.vocab, abcdefghijkl: 9999 };
    const longest = Math.max(...Object.keys(vocab).map(({ length }) => length));
    assert.equal(longest, 12);
    const least = async (more: object) => (await huggingFace({ ...ofModel({ vocab }), ...more })).least!;
    assert.equal((await least({}))("漢".repeat(120)), (120 * 3) / 12);
    assert.equal((await least({ normalizer: { type: "NFC" } }))("e\u0301".repeat(120)), (120 * 2) / 12);
    const metaspace = { type: "Metaspace", replacement: "▁", prepend_scheme: "never" };
    const bytes = Object.fromEntries(
      Array.from({ length: 256 }, (_, i) => [`<0x${i.toString(16).toUpperCase().padStart(2, "0")}>`, 10_000 + i]),
    );
    const model = { ...file.model, byte_fallback: true, vocab: { ...vocab, ...bytes } };
    assert.equal((await least({ pre_tokenizer: metaspace, decoder: null, model }))("漢".repeat(120)), 120 / 12);
  });

  const special = { id: 300, content: "<x>", special: true, single_word: false, normalized: false };
  const losing: [what: string, file: object, config?: object][] = [
    ["a normalizer strips", { ...file, normalizer: { type: "Strip", strip_left: true, strip_right: true } }],
    [
      "a normalizer writes shorter",
      { ...file, normalizer: { type: "Replace", pattern: { String: "  " }, content: " " } },
    ],
    ["words lose their spaces", { ...file, pre_tokenizer: { type: "WhitespaceSplit" } }],
    [
      "a cut is thrown away",
      { ...file, pre_tokenizer: { type: "Split", pattern: { String: " " }, behavior: "Removed", invert: false } },
    ],
    ["a token takes the spaces about it", { ...file, added_tokens: [{ ...special, lstrip: true, rstrip: false }] }],
    ["a setting squeezes spaces", file, { remove_space: true }],
    ["unknown characters become nothing", characterTokenizer()],
    ["words without a token become one", ofModel({ type: "WordPiece", unk_token: "[UNK]", vocab: { "[UNK]": 0 } })],
    ["unknown characters become one", ofModel({ unk_token: "a", fuse_unk: true, vocab: { a: 0 }, merges: [] })],
  ];
  for (const [what, file, config] of losing)
    it(`says nothing where ${what}`, async () => {
      const { least } = await huggingFace(file, config);
      assert.equal(least!("a ".repeat(9999)), 0);
    });

  it("is 0 for no text", async () => {
    const { least } = await huggingFace(file);
    assert.deepEqual([least!(""), texts.length > 0], [0, true]);
  });
});
