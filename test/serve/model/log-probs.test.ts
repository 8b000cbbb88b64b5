/**
 * Log-probabilities as they are told: of prompts that are echoed against the decoder run token by token, bytes of tokens that are
 * parts of characters, names that are never shared, places in the text, and what a stop text cuts off.
 */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI from "openai";
import type { StepLogits } from "../../../src/model/index.ts";
import { openHuggingFaceTokenizer } from "../../../src/model/tokens.ts";
import { serve } from "../../../src/serve/model/index.ts";
import { completionLogProbs } from "../../../src/serve/model/log-probs.ts";
import { scoreIds } from "../../model/score.ts";
import { characterTokenizer, endId, writingModel } from "../../model/shared.ts";
import { useServer } from "./use-server.ts";

/** The character tokenizer with the bytes of é, 😀 and ٣ in place of its last letters: a random model writes parts of characters. */
function byteTokenizer(): object {
  const file = characterTokenizer() as { model: { vocab: { [letter: string]: number } } };
  const letters = [..."Ã©ðŁĺĢÙ£"];
  const others = Object.keys(file.model.vocab).filter((letter) => letter !== "<end>");
  const vocab = Object.fromEntries([...others.slice(0, -letters.length), ...letters, "<end>"].map((t, id) => [t, id]));
  return { ...file, model: { ...file.model, vocab } };
}

