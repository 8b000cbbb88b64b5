/**
 * A decoder whose graph runs in a thread of its own (`thread.ts`), so that this process stays free while a model works: ONNX
 * Runtime holds the thread that calls it until a pass is over. Keys and values stay in that thread; a `Past` names them.
 */

import { checkAdapter } from "./adapter.ts";
import type { FindWeight } from "./architectures/types.ts";
import { keepWhole } from "./compute.ts";
import { deviceName } from "./device.ts";
import { type ModelError, ModelFailure } from "./error.ts";
import { writeMerged } from "./merged.ts";
import type { RunOptions } from "./run.ts";
import type { ModelSource } from "./source.ts";
import { startThread } from "./start-thread.ts";
import type { Answer, Opened, Request } from "./thread.ts";
import type {
  AdaptedBlocks,
  AdapterWeights,
  Decoder,
  DecoderInput,
  DecoderOutput,
  DecoderPlan,
  Drawn,
  DrawRequest,
  HeldAdapter,
  KVCache,
  ModelConfig,
  Tokenizer,
} from "./types.ts";

export type { RunOptions } from "./run.ts";

/** What a decoder is made of. */
export interface DecoderParts {
  /** The ONNX model, or the path of its file. */
  graph: Uint8Array | string;
  /** The graph that draws programs, likewise; absent where they are drawn by the host. */
  drawing?: Uint8Array | string;
  config: ModelConfig;
  tokenizer: Tokenizer;
  hash: string;
  /** The name or the path that it was opened by. */
  source?: string;
  /** How it is opened again. */
  plan?: DecoderPlan;
  /** The last blocks whose adapters are inputs of the graph, the model's weights, and its files where it has any. Absent: none are. */
  adapted?: { blocks: number; weight: FindWeight; source?: ModelSource };
  /** The adapter that belongs to the model: used where a pass names no other. */
  adapter?: AdapterWeights;
}

/** Makes a decoder. Throws a ModelFailure when ONNX Runtime is not there or refuses the graph. */
export async function createDecoder(parts: DecoderParts, options: RunOptions = {}): Promise<Decoder> {
  const { graph, drawing, config, tokenizer, hash, source, plan, adapted, adapter } = parts;
  const { provider = "cpu", threads } = options;
  keepWhole(provider);
  const thread = await openThread({
    ...{ graph, config, options: { provider, ...(threads !== undefined && { threads }) } },
    ...(drawing !== undefined && { drawing }),
    ...(adapted && { adaptedBlocks: adapted.blocks }),
  });
  const holder = adapted && adapterHolder(thread, config, adapted);
  const usual = adapter && holder?.blocks.hold(adapter);
  const numbers = new WeakMap<KVCache, number>();
  /** A past that nobody holds any more gives its memory back. */
  const forgotten = new FinalizationRegistry<number>((past) => thread.tell({ kind: "release", past }));
  const numberOf = (past: KVCache): number => {
    const number = numbers.get(past);
    if (number === undefined) throw new Error("This KV cache was donated: what was computed after it goes on");
    return number;
  };
  const forget = (past: KVCache): void => {
    numbers.delete(past);
    forgotten.unregister(past);
  };
  const cacheOf = (number: number, length: number): KVCache => {
    const past: KVCache = {
      length,
      release() {
        if (!numbers.has(past)) return;
        forget(past);
        thread.tell({ kind: "release", past: number });
      },
    };
    numbers.set(past, number);
    forgotten.register(past, number, past);
    return past;
  };
  return {
    config,
    tokenizer,
    provider,
    device: deviceName(provider),
    hash,
    ...(source !== undefined && { source }),
    ...(plan && { plan }),
    ...(holder && { adapted: holder.blocks }),
    async forward(input): Promise<DecoderOutput> {
      checkInput(input, config);
      const { tokens, batch, valid, prefix, past = [], donate = false, every = false, entering = false } = input;
      const { width, vocabulary } = config;
      const used = input.adapter ?? usual;
      const request = {
        ...{ tokens, batch, valid, donate, every, entering },
        adapter: used && numberOfAdapter(holder, used),
        prefix: prefix && numberOf(prefix),
        past: input.past && past.map(numberOf),
      };
      if (donate) for (const one of past) forget(one);
      const { hidden, logits, entering: entered, caches } = await thread.ask({ kind: "forward", ...request });
      const given = every ? tokens.length : batch;
      return {
        hidden: hidden.subarray(0, given * width),
        logits: logits.subarray(0, given * vocabulary),
        ...(entered && { entering: entered.subarray(0, tokens.length * width) }),
        past: caches.map(({ number, length }) => cacheOf(number, length)),
      };
    },
    ...(drawing !== undefined && {
      async draw({ adapter: given, ...request }: DrawRequest, prefix?: KVCache): Promise<Drawn> {
        const used = given ?? usual;
        const adapter = used && numberOfAdapter(holder, used);
        if (request.entering && holder === undefined) throw new Error(notAdapted);
        const { drawn } = await thread.ask({ kind: "draw", request, adapter, prefix: prefix && numberOf(prefix) });
        return drawn;
      },
    }),
    dispose: thread.close,
  };
}

/** What takes adapters to the thread, and knows their numbers there. */
interface AdapterHolder {
  blocks: AdaptedBlocks;
  numberOf(held: HeldAdapter): number;
}

