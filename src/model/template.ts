/**
 * A model's own chat template, a Jinja program in its files, run by `@huggingface/jinja` as Transformers runs it. Not here: what
 * models without one see (`chat.ts`).
 */

import { ModelFailure } from "./error.ts";

/** One turn of a conversation. */
export interface ChatTurn {
  role: "system" | "user" | "assistant";
  content: string;
}

/** A template that can be run. */
export interface ChatTemplate {
  /** As the model's files have it. */
  readonly source: string;
  /** Text that ends an assistant's turn, if it is one of the special tokens. */
  readonly stop: readonly string[];
  /** The conversation as text, up to where the assistant's answer begins. Throws a ModelFailure if the template refuses it. */
  render(turns: readonly ChatTurn[]): string;
}

/** What a template may write beside the turns, by its Jinja names: `bos_token`, `eos_token`. */
export type TemplateTokens = { readonly [name: string]: string | undefined };

/** Compiles a template. One that is no Jinja says so when it is first run: a model can be asked without it. */
export async function openChatTemplate(
  path: string,
  source: string,
  tokens: TemplateTokens,
  special: readonly string[],
): Promise<ChatTemplate> {
  const { Template } = await import("@huggingface/jinja");
  const failure = (cause: unknown) =>
    new ModelFailure({ kind: "template", path, reason: String((cause as Error)?.message ?? cause) }, { cause });
  let compiled: InstanceType<typeof Template> | undefined;
  const run = (turns: readonly ChatTurn[], generation: boolean): string => {
    try {
      compiled ??= new Template(source);
      return compiled.render({ ...tokens, messages: turns, add_generation_prompt: generation, tools: null });
    } catch (cause) {
      throw failure(cause);
    }
  };
  let stop: readonly string[] | undefined;
  return {
    source,
    get stop() {
      stop ??= stopOf(run, special);
      return stop;
    },
    render: (turns) => run(turns, true),
  };
}

/** What stands behind an assistant's turn, in a conversation that goes on. */
function stopOf(run: (turns: ChatTurn[], generation: boolean) => string, special: readonly string[]): string[] {
  const said = "autoagentlab";
  let text: string;
  try {
    text = run(
      [
        { role: "user", content: "a" },
        { role: "assistant", content: said },
        { role: "user", content: "b" },
      ],
      false,
    );
  } catch {
    return [];
  }
  const at = text.indexOf(said);
  const rest = at < 0 ? "" : text.slice(at + said.length);
  // The longest, where one is the beginning of another.
  const ends = special.filter((mark) => rest.startsWith(mark)).sort((a, b) => b.length - a.length);
  return ends.slice(0, 1);
}

/** The template of a `tokenizer_config.json`: a text, or the default one of a named list. Undefined if there is none. */
export function templateSource(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  const named = value.filter((one): one is { name?: unknown; template: string } => typeof one?.template === "string");
  return (named.find(({ name }) => name === "default") ?? (named.length === 1 ? named[0] : undefined))?.template;
}
