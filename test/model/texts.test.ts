/** Chat templates and tokenizers against Transformers and the Rust library `tokenizers` (fixtures/texts.json, by texts.py); ends and beginnings of texts. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chatText, openModel, type Tokenizer } from "../../src/model/index.ts";
import { type ChatTurn, openChatTemplate } from "../../src/model/template.ts";
import { openHuggingFaceTokenizer } from "../../src/model/tokens.ts";
import { endId, ggufOf, reference, temporaryFolder, writeFolder } from "./shared.ts";

interface Conversation {
  turns: ChatTurn[];
  text?: string;
  error?: string;
}
const known = JSON.parse(readFileSync(join(import.meta.dirname, "fixtures", "texts.json"), "utf8")) as {
  tokens: { [name: string]: string };
  templates: { what: string; template: string; conversations: Conversation[] }[];
  tokenizers: { what: string; file: { [field: string]: unknown }; texts: [string, number[]][] }[];
  postProcessors: { what: string; postProcessor: object | null; ids: number[] }[];
};
const one = { threads: 1 };
const path = "M";

describe("a chat template", () => {
  for (const { what, template, conversations } of known.templates)
    it(`makes of a conversation what Transformers makes of it: ${what}`, async () => {
      const { render } = await openChatTemplate(path, template, known.tokens, []);
      for (const { turns, text, error } of conversations)
        if (error === undefined) assert.equal(render(turns), text);
        else
          assert.throws(() => render(turns), {
            name: "ModelFailure",
            message: `The chat template of M does not take this conversation: ${error}`,
          });
    });

  it("tells the mark that ends an assistant's turn, where that is a special token", async () => {
    const special = ["<|im", "<|im_end|>", "<|eot|>", "</s>"];
    const stops = await Promise.all(
      known.templates.map(async ({ template }) => (await openChatTemplate(path, template, known.tokens, special)).stop),
    );
    // The third puts a space before its mark: the end token alone ends it.
    assert.deepEqual(stops, [["<|im_end|>"], ["<|eot|>"], [], ["</s>"]]);
  });

  it("that is no Jinja says so when it is used, not when the model is opened", async () => {
    const { render } = await openChatTemplate(path, "{% if %}", {}, []);
    assert.throws(() => render([{ role: "user", content: "a" }]), {
      message: /^The chat template of M does not take this conversation: ./,
    });
  });

  it("comes from a file of its own, a list or the config, and a model without one is asked in plain lines", async () => {
    using folder = temporaryFolder();
    writeFolder(folder.path, reference.models.llama!);
    const write = (name: string, value: unknown) =>
      writeFileSync(join(folder.path, name), typeof value === "string" ? value : JSON.stringify(value));
    const seen = async () => {
      const decoder = await openModel(folder.path, one);
      await decoder.dispose();
      const { text, plain } = chatText(decoder.tokenizer, [{ role: "user", content: "hi" }]);
      return plain ? `plain: ${text}` : text;
    };
    const named = (name: string) => ({ name, template: `${name} {{ messages[0].content }}` });
    assert.equal(await seen(), "plain: User: hi\nAssistant:");
    write("tokenizer_config.json", {
      chat_template: "config {{ messages[0].content }}{{ eos_token }}",
      eos_token: "<end>",
    });
    assert.equal(await seen(), "config hi<end>");
    write("tokenizer_config.json", { chat_template: [named("tool_use"), named("default")] });
    assert.equal(await seen(), "default hi");
    write("tokenizer_config.json", { chat_template: [named("rag")] });
    assert.equal(await seen(), "rag hi");
    write("tokenizer_config.json", { chat_template: [named("rag"), named("tool_use")] });
    assert.equal(await seen(), "plain: User: hi\nAssistant:");
    write("chat_template.jinja", "{%- for message in messages %}\n{{ message.content }}!\n{%- endfor %}");
    assert.equal(await seen(), "hi!");
  });
});

describe("a tokenizer", () => {
  for (const { what, file, texts } of known.tokenizers)
    it(`cuts numbers of any script as Rust's does: ${what}`, async () => {
      const tokenizer = await openHuggingFaceTokenizer({ path, file, config: {}, end: [] });
      for (const [text, ids] of texts) {
        assert.deepEqual(tokenizer.encode(text), ids, text);
        assert.equal(tokenizer.decode(ids), text);
      }
    });

  for (const { what, postProcessor, ids } of known.postProcessors)
    it(`begins a text as its post-processor does: ${what}`, async () => {
      const { file } = known.tokenizers[0]!;
      const whole = { ...file, post_processor: postProcessor };
      const { begin, encode } = await openHuggingFaceTokenizer({ path, file: whole, config: {}, end: [] });
      assert.deepEqual(
        [...begin!, ...encode("hi")],
        ids.filter((id) => id !== 1),
      );
    });

  it("of Llama's class begins a text as its config says", async () => {
    const { file } = known.tokenizers[0]!;
    const begin = async (adds?: boolean) => {
      const config = { tokenizer_class: "LlamaTokenizer", bos_token: { content: "<s>" }, add_bos_token: adds };
      return (await openHuggingFaceTokenizer({ path, file, config, end: [] })).begin;
    };
    assert.deepEqual([await begin(true), await begin(false), await begin()], [[0], [], []]);
  });

  it("of a GGUF file begins a text where the file says so, and Llama 3's where it says nothing", async () => {
    using folder = temporaryFolder();
    const file = join(folder.path, "model.gguf");
    const bos = { "tokenizer.ggml.bos_token_id": endId };
    const begin = async (more: { [key: string]: string | number | boolean }): Promise<Tokenizer["begin"]> => {
      writeFileSync(file, ggufOf(reference.models.llama!, 0, { ...bos, ...more }));
      const decoder = await openModel(file, one);
      await decoder.dispose();
      return decoder.tokenizer.begin;
    };
    assert.deepEqual(await begin({}), []);
    assert.deepEqual(await begin({ "tokenizer.ggml.add_bos_token": true }), [endId]);
    assert.deepEqual(await begin({ "tokenizer.ggml.pre": "llama-bpe" }), [endId]);
    assert.deepEqual(await begin({ "tokenizer.ggml.pre": "llama-bpe", "tokenizer.ggml.add_bos_token": false }), []);
  });

  it("ends a text at the ends of generation_config.json, else of config.json, and at its own eos_token", async () => {
    using folder = temporaryFolder();
    writeFolder(folder.path, reference.models.llama!);
    const write = (name: string, value: object) => writeFileSync(join(folder.path, name), JSON.stringify(value));
    const ends = async () => {
      const decoder = await openModel(folder.path, one);
      await decoder.dispose();
      return [...decoder.tokenizer.end];
    };
    assert.deepEqual(await ends(), [endId]);
    write("generation_config.json", { eos_token_id: [7, 3] });
    assert.deepEqual(await ends(), [7, 3]);
    write("tokenizer_config.json", { eos_token: { content: "<end>" } });
    assert.deepEqual(await ends(), [7, 3, endId]);
    write("generation_config.json", { temperature: 0.7 });
    write("tokenizer_config.json", { eos_token: "z" });
    assert.deepEqual(await ends(), [endId, 25]);
    write("config.json", { ...reference.models.llama!.config, eos_token_id: null });
    assert.deepEqual(await ends(), [25]);
  });
});
