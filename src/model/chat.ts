/**
 * Conversations as the text that a chat model was trained on: by the model's own template, else as plain lines. What is said
 * cannot become one of the marks between the turns.
 */

import type { ChatTurn } from "./template.ts";
import type { Tokenizer } from "./types.ts";

/** A conversation as a model sees it. */
export interface ChatText {
  /** Up to where the assistant's answer begins. */
  text: string;
  /** Token ids that stand before it; a template writes its own. */
  begin: readonly number[];
  /** Texts that end the answer. */
  stop: readonly string[];
  /** True if the model has no template, so that the turns are lines. */
  plain: boolean;
}

/** The text of a conversation. Throws a ModelFailure if the model's template refuses it. */
export function chatText({ chat, special = [], begin = [] }: Tokenizer, turns: readonly ChatTurn[]): ChatText {
  const safe = turns.map(({ role, content }) => ({ role, content: broken(content, special) }));
  if (chat) return { text: chat.render(safe), begin: [], stop: chat.stop, plain: false };
  const names = { system: "System", user: "User", assistant: "Assistant" };
  const told = safe.map(({ role, content }) => `${names[role]}: ${content}\n`).join("");
  return { text: `${told}Assistant:`, begin, stop: ["\nUser:", "\nSystem:"], plain: true };
}

/** A space within every mark: `<|im_end|>` becomes `< |im_end|>`. */
function broken(content: string, special: readonly string[]): string {
  let text = content;
  // The longest first, for one mark may hold another.
  for (const mark of [...special].sort((a, b) => b.length - a.length))
    if (mark.length > 1) text = text.replaceAll(mark, `${mark[0]} ${mark.slice(1)}`);
  return text;
}
