/** Answers in the forms of OpenAI's API: whole, or as server-sent events while they are written. */

import { randomUUID } from "node:crypto";
import { createTextStream, type Generated, modelLogProbs } from "../model/index.ts";
import { createRandom } from "../random/index.ts";
import { ServeFailure } from "./error.ts";
import type { Ask, Served } from "./request.ts";

/** A token as it is told. */
interface Told {
  text: string;
  logProb: number;
  top: { text: string; logProb: number }[];
}

/** A piece of one choice. `finish` is null until the last. */
interface Piece {
  index: number;
  text: string;
  tokens: Told[];
  finish: "stop" | "length" | null;
}

/** How a request is answered. */
export interface Answering {
  /** Ends the work when its client is gone. */
  signal: AbortSignal;
  /** Told of failures once the answer has begun: before, they are thrown. */
  onError: (error: unknown) => void;
}

/** Answers whole. Rejects when the request is refused. */
export async function answerWhole(served: Served, ask: Ask, { signal }: Answering): Promise<Response> {
  checkRoom(served, ask);
  const head = headOf(served, ask);
  const choices = await Promise.all(
    rowsOf(ask).map(async (row) => {
      const tokens: Told[] = [];
      const result = await run(served, ask, row, { signal, onPiece: (piece) => tokens.push(...piece.tokens) });
      return { result, choice: wholeChoice(ask, row.index, result, tokens) };
    }),
  );
  const usage = usageOf(
    ask,
    choices.map(({ result }) => result),
  );
  return Response.json({ ...head, choices: choices.map(({ choice }) => choice), usage });
}

/**
 * Answers in events, from the first token on: what goes wrong before has a status that clients understand, and the promise
 * rejects. A client that goes away ends the work on its request alone.
 */
export async function answerStream(served: Served, ask: Ask, { signal, onError }: Answering): Promise<Response> {
  checkRoom(served, ask);
  const head = headOf(served, ask);
  const gone = new AbortController();
  const both = AbortSignal.any([signal, gone.signal]);
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({
    start: (own) => {
      controller = own;
    },
    cancel: () => gone.abort(),
  });
  const send = (event: object | "[DONE]"): void => {
    if (both.aborted) return;
    const text = typeof event === "string" ? event : JSON.stringify(event);
    controller.enqueue(encoder.encode(`data: ${text}\n\n`));
  };
  const tell = (piece: Piece): void => send({ ...head, choices: [pieceChoice(ask, piece)] });
  const rows = rowsOf(ask);
  if (ask.chat) for (const { index } of rows) send({ ...head, choices: [firstChoice(index)] });
  const begun = Promise.withResolvers<void>();
  const work = Promise.all(
    rows.map((row) => run(served, ask, row, { signal: both, onPiece: tell, onToken: begun.resolve })),
  );
  await Promise.race([begun.promise, work]).catch((error) => {
    gone.abort();
    throw error;
  });
  void work
    .then((results) => {
      if (ask.usage) send({ ...head, choices: [], usage: usageOf(ask, results) });
      send("[DONE]");
    })
    .catch((error) => {
      onError(error);
      const message = "The server failed: look at its log";
      send({ error: { message, type: "server_error", param: null, code: null } });
    })
    .finally(() => {
      if (!gone.signal.aborted) controller.close();
    });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
}

/** All rows of a request are taken, or none. */
function checkRoom({ engine }: Served, ask: Ask): void {
  if (ask.prompts.length * ask.choices > engine.room) throw new ServeFailure({ kind: "full", waiting: engine.waiting });
}

interface Row {
  index: number;
  prompt: number[];
  choice: number;
}

function rowsOf({ prompts, choices }: Ask): Row[] {
  return prompts.flatMap((prompt, i) =>
    Array.from({ length: choices }, (_, choice) => ({ index: i * choices + choice, prompt, choice })),
  );
}