describe("log-probabilities that a server tells", () => {
  const suite = useServer({
    model: writingModel({ context: 512 }),
    prepare: (folder) => writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(byteTokenizer())),
  });

  const complete = async (ask: object) =>
    (await suite.client.completions.create({ model: "small", prompt: "abc", max_tokens: 9, seed: 1, ...ask })).choices;

  const near = (found: readonly (number | null)[], expected: readonly (number | null)[]): void => {
    assert.equal(found.length, expected.length);
    for (const [i, value] of expected.entries())
      if (value === null) assert.equal(found[i], null);
      else assert.ok(Math.abs(found[i]! - value) < 1e-4, `${i}: ${found[i]} instead of ${value}`);
  };

  it("of an echoed prompt are the decoder's, for texts and ids, with and without a token after it", async () => {
    const text = "self x 0a1b23 ".repeat(11);
    const ids = suite.decoder.tokenizer.encode(text);
    assert.equal(ids.length, 154, "longer than two parts of 64");
    const expected = (await scoreIds(suite.decoder, ids)).scores;
    for (const prompt of [text, ids])
      for (const tokens of [0, 1]) {
        const [choice] = await complete({ prompt, echo: true, logprobs: 1, max_tokens: tokens });
        const told = choice!.logprobs!;
        assert.ok(choice!.text.startsWith(text));
        assert.equal(told.tokens!.length, 154 + tokens);
        assert.equal(told.tokens!.slice(0, 154).join(""), text);
        near(told.token_logprobs!.slice(0, 154), expected);
        assert.deepEqual(
          told.text_offset!.slice(0, 154),
          ids.map((_, i) => i),
        );
        assert.equal(told.top_logprobs![0], null);
        for (const [i, top] of told.top_logprobs!.slice(1).entries()) {
          const own = told.token_logprobs![i + 1]!;
          assert.equal(top[told.tokens![i + 1]!], own);
          assert.ok(Math.max(...Object.values(top)) >= own && Object.keys(top).length <= 2);
        }
      }
  });

  it("of an echoed prompt are the same whatever else runs, in a stream, and for each of many prompts", async () => {
    const prompts = ["abc", "self x 0a1b23 ".repeat(6), "d", "zz 0y"];
    const ask = { echo: true, logprobs: 2, max_tokens: 2, temperature: 0 };
    const alone = [];
    for (const prompt of prompts) alone.push((await complete({ ...ask, prompt }))[0]!);
    const [together] = await Promise.all([
      complete({ ...ask, prompt: prompts }),
      complete({ max_tokens: 40 }),
      complete({ ...ask, prompt: "x".repeat(80) }),
    ]);
    assert.deepEqual(
      together.map((choice) => ({ ...choice, index: 0 })),
      alone,
    );
    const events = await suite.client.completions.create({ model: "small", prompt: prompts[1]!, stream: true, ...ask });
    let text = "";
    const told: { [list: string]: unknown[] } = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
    for await (const { choices } of events) {
      text += choices[0]!.text;
      for (const [list, values] of Object.entries(choices[0]!.logprobs ?? {}))
        told[list]!.push(...(values as unknown[]));
    }
    assert.equal(text, alone[1]!.text);
    assert.deepEqual(told, alone[1]!.logprobs);
  });

  it("count on as many tokens as were asked for after an echoed prompt, though one of them ends the text", async () => {
    const prompt = suite.decoder.tokenizer.encode("abc");
    // A temperature of 2 draws the end sooner or later.
    for (let seed = 0; ; seed++) {
      const [choice] = await complete({ prompt, echo: true, logprobs: 0, max_tokens: 1, temperature: 2, seed });
      const { tokens, token_logprobs: scores, text_offset: offsets } = choice!.logprobs!;
      assert.deepEqual([tokens!.length, scores!.length, offsets!.length], [4, 4, 4]);
      if (choice!.finish_reason !== "stop") continue;
      assert.deepEqual([choice!.text, tokens![3], offsets![3]], ["abc", "<end>", 3]);
      break;
    }
  });

  it("of an echoed prompt are those of a trained head, where one steers the model", async () => {
    const seen: number[] = [];
    const onLogits = ({ rows, hidden, logits }: StepLogits): void => {
      assert.equal(hidden.length, rows.length * suite.decoder.config.width);
      seen.push(...rows);
      for (let at = 5; at < logits.length; at += endId + 1) logits[at] = 50; // b is certain
    };
    await using steered = await serve(suite.decoder, { name: "small", port: 0, onLogits });
    const asker = new OpenAI({ baseURL: steered.url, apiKey: "none", maxRetries: 0 });
    const ask = { model: "small", prompt: "affx", echo: true, logprobs: 1, max_tokens: 1 };
    const { tokens, token_logprobs: scores } = (await asker.completions.create(ask)).choices[0]!.logprobs!;
    assert.equal(seen.length, 4);
    assert.equal(tokens![4], "b");
    assert.ok(scores![4]! > -1e-6 && scores!.slice(1, 4).every((score) => score! < -40), String(scores));
  });

  it("are not needed for an echo, which stands before each choice", async () => {
    const plain = await complete({ n: 2 });
    const echoed = await complete({ n: 2, echo: true });
    assert.deepEqual(
      echoed.map(({ text }) => text),
      plain.map(({ text }) => `abc${text}`),
    );
    assert.equal((await complete({ prompt: "a😀", echo: true, max_tokens: 0 }))[0]!.text, "a😀");
  });

  it("of tokens that are parts of characters have true bytes, and names and places of their own", async () => {
    const [echo] = await complete({ prompt: "aé😀b", echo: true, logprobs: 0, max_tokens: 0 });
    assert.deepEqual(echo!.logprobs!.tokens, [
      "a",
      ...["bytes:\\xc3", "bytes:\\xa9", "bytes:\\xf0", "bytes:\\x9f", "bytes:\\x98", "bytes:\\x80"],
      "b",
    ]);
    assert.deepEqual(echo!.logprobs!.text_offset, [0, 1, 1, 2, 2, 2, 2, 3]);
    const messages = [{ role: "user" as const, content: "abc" }];
    let parts = 0;
    for (let seed = 0; seed < 6; seed++) {
      const common = { model: "small", seed, max_tokens: 40, temperature: 2 };
      const answer = await suite.client.chat.completions.create({
        ...common,
        messages,
        logprobs: true,
        top_logprobs: 20,
      });
      const content = answer.choices[0]!.logprobs!.content!;
      const bytes = Buffer.from(content.flatMap(({ bytes }) => bytes!));
      assert.equal(bytes.toString(), answer.choices[0]!.message.content);
      for (const { top_logprobs: top, token, bytes: own } of content) {
        assert.equal(new Set(top.map((one) => one.token)).size, 20);
        if (token.startsWith("\\x")) {
          assert.deepEqual(own, [Number.parseInt(token.slice(2), 16)]);
          parts++;
        }
      }
      const [choice] = await complete({ seed, max_tokens: 40, temperature: 2, logprobs: 20 });
      const { tokens, top_logprobs: top, token_logprobs: scores, text_offset: offsets } = choice!.logprobs!;
      for (const [i, others] of top!.entries()) {
        assert.equal(others[tokens![i]!], scores![i]);
        assert.ok(Object.keys(others).length >= 20);
      }
      const letters = [...choice!.text];
      for (const [i, token] of tokens!.entries())
        if (!token.startsWith("bytes:")) assert.equal(letters[offsets![i]!], token);
    }
    assert.ok(parts > 20, `${parts} parts of characters`);
  });

  it("stand beside every id where ids are asked for: those of a stop text and of an end, too; no stream tells them", async () => {
    const { tokenizer } = suite.decoder;
    const ask = { max_tokens: 40, logprobs: 0, temperature: 1, seed: 3, return_token_ids: true };
    const whole = (await complete(ask))[0]!;
    const stop = whole.text.slice(8, 11);
    for (const choice of [whole, (await complete({ ...ask, stop }))[0]!]) {
      const { token_ids: ids, text, logprobs } = choice as typeof choice & { token_ids: number[] };
      assert.ok(tokenizer.decode(ids.filter((id) => !tokenizer.end.includes(id))).startsWith(text));
      const prompt = tokenizer.encode("abc");
      const { scores } = await scoreIds(suite.decoder, [...prompt, ...ids]);
      near(logprobs!.token_logprobs!, scores.slice(prompt.length));
    }
    assert.equal("token_ids" in (await complete({ ...ask, return_token_ids: false }))[0]!, false);
    await assert.rejects(
      complete({ ...ask, stream: true }),
      /400 Expected `return_token_ids` to be false in a stream, got true/,
    );
  });

  it("stop where the text does, and places go on from piece to piece of a stream", async () => {
    const ask = { max_tokens: 40, logprobs: 0, temperature: 1, seed: 3 };
    const whole = (await complete(ask))[0]!;
    const mark = whole.text.slice(8, 11);
    const at = whole.text.indexOf(mark);
    const cut = (await complete({ ...ask, stop: mark }))[0]!;
    assert.equal(cut.text, whole.text.slice(0, at));
    assert.equal(cut.finish_reason, "stop");
    const kept = whole.logprobs!.text_offset!.filter((offset) => offset < [...cut.text].length).length;
    for (const list of ["tokens", "token_logprobs", "text_offset"] as const)
      assert.deepEqual(cut.logprobs![list], whole.logprobs![list]!.slice(0, kept));
    for (const stop of [mark, "never"]) {
      const events = await suite.client.completions.create({
        model: "small",
        prompt: "abc",
        ...ask,
        stop,
        stream: true,
      });
      const told: unknown[] = [];
      for await (const { choices } of events) {
        const { tokens, text_offset: offsets } = choices[0]!.logprobs!;
        told.push(...tokens!.map((token, i) => [token, offsets![i]]));
      }
      const { tokens, text_offset: offsets } = (stop === mark ? cut : whole).logprobs!;
      assert.deepEqual(
        told,
        tokens!.map((token, i) => [token, offsets![i]]),
      );
    }
    const messages = [{ role: "user" as const, content: "abc" }];
    const asked = { model: "small", messages, max_tokens: 40, seed: 3, logprobs: true };
    const chat = (await suite.client.chat.completions.create(asked)).choices[0]!;
    const end = chat.message.content!.slice(5, 7);
    const shorter = (await suite.client.chat.completions.create({ ...asked, stop: [end] })).choices[0]!;
    const bytes = Buffer.from(shorter.logprobs!.content!.flatMap((token) => token.bytes!));
    assert.equal(bytes.toString(), shorter.message.content);
  });
});

