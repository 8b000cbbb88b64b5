/** A model that writes bytes, and what it says of the calls' questions, computed one token after the other. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ChatTurn, chatText, type Decoder, packSafetensors } from "../../src/model/index.ts";
import { scoreIds } from "../model/score.ts";
import { weightOf, writingModel } from "../model/shared.ts";

const context = 24_576;
const endId = 256;
/** Tokens of an answer. */
const tokens = 8;

/** Writes a model of 256 bytes and an end, with a tokenizer that Transformers reads too. Agents' prompts are long: so is its context. */
export function writeModel(path: string): void {
  const { config, shapes } = writingModel({ context });
  const words = config.vocab_size as number;
  const vocabulary = endId + 1;
  const sized = Object.entries(shapes).map(([name, shape]) => ({
    name,
    shape: shape[0] === words ? [vocabulary, ...shape.slice(1)] : shape,
  }));
  const put = (name: string, content: object) => writeFileSync(join(path, name), JSON.stringify(content));
  put("config.json", { ...config, vocab_size: vocabulary, eos_token_id: endId });
  put("tokenizer.json", byteTokenizer());
  put("tokenizer_config.json", { tokenizer_class: "PreTrainedTokenizerFast", eos_token: "<end>" });
  const tensors = sized.map(({ name, shape }) => ({ name, shape, values: weightOf(name, shape) }));
  writeFileSync(join(path, "model.safetensors"), packSafetensors(tensors, { type: "F32" }));
}

/** Every byte is a token, by GPT-2's letter for it. */
function byteTokenizer(): object {
  const prints = (byte: number) => (byte > 32 && byte < 127) || (byte > 160 && byte !== 173);
  let next = 256;
  const letters = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(prints(byte) ? byte : next++));
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  const flags = { special: true, single_word: false, lstrip: false, rstrip: false, normalized: false };
  return {
    ...{ version: "1.0", truncation: null, padding: null, normalizer: null, post_processor: null },
    added_tokens: [{ id: endId, content: "<end>", ...flags }],
    pre_tokenizer: byteLevel,
    decoder: byteLevel,
    model: {
      ...{ type: "BPE", dropout: null, unk_token: null, continuing_subword_prefix: null, end_of_word_suffix: null },
      ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false },
      vocab: Object.fromEntries([...letters, "<end>"].map((letter, id) => [letter, id])),
      merges: [],
    },
  };
}

/** What the calls expect, as plain data. */
export async function expectations(decoder: Decoder, model: string): Promise<object> {
  const { tokenizer } = decoder;
  const messages = [{ role: "user", content: "Say something short." }];
  const prompt = "The capital of a country is";
  const history = [
    { role: "user", content: "1?" },
    {
      role: "assistant",
      content: null,
      tool_calls: [{ id: "a", type: "function", function: { name: "add", arguments: '{"x": 1}' } }],
    },
    { role: "tool", tool_call_id: "a", content: "2" },
    { role: "user", content: "so?" },
  ];
  const written: ChatTurn[] = [
    { role: "user", content: "1?" },
    { role: "assistant", content: '<tool_call>\n{"name":"add","arguments":{"x":1}}\n</tool_call>' },
    { role: "user", content: "<tool_response>\n2\n</tool_response>" },
    { role: "user", content: "so?" },
  ];
  const idsOf = (turns: readonly ChatTurn[]) => tokenizer.encode(chatText(tokenizer, turns).text);
  const asked = idsOf(messages as ChatTurn[]);
  const promptIds = tokenizer.encode(prompt);
  const [chat, completion, historyChat] = [
    await greedy(decoder, asked),
    await greedy(decoder, promptIds),
    await greedy(decoder, idsOf(written)),
  ];
  const likelihoods = [];
  for (const [before, after] of [
    [prompt, tokenizer.decode(completion.ids.filter((id) => id < 128).slice(0, 1))],
    [prompt, " Paris"],
    ["a", " longer text than that"],
    ["once upon a time there was a model", " é😀"],
  ] as const)
    if (after !== "") likelihoods.push(await likelihood(decoder, before, after));
  const { scores: rolled } = await scoreIds(decoder, [endId, ...promptIds]);
  return {
    ...{ model, messages, prompt, history, tokens, context, endId, promptIds, likelihoods },
    usage: { prompt_tokens: asked.length, completion_tokens: tokens, total_tokens: asked.length + tokens },
    ...{ chat: chat.text, scores: chat.scores, completion: completion.text, completionScores: completion.scores },
    historyChat: historyChat.text,
    promptScores: (await scoreIds(decoder, promptIds)).scores,
    rolling: sum(rolled.slice(1)),
  };
}

/** What the harness calls by that name: the sum for the second text after the first, and whether each token was the likeliest. */
async function likelihood({ ...decoder }: Decoder, before: string, after: string) {
  const [start, rest] = [decoder.tokenizer.encode(before), decoder.tokenizer.encode(after)];
  const { scores, likeliest } = await scoreIds(decoder, [...start, ...rest]);
  const greedy = rest.every((id, i) => likeliest[start.length + i] === id);
  return { context: before, continuation: after, score: sum(scores.slice(start.length)), greedy };
}

/** The likeliest token again and again. */
async function greedy(decoder: Decoder, prompt: readonly number[]) {
  let ids = [...prompt];
  for (let i = 0; i < tokens; i++) ids = [...ids, (await scoreIds(decoder, [...ids, 0])).likeliest.at(-1)!];
  const { scores } = await scoreIds(decoder, ids);
  const own = ids.slice(prompt.length);
  return { ids: own, text: decoder.tokenizer.decode(own), scores: scores.slice(prompt.length) };
}

function sum(scores: readonly (number | null)[]): number {
  return scores.reduce<number>((all, one) => all + one!, 0);
}
