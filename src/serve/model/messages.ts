/**
 * The messages of a chat as turns of text. Calls of tools and what came of them are history here: they are told as text, in the
 * marks that Qwen's own chat template has for them, so that a conversation goes on that was begun with another model.
 */

import type { ChatTurn } from "../../model/index.ts";
import { type Body, wrong } from "./fields.ts";

const roles: { [role: string]: ChatTurn["role"] } = {
  system: "system",
  developer: "system",
  user: "user",
  assistant: "assistant",
  tool: "user",
  function: "user",
};

/** Reads `messages`. Throws a ServeFailure that names the one that is wrong. */
export function readTurns(value: unknown): ChatTurn[] {
  if (!Array.isArray(value) || value.length === 0) return wrong("messages", "a list of at least one message", value);
  const turns: ChatTurn[] = [];
  let afterResult = false;
  for (const [i, message] of value.entries()) {
    const body = (message ?? {}) as Body;
    const role = typeof body.role === "string" && Object.hasOwn(roles, body.role) ? roles[body.role] : undefined;
    if (role === undefined)
      return wrong(`messages[${i}].role`, "system, developer, user, assistant or tool", body.role);
    const isResult = body.role === "tool" || body.role === "function";
    const content = isResult ? marked("tool_response", textOf(body.content, i)) : said(body, i);
    // Results of calls that were made at once are one turn: templates may want turns to alternate.
    if (isResult && afterResult) turns.push({ role, content: `${turns.pop()!.content}\n${content}` });
    else turns.push({ role, content });
    afterResult = isResult;
  }
  return turns;
}

/** What somebody said; an assistant may have called tools beside it, or instead, or have refused. */
function said(body: Body, i: number): string {
  if (body.role !== "assistant") return textOf(body.content, i);
  const calls = callsOf(body, i);
  const { refusal } = body;
  if (body.content == null && (calls.length > 0 || typeof refusal === "string"))
    return [...(typeof refusal === "string" ? [refusal] : []), ...calls].join("\n");
  const text = textOf(body.content, i);
  return text === "" ? calls.join("\n") : [text, ...calls].join("\n");
}

function callsOf({ tool_calls: calls, function_call: single }: Body, i: number): string[] {
  const list = calls ?? (single == null ? [] : [{ function: single }]);
  if (!Array.isArray(list)) return wrong(`messages[${i}].tool_calls`, "a list of calls", list);
  return list.map((call: unknown, j) => {
    const { function: called, custom } = (call ?? {}) as { function?: Body; custom?: Body };
    const { name, arguments: given, input } = called ?? custom ?? {};
    if (typeof name !== "string")
      return wrong(`messages[${i}].tool_calls[${j}]`, "a call of a function with a name", call);
    return marked("tool_call", JSON.stringify({ name, arguments: parsed(given ?? input ?? {}) }));
  });
}

/** Arguments come as JSON in a text; what is none stays a text. */
function parsed(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function marked(mark: string, text: string): string {
  return `<${mark}>\n${text}\n</${mark}>`;
}

/** A text, or a list of texts. */
function textOf(content: unknown, i: number): string {
  if (typeof content === "string") return content;
  const parts: unknown[] = Array.isArray(content) ? content : [undefined];
  const texts = parts.map(
    (part) => (part as Body | null | undefined)?.text ?? (part as Body | null | undefined)?.refusal,
  );
  if (texts.every((text) => typeof text === "string")) return texts.join("");
  return wrong(`messages[${i}].content`, "a text or a list of texts", content);
}