function adapterHolder(
  thread: Thread,
  config: ModelConfig,
  { blocks, weight, source }: NonNullable<DecoderParts["adapted"]>,
) {
  const numbers = new WeakMap<HeldAdapter, number>();
  const release = (adapter: number): void => thread.tell({ kind: "adapter", adapter, weights: null });
  /** Weights that nobody holds any more give their memory back. */
  const forgotten = new FinalizationRegistry<number>(release);
  let made = 0;
  const holder: AdapterHolder = {
    blocks: {
      blocks,
      read: (name, shape) => weight(name, shape)(),
      writeMerged: async (folder, weights) => {
        checkAdapter(config, blocks, weights);
        if (source === undefined) throw new Error("This model was made in memory: it has no files to be merged with");
        await writeMerged(folder, source, { ...weights, blocks });
      },
      hold(weights) {
        checkAdapter(config, blocks, weights);
        const number = made++;
        thread.tell({ kind: "adapter", adapter: number, weights });
        const held: HeldAdapter = {
          release() {
            if (!numbers.delete(held)) return;
            forgotten.unregister(held);
            release(number);
          },
        };
        numbers.set(held, number);
        forgotten.register(held, number, held);
        return held;
      },
    },
    numberOf(held) {
      const number = numbers.get(held);
      if (number === undefined) throw new Error("This adapter is another decoder's, or was released");
      return number;
    },
  };
  return holder;
}

const notAdapted =
  "This decoder was not opened to be adapted: open it with `adaptedBlocks`, the number of its last blocks";

function numberOfAdapter(holder: AdapterHolder | undefined, held: HeldAdapter): number {
  if (holder === undefined) throw new Error(notAdapted);
  return holder.numberOf(held);
}

type Asked = Request & { id: number };
/** What answers a kind of request. */
type AnswerTo<K extends Asked["kind"]> = Answer & { kind: K extends "draw" ? "drawn" : "output" };

interface Thread {
  ask<K extends Asked["kind"]>(request: Omit<Asked & { kind: K }, "id"> & { kind: K }): Promise<AnswerTo<K>>;
  tell(request: Request): void;
  close(): Promise<void>;
}

/** Starts a thread and loads the graph there. It keeps the process alive only while it works. */
async function openThread(data: {
  graph: Uint8Array | string;
  drawing?: Uint8Array | string;
  adaptedBlocks?: number;
  config: ModelConfig;
  options: RunOptions;
}): Promise<Thread> {
  const worker = startThread("thread", data);
  const opened = await new Promise<Opened>((resolve, reject) => {
    worker.once("message", resolve).once("error", reject);
  }).catch((cause): Opened => ({ kind: "failed", error: { kind: "runtime", reason: String(cause) } }));
  if (opened.kind === "failed") {
    await worker.terminate();
    throw new ModelFailure(opened.error);
  }
  const asked = new Map<number, { resolve: (answer: never) => void; reject: (e: Error) => void }>();
  let next = 0;
  let ended: Error | null = null;
  let closing: Promise<void> | null = null;
  const end = (error: ModelError): void => {
    ended ??= new ModelFailure(error);
    for (const { reject } of asked.values()) reject(ended);
    asked.clear();
  };
  worker.on("message", (answer: Answer) => {
    const asker = asked.get(answer.id);
    asked.delete(answer.id);
    if (asked.size === 0) worker.unref();
    if (answer.kind === "refused") asker?.reject(new Error(answer.message));
    else asker?.resolve(answer as never);
  });
  worker.on("error", (cause) => end({ kind: "runtime", reason: `its thread ended: ${cause}` }));
  worker.on("exit", () => end({ kind: "runtime", reason: "the model was closed" }));
  worker.unref();
  return {
    async ask(request) {
      if (ended !== null) throw ended;
      if (asked.size === 0) worker.ref();
      const id = next++;
      return new Promise((resolve, reject) => {
        asked.set(id, { resolve, reject });
        worker.postMessage({ ...request, id });
      });
    },
    tell(request) {
      if (ended === null) worker.postMessage(request);
    },
    close() {
      closing ??= new Promise<void>((resolve) => {
        if (ended !== null) return resolve();
        worker.ref();
        worker.once("exit", () => resolve());
        worker.postMessage({ kind: "close" } satisfies Request);
      });
      return closing;
    },
  };
}

function checkInput(input: DecoderInput, { vocabulary, context }: ModelConfig): void {
  const { tokens, batch, prefix, past, valid } = input;
  const expect = (holds: boolean, text: string): void => {
    if (!holds) throw new RangeError(text);
  };
  expect(Number.isSafeInteger(batch) && batch > 0, `Expected \`batch\` to be a positive integer, got ${batch}`);
  const length = tokens.length / batch;
  expect(Number.isSafeInteger(length) && length > 0, `Expected tokens for ${batch} rows, got ${tokens.length}`);
  expect((past?.length ?? batch) === batch, `Expected a past for each of ${batch} rows, got ${past?.length}`);
  const own = length + Math.max(0, ...(past ?? []).map((row) => row.length));
  const total = own + (prefix?.length ?? 0);
  expect(total <= context, `Expected at most ${context} positions, got ${total}`);
  expect(
    (valid?.length ?? tokens.length) === tokens.length,
    `Expected \`valid\` of ${tokens.length}, got ${valid?.length}`,
  );
  const wrong = tokens.find((id) => id < 0 || id >= vocabulary);
  expect(wrong === undefined, `Expected token ids from 0 to ${vocabulary - 1}, got ${wrong}`);
}