/** Runs one row; tells its pieces, the last with its end. */
async function run(
  { decoder, engine }: Served,
  ask: Ask,
  { index, prompt, choice }: Row,
  { signal, onPiece, onToken }: { signal: AbortSignal; onPiece: (piece: Piece) => void; onToken?: () => void },
): Promise<Generated> {
  const { tokenizer } = decoder;
  const { maxTokens, temperature, topK, topP, stop, seed, logProbs, primed } = ask;
  const texts = createTextStream(tokenizer, stop);
  let tokens: Told[] = [];
  const say = (text: string, finish: Piece["finish"]): void => {
    if (text === "" && finish === null) return;
    onPiece({ index, text, tokens, finish });
    tokens = [];
  };
  say(primed, null);
  if (maxTokens === 0) {
    say("", "length");
    return { ids: [], text: primed, logProbs: [], ended: "length" };
  }
  const result = await engine.submit({
    prompt,
    stream: createRandom(seed, "served", choice),
    maxTokens,
    temperature,
    topK,
    topP,
    stop,
    signal,
    onToken: ({ id }, logits, { ids }) => {
      onToken?.();
      if (tokenizer.end.includes(id)) return;
      if (logProbs !== null) {
        const { logProb, top } = modelLogProbs(logits, id, logProbs);
        const alike = top.map((one) => ({ text: tokenizer.decode([one.id]), logProb: one.logProb }));
        tokens.push({ text: tokenizer.decode([id]), logProb, top: alike });
      }
      say(texts.push(ids), null);
    },
  });
  say(texts.end(result.text), result.ended === "length" ? "length" : "stop");
  return { ...result, text: primed + result.text };
}

function headOf({ name, decoder }: Served, { chat, stream }: Ask): object {
  const object = chat ? (stream ? "chat.completion.chunk" : "chat.completion") : "text_completion";
  const id = `${chat ? "chatcmpl" : "cmpl"}-${randomUUID()}`;
  return { id, object, created: Math.floor(Date.now() / 1000), model: name, system_fingerprint: decoder.hash };
}

function usageOf({ prompts }: Ask, results: readonly Generated[]): object {
  const prompt = prompts.reduce((sum, ids) => sum + ids.length, 0);
  const completion = results.reduce((sum, { ids }) => sum + ids.length, 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function firstChoice(index: number): object {
  return { index, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null };
}

function pieceChoice(ask: Ask, { index, text, tokens, finish }: Piece): object {
  const common = { index, logprobs: logProbsOf(ask, tokens), finish_reason: finish };
  return ask.chat ? { ...common, delta: text === "" ? {} : { content: text } } : { ...common, text };
}

function wholeChoice(ask: Ask, index: number, { text, ended }: Generated, tokens: Told[]): object {
  const finish = ended === "length" ? "length" : "stop";
  const common = { index, logprobs: logProbsOf(ask, tokens), finish_reason: finish };
  return ask.chat ? { ...common, message: { role: "assistant", content: text, refusal: null } } : { ...common, text };
}

/** Chat tells a list of tokens, completions tell lists side by side. */
function logProbsOf({ chat, logProbs }: Ask, tokens: readonly Told[]): object | null {
  if (logProbs === null) return null;
  const entry = ({ text, logProb }: { text: string; logProb: number }) => ({
    token: text,
    logprob: logProb,
    bytes: [...Buffer.from(text)],
  });
  if (chat) return { content: tokens.map((token) => ({ ...entry(token), top_logprobs: token.top.map(entry) })) };
  let at = 0;
  const offsets = tokens.map(({ text }) => {
    at += text.length;
    return at - text.length;
  });
  return {
    tokens: tokens.map(({ text }) => text),
    token_logprobs: tokens.map(({ logProb }) => logProb),
    top_logprobs: tokens.map(({ top }) => Object.fromEntries(top.map(({ text, logProb }) => [text, logProb]))),
    text_offset: offsets,
  };
}