describe("tokens by themselves", () => {
  it("stand for bytes as the file's decoder has it: GPT-2's letters, SentencePiece's spaces and bytes, ends for none", async () => {
    const own = await openHuggingFaceTokenizer({ path: "M", file: byteTokenizer(), config: {}, end: [endId] });
    const bytes = (ids: number[]) => Buffer.concat(ids.map((id) => own.piece(id).bytes ?? Buffer.alloc(0))).toString();
    assert.equal(bytes(own.encode("a b1é😀٣2x")), own.decode(own.encode("a b1é😀٣2x")));
    assert.deepEqual(own.piece(endId), { name: "<end>", bytes: null });
    assert.deepEqual(own.piece(4000), { name: "token_id:4000", bytes: null });
    const vocab = Object.fromEntries(["<s>", "▁a", "b", "<0xF0>", "<0x41>", "A"].map((text, id) => [text, id]));
    const pieces = await openHuggingFaceTokenizer({
      path: "M",
      file: {
        ...{ version: "1.0", normalizer: null, pre_tokenizer: null, post_processor: null },
        added_tokens: [{ id: 0, content: "<s>", special: true, single_word: false, lstrip: false, rstrip: false }],
        decoder: { type: "Sequence", decoders: [{ type: "ByteFallback" }, { type: "Fuse" }] },
        model: { type: "BPE", vocab, merges: [], byte_fallback: true, unk_token: null },
      },
      config: {},
      end: [],
    });
    const told = [0, 1, 2, 3, 4].map((id) => [...pieces.piece(id).bytes!]);
    assert.deepEqual(told, [[...Buffer.from("<s>")], [32, 97], [98], [0xf0], [0x41]]);
    // Two tokens for the letter A: the one that is there keeps the name.
    const top = [
      { id: 5, logProb: -1 },
      { id: 4, logProb: -2 },
    ];
    assert.deepEqual(completionLogProbs(pieces, [{ id: 4, offset: 0, logProb: -2, top }]), {
      tokens: ["A"],
      token_logprobs: [-2],
      top_logprobs: [{ "token_id:5": -1, A: -2 }],
      text_offset: [0],
    });
  });
});
