/**
 * llama.cpp behind OpenAI's API, as a peer: node-llama-cpp in a folder of its own, one HTTP server around it. Arguments:
 * folder, GGUF file, most requests at once. Prints its base URL. What this server lacks (log-probabilities, choices) it refuses.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The part of node-llama-cpp that is used. */
interface Llama {
  getLlama(options: object): Promise<{ loadModel(options: object): Promise<LlamaModel> }>;
  LlamaCompletion: new (options: {
    contextSequence: object;
  }) => {
    generateCompletion(prompt: string, options: object): Promise<string>;
  };
  LlamaChatSession: new (options: {
    contextSequence: object;
  }) => {
    prompt(text: string, options: object): Promise<string>;
  };
}
interface LlamaModel {
  tokenize(text: string): number[];
  createContext(options: object): Promise<{ getSequence(): { clearHistory(): Promise<void> } }>;
}

const [folder = "", file = "", most = "16"] = process.argv.slice(2);
const { getLlama, LlamaCompletion, LlamaChatSession } = (await import(
  pathToFileURL(join(folder, "node_modules", "node-llama-cpp", "dist", "index.js")).href
)) as Llama;
const llama = await getLlama({ gpu: false, build: "never", skipDownload: true, maxThreads: 2, logLevel: "error" });
const model = await llama.loadModel({ modelPath: file });
const sequences = Number(most);
const context = await model.createContext({ sequences, contextSize: 512, batchSize: 512, threads: 2 });
const free = Array.from({ length: sequences }, () => context.getSequence());
const waiting: ((sequence: (typeof free)[number]) => void)[] = [];

const server = createServer((request, response) => {
  void answer(request, response).catch((error) => {
    response.writeHead(500, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: String(error) } }));
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let text = "";
  for await (const piece of request) text += String(piece);
  if (request.url === "/v1/models") return void send(response, { object: "list", data: [{ id: "llama.cpp" }] });
  const body = JSON.parse(text) as {
    [field: string]: unknown;
    messages?: { content: string }[];
  };
  const chat = request.url === "/v1/chat/completions";
  const prompt = chat ? body.messages!.at(-1)!.content : String(body.prompt);
  let tokens = 0;
  if (body.stream) response.writeHead(200, { "content-type": "text/event-stream" });
  const event = (piece: string, end: string | null): void => {
    const choice = chat ? { delta: { content: piece } } : { text: piece };
    const chunk = { id: "x", object: "chunk", choices: [{ index: 0, ...choice, finish_reason: end }] };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  const options = {
    maxTokens: body.max_tokens ?? 64,
    temperature: body.temperature ?? 1,
    seed: body.seed ?? 1,
    onToken: (drawn: unknown[]) => {
      tokens += drawn.length;
    },
    ...(body.stream === true && { onTextChunk: (piece: string) => event(piece, null) }),
  };
  const sequence = free.pop() ?? (await new Promise<(typeof free)[number]>((resolve) => waiting.push(resolve)));
  try {
    const whole = chat
      ? await new LlamaChatSession({ contextSequence: sequence }).prompt(prompt, options)
      : await new LlamaCompletion({ contextSequence: sequence }).generateCompletion(prompt, options);
    if (body.stream) {
      event("", "stop");
      return void response.end("data: [DONE]\n\n");
    }
    const choice = chat ? { message: { role: "assistant", content: whole } } : { text: whole };
    const prompted = model.tokenize(prompt).length;
    const usage = { prompt_tokens: prompted, completion_tokens: tokens, total_tokens: prompted + tokens };
    send(response, { id: "x", object: "x", choices: [{ index: 0, ...choice, finish_reason: "stop" }], usage });
  } finally {
    await sequence.clearHistory();
    const next = waiting.shift();
    if (next) next(sequence);
    else free.push(sequence);
  }
}

function send(response: ServerResponse, value: object): void {
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(value));
}
