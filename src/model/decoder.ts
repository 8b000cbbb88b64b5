/**
 * Runs a decoder's graph on ONNX Runtime. A single row is run twice over: alone it would take another code path, whose sums
 * differ in the last bit.
 */

import { availableParallelism } from "node:os";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { appended, type Cache, emptyStore, onlyRow, storeOf } from "./cache.ts";
import { ModelFailure } from "./error.ts";
import type { Decoder, DecoderInput, ModelConfig, Past, Tokenizer } from "./types.ts";

/** How a decoder is run. */
export interface RunOptions {
  /** ONNX Runtime's provider. @default "cpu" */
  provider?: "cpu" | "webgpu" | "cuda";
  /** Threads of the CPU provider. @default one a core, 8 at most */
  threads?: number;
}

/** What a decoder is made of. */
export interface DecoderParts {
  /** The ONNX model, or the path of its file. */
  graph: Uint8Array | string;
  config: ModelConfig;
  tokenizer: Tokenizer;
  hash: string;
}

/** Makes a decoder. Throws a ModelFailure when ONNX Runtime is not there or refuses the graph. */
export async function createDecoder(parts: DecoderParts, options: RunOptions = {}): Promise<Decoder> {
  const { graph, config, tokenizer, hash } = parts;
  const { provider = "cpu", threads = Math.min(8, availableParallelism()) } = options;
  const ort = await loadRuntime();
  const session = await openSession(ort, graph, provider, threads);
  const { layers, kvHeads, headWidth, width, vocabulary } = config;
  const names = Array.from({ length: layers }, (_, i) => [`${i}.key`, `${i}.value`]).flat();
  const floats = (data: Float32Array, ...shape: number[]) => new ort.Tensor("float32", data, shape);
  const integers = (data: ArrayLike<number>, ...shape: number[]) => new ort.Tensor("int64", wide(data), shape);
  /** Pasts as what other passes begin with: cut to their length once. */
  const prefixes = new WeakMap<Past, Tensor[]>();
  const prefixOf = (past: Past | undefined): Tensor[] => {
    const known = past && prefixes.get(past);
    if (known) return known;
    const parts = past ? onlyRow(config, past as Cache, 0) : names.map(() => new Float32Array(0));
    const tensors = parts.map((data) => floats(data, kvHeads, past?.length ?? 0, headWidth));
    if (past) prefixes.set(past, tensors);
    return tensors;
  };

  return {
    config,
    tokenizer,
    provider,
    hash,
    async forward(input) {
      checkInput(input, config);
      const { batch, tokens, prefix, past } = input;
      const length = tokens.length / batch;
      const before = past?.length ?? 0;
      const each = Array.from({ length: batch }, (_, i) => i);
      /** The rows of the batch that lie in memory: all of them, and a single one twice. */
      const held = batch === 1 ? [0, 0] : each;
      const store = past
        ? storeOf(
            config,
            past as Cache,
            held.map((i) => (input.rows ?? each)[i]!),
          )
        : emptyStore(config, held.length);
      const real = input.valid ?? new Uint8Array(batch * (before + length)).fill(1);
      const sizes = { prefix: prefix?.length ?? 0, before, room: store.capacity, length };
      const positions = positionsOf(real, batch, sizes);
      const feeds: { [name: string]: Tensor } = {
        tokens: integers(rowsOf(tokens, held, length), held.length, length),
        positions: integers(rowsOf(positions, held, length), held.length, length),
        valid: integers(visible(real, held, sizes), held.length, sizes.prefix + sizes.room + length),
      };
      const shared = prefixOf(prefix);
      for (const [i, name] of names.entries()) {
        feeds[`past.${name}`] = floats(store.tensors[i]!, held.length, kvHeads, store.capacity, headWidth);
        feeds[`prefix.${name}`] = shared[i]!;
      }
      const { hidden, logits, present } = await session.run(feeds);
      const next = appended(config, store, present!.data as Float32Array, length);
      return {
        hidden: (hidden!.data as Float32Array).subarray(0, batch * width),
        logits: (logits!.data as Float32Array).subarray(0, batch * vocabulary),
        past: { batch, length: before + length, store: next } as Cache,
      };
    },
    dispose: () => session.release(),
  };
}

/** Positions of one pass: the prefix's, those that rows have seen, the room in memory for these, the new ones. */
interface Sizes {
  prefix: number;
  before: number;
  room: number;
  length: number;
}

