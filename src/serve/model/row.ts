/** One row of an answer while it is written: its text in pieces, and with each piece the tokens that begin in it. */

import { createTextStream, type Generated, modelLogProbs } from "../../model/index.ts";
import { createRandom } from "../../random/index.ts";
import { characters, createCounter, type TokenLogProb, wholeText } from "./log-probs.ts";
import type { GenerationRequest, Served } from "./request.ts";

/** One of the texts that are asked for. */
export interface Row {
  /** Among all choices of the answer. */
  index: number;
  prompt: readonly number[];
  /** The prompt's text, if the answer begins with it. */
  echo: string | null;
  /** Among the choices of its prompt. */
  choice: number;
}

/** A piece of one choice. `finish` is null until the last. */
export interface Piece {
  index: number;
  text: string;
  tokens: TokenLogProb[];
  finish: "stop" | "length" | null;
}

/** Who hears of a row. */
export interface Listener {
  /** Ends the work. */
  signal: AbortSignal;
  onPiece: (piece: Piece) => void;
  /** Called when there is a first token, or the prompt has been read and there is to be none. */
  onBegin?: () => void;
}

/** The rows of a request: each prompt's choices in turn. */
export function rowsOf({ prompts, echoes, choices }: GenerationRequest): Row[] {
  return prompts.flatMap((prompt, i) =>
    Array.from({ length: choices }, (_, choice) => ({
      index: i * choices + choice,
      ...{ prompt, choice, echo: echoes?.[i] ?? null },
    })),
  );
}

/** Runs one row; tells its pieces, the last with its end. */
export async function runRow(
  served: Served,
  request: GenerationRequest,
  row: Row,
  { signal, onPiece, onBegin }: Listener,
) {
  const { decoder, engine } = served;
  const { tokenizer } = decoder;
  const { maxTokens, temperature, topK, topP, stop, seed, logProbs, primed, tokenIds } = request;
  const { index, prompt, choice, echo } = row;
  const texts = createTextStream(tokenizer, stop);
  const before = primed + (echo ?? "");
  /** Tokens that have not been sent, with where they begin in the answer's own text. */
  let tokens: { begin: number; logProb: TokenLogProb }[] = [];
  let given = 0;
  const say = (text: string, finish: Piece["finish"], most = given + text.length): void => {
    given += text.length;
    const ready = tokens.filter(({ begin }) => begin < most);
    if (text === "" && ready.length === 0 && finish === null) return;
    tokens = tokens.filter(({ begin }) => begin >= most);
    onPiece({ index, text, tokens: ready.map(({ logProb }) => logProb), finish });
  };
  const scored = echo !== null && logProbs !== null;
  const read = scored ? promptReader(served, prompt, logProbs) : null;
  const begin = (): void => {
    onBegin?.();
    if (before !== "" || read !== null) onPiece({ index, text: before, tokens: read?.tokens ?? [], finish: null });
  };
  let begun = false;
  const beginOnce = (): void => {
    if (!begun) begin();
    begun = true;
  };
  // Of a prompt that nobody wants to be scored nothing is read if nothing is to follow it.
  const result: Generated =
    maxTokens === 0 && read === null
      ? { ids: [], text: "", logProbs: [], ended: "length" }
      : await engine.submit({
          ...{ prompt, stream: createRandom(seed, "served", choice), maxTokens, temperature, topK, topP, stop, signal },
          onRead: read?.onRead,
          onToken: ({ id }, logits, { ids }) => {
            beginOnce();
            const isEnd = tokenizer.end.includes(id);
            // An end stands for no text. Where a prompt is scored it is told, as clients that score count on `max_tokens` of them, and beside ids.
            if (isEnd && read === null && !tokenIds) return;
            let at = texts.whole.length;
            const text = isEnd ? "" : texts.push(ids);
            if (logProbs !== null) {
              const own = wholeText(tokenizer, id);
              // Where bytes before it turned out to be no character, they have a sign of their own now.
              if (own !== "" && texts.whole.endsWith(own)) at = texts.whole.length - own.length;
              const offset = characters(before) + characters(texts.whole.slice(0, at));
              tokens.push({ begin: at, logProb: { id, offset, ...modelLogProbs(logits, id, logProbs) } });
            }
            if (!isEnd) say(text, null);
          },
        });
  beginOnce();
  // Beside ids, tokens of the stop text are told as well: ids and log-probabilities are of the same tokens.
  const cut = result.ended === "stop" && !tokenIds;
  const rest = texts.end(result.text);
  say(rest, result.ended === "length" ? "length" : "stop", cut ? given + rest.length : Number.POSITIVE_INFINITY);
  return { ...result, text: before + result.text };
}

/** Scores a prompt while it is read. */
function promptReader({ decoder: { tokenizer } }: Served, prompt: readonly number[], top: number) {
  const offsetOf = createCounter(tokenizer);
  const tokens: TokenLogProb[] = [{ id: prompt[0]!, offset: offsetOf(prompt[0]!), logProb: null, top: [] }];
  const onRead = (at: number, logits: Float32Array): void => {
    const id = prompt[at]!;
    tokens.push({ id, offset: offsetOf(id), ...modelLogProbs(logits, id, top) });
  };
  return { tokens, onRead };
}
