/**
 * Conversations as the text that a chat model was trained on. Known: ChatML (SmolLM2, Qwen2) and Llama 3, recognised by the
 * model's own template; other models get plain lines. Not here: templates as programs (Jinja).
 */

import type { Tokenizer } from "./types.ts";

/** One turn. */
export interface ChatTurn {
  role: "system" | "user" | "assistant";
  content: string;
}

/** A conversation as text, up to where the assistant's answer begins, and the texts that end that. */
export function chatText(
  { chatTemplate = "" }: Tokenizer,
  turns: readonly ChatTurn[],
): { text: string; stop: readonly string[] } {
  // What a user writes must not become one of the marks between the turns.
  const safe = turns.map(({ role, content }) => ({ role, content: content.replaceAll("<|", "< |") }));
  if (chatTemplate.includes("<|im_start|>")) {
    const told = safe.map(({ role, content }) => `<|im_start|>${role}\n${content}<|im_end|>\n`).join("");
    return { text: `${told}<|im_start|>assistant\n`, stop: ["<|im_end|>"] };
  }
  if (chatTemplate.includes("<|start_header_id|>")) {
    const head = (role: string) => `<|start_header_id|>${role}<|end_header_id|>\n\n`;
    const told = safe.map(({ role, content }) => `${head(role)}${content.trim()}<|eot_id|>`).join("");
    return { text: `<|begin_of_text|>${told}${head("assistant")}`, stop: ["<|eot_id|>"] };
  }
  const names = { system: "System", user: "User", assistant: "Assistant" };
  const told = safe.map(({ role, content }) => `${names[role]}: ${content}\n`).join("");
  return { text: `${told}Assistant:`, stop: ["\nUser:", "\nSystem:"] };
}