/** Some rows of `length` values each, in the order given. */
function rowsOf(values: Int32Array, rows: readonly number[], length: number): Int32Array {
  const result = new Int32Array(rows.length * length);
  for (const [at, row] of rows.entries()) result.set(values.subarray(row * length, (row + 1) * length), at * length);
  return result;
}

/** What each row may look at: all of the prefix, the real ones of its own; not the room that is not written yet. */
function visible(valid: Uint8Array, rows: readonly number[], { prefix, before, room, length }: Sizes): Uint8Array {
  const total = prefix + room + length;
  const result = new Uint8Array(rows.length * total);
  for (const [at, row] of rows.entries()) {
    const own = valid.subarray(row * (before + length), (row + 1) * (before + length));
    const to = result.subarray(at * total, (at + 1) * total);
    to.fill(1, 0, prefix);
    to.set(own.subarray(0, before), prefix);
    to.set(own.subarray(before), prefix + room);
  }
  return result;
}

/** Whole numbers as ONNX Runtime takes them. */
function wide(values: ArrayLike<number>): BigInt64Array {
  const result = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = BigInt(values[i]!);
  return result;
}

/** Each real token's place among the real ones of its row, after the prefix; 0 for pads. */
function positionsOf(valid: Uint8Array, batch: number, { prefix, before, length }: Sizes): Int32Array {
  const total = before + length;
  const result = new Int32Array(batch * length);
  for (let row = 0; row < batch; row++) {
    let seen = prefix;
    for (let i = 0; i < total; i++) {
      if (valid[row * total + i] !== 1) continue;
      if (i >= before) result[row * length + i - before] = seen;
      seen++;
    }
  }
  return result;
}

function checkInput(input: DecoderInput, { vocabulary, context }: ModelConfig): void {
  const { tokens, batch, prefix, past, rows, valid } = input;
  const expect = (holds: boolean, text: string): void => {
    if (!holds) throw new RangeError(text);
  };
  expect(Number.isSafeInteger(batch) && batch > 0, `Expected \`batch\` to be a positive integer, got ${batch}`);
  const length = tokens.length / batch;
  expect(Number.isSafeInteger(length) && length > 0, `Expected tokens for ${batch} rows, got ${tokens.length}`);
  expect((prefix?.batch ?? 1) === 1, `Expected a prefix of one row, got one of ${prefix?.batch}`);
  if (rows === undefined)
    expect((past?.batch ?? batch) === batch, `Expected a past of ${batch} rows, got ${past?.batch}`);
  else {
    expect(rows.length === batch, `Expected \`rows\` for a batch of ${batch}, got ${rows.length}`);
    const strange = rows.find((row) => !(Number.isSafeInteger(row) && row >= 0 && row < (past?.batch ?? batch)));
    expect(strange === undefined, `Expected rows from 0 to ${(past?.batch ?? batch) - 1}, got ${strange}`);
  }
  const own = length + (past?.length ?? 0);
  const total = own + (prefix?.length ?? 0);
  expect(total <= context, `Expected at most ${context} positions, got ${total}`);
  expect((valid?.length ?? batch * own) === batch * own, `Expected \`valid\` of ${batch * own}, got ${valid?.length}`);
  const wrong = tokens.find((id) => id < 0 || id >= vocabulary);
  expect(wrong === undefined, `Expected token ids from 0 to ${vocabulary - 1}, got ${wrong}`);
}

type Runtime = typeof import("onnxruntime-node");

async function loadRuntime(): Promise<Runtime> {
  try {
    const loaded = (await import("onnxruntime-node")) as Runtime & { default?: Runtime };
    return loaded.InferenceSession ? loaded : loaded.default!;
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0]!;
    throw new ModelFailure({ kind: "runtime", reason }, { cause });
  }
}

async function openSession(
  ort: Runtime,
  graph: Uint8Array | string,
  provider: string,
  threads: number,
): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: [provider],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    logSeverityLevel: 3,
    // Processors without exact products of bytes would let sums of two overflow.
    extra: { session: { x64quantprecision: "1" } },
  };
  try {
    return typeof graph === "string"
      ? await ort.InferenceSession.create(graph, options)
      : await ort.InferenceSession.create(graph, options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ModelFailure({ kind: "runtime", reason: `it refused the model on ${provider}: ${reason}` }, { cause });
  }
}
