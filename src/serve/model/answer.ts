/** Answers in the forms of OpenAI's API: whole, or as server-sent events while they are written. */

import { randomUUID } from "node:crypto";
import type { Generated } from "../../model/index.ts";
import { ServeFailure } from "./error.ts";
import { chatLogProbs, completionLogProbs, type TokenLogProb } from "./log-probs.ts";
import type { GenerationRequest, Served } from "./request.ts";
import { type Piece, rowsOf, runRow } from "./row.ts";

/** How a request is answered. */
export interface Answering {
  /** Ends the work when its client is gone. */
  signal: AbortSignal;
  /** Told of failures once the answer has begun: before, they are thrown. */
  onError: (error: unknown) => void;
}

/** Answers whole. Rejects when the request is refused. */
export async function answerWhole(
  served: Served,
  request: GenerationRequest,
  { signal }: Answering,
): Promise<Response> {
  checkRoom(served, request);
  const head = headOf(served, request);
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const choices = await Promise.all(
    rowsOf(request).map(async (row) => {
      const tokens: TokenLogProb[] = [];
      const onPiece = (piece: Piece): void => void tokens.push(...piece.tokens);
      const result = await runRow(served, request, row, { signal: either, onPiece });
      return { result, choice: wholeChoice(request, row.index, result, logProbsOf(served, request, tokens)) };
    }),
  ).catch((error) => {
    failed.abort(); // nobody reads the other rows any more
    throw error;
  });
  const usage = usageOf(
    request,
    choices.map(({ result }) => result),
  );
  return Response.json({ ...head, choices: choices.map(({ choice }) => choice), usage });
}

/**
 * Answers in events, from the first token on: what goes wrong before has a status that clients understand, and the promise
 * rejects. A client that goes away ends the work on its request alone.
 */
export async function answerStream(
  served: Served,
  request: GenerationRequest,
  { signal, onError }: Answering,
): Promise<Response> {
  checkRoom(served, request);
  const head = headOf(served, request);
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
  const tell = (piece: Piece): void =>
    send({ ...head, choices: [pieceChoice(request, piece, logProbsOf(served, request, piece.tokens))] });
  const rows = rowsOf(request);
  if (request.chat) for (const { index } of rows) send({ ...head, choices: [firstChoice(index)] });
  const begun = Promise.withResolvers<void>();
  const work = Promise.all(
    rows.map((row) => runRow(served, request, row, { signal: both, onPiece: tell, onBegin: begun.resolve })),
  );
  await Promise.race([begun.promise, work]).catch((error) => {
    gone.abort();
    throw error;
  });
  void work
    .then((results) => {
      if (request.usage) send({ ...head, choices: [], usage: usageOf(request, results) });
      send("[DONE]");
    })
    .catch((error) => {
      onError(error);
      const message = "The server failed: look at its log";
      send({ error: { message, type: "server_error", param: null, code: null } });
    })
    .finally(() => {
      if (!gone.signal.aborted) controller.close();
      gone.abort(); // where one row has failed the others end, and say nothing into a stream that is closed
    });
  return new Response(body, { headers: { "content-type": "text/event-stream", "cache-control": "no-cache" } });
}

/** All rows of a request are taken, or none. */
function checkRoom({ engine }: Served, request: GenerationRequest): void {
  if (request.prompts.length * request.choices > engine.room)
    throw new ServeFailure({ kind: "full", waiting: engine.waiting });
}

function headOf({ name, decoder }: Served, { chat, stream }: GenerationRequest): object {
  const object = chat ? (stream ? "chat.completion.chunk" : "chat.completion") : "text_completion";
  const id = `${chat ? "chatcmpl" : "cmpl"}-${randomUUID()}`;
  return { id, object, created: Math.floor(Date.now() / 1000), model: name, system_fingerprint: decoder.hash };
}

function usageOf({ prompts }: GenerationRequest, results: readonly Generated[]): object {
  const prompt = prompts.reduce((sum, ids) => sum + ids.length, 0);
  const completion = results.reduce((sum, { ids }) => sum + ids.length, 0);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function firstChoice(index: number): object {
  return { index, delta: { role: "assistant", content: "" }, logprobs: null, finish_reason: null };
}

function pieceChoice(request: GenerationRequest, { index, text, finish }: Piece, logprobs: object | null): object {
  const common = { index, logprobs, finish_reason: finish };
  return request.chat ? { ...common, delta: text === "" ? {} : { content: text } } : { ...common, text };
}

function wholeChoice(
  request: GenerationRequest,
  index: number,
  { text, ended, ids }: Generated,
  logprobs: object | null,
): object {
  const common = {
    ...{ index, logprobs, finish_reason: ended === "length" ? "length" : "stop" },
    ...(request.tokenIds && { token_ids: ids }),
  };
  return request.chat
    ? { ...common, message: { role: "assistant", content: text, refusal: null } }
    : { ...common, text };
}

function logProbsOf(
  { decoder: { tokenizer } }: Served,
  { chat, logProbs }: GenerationRequest,
  tokens: readonly TokenLogProb[],
) {
  if (logProbs === null) return null;
  return chat ? chatLogProbs(tokenizer, tokens) : completionLogProbs(tokenizer, tokens);
}
