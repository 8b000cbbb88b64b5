/**
 * Runs a decoder's graph on ONNX Runtime. Keys and values stay in the runtime's own tensors between passes. A single row
 * with a single token is run twice over: alone it would take another code path, whose sums differ in the last bit.
 */

import { availableParallelism } from "node:os";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { ModelFailure } from "./error.ts";
import type { Decoder, DecoderInput, DecoderOutput, ModelConfig, Past, Tokenizer } from "./types.ts";

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
  outputWeight: () => Float32Array;
}

/** Keys and values as ONNX Runtime has them, key and value of each layer in turn: [batch, kvHeads, length, headWidth]. */
interface Cache extends Past {
  tensors: Tensor[];
}

/** Makes a decoder. Throws a ModelFailure when ONNX Runtime is not there or refuses the graph. */
export async function createDecoder(parts: DecoderParts, options: RunOptions = {}): Promise<Decoder> {
  const { graph, config, tokenizer, hash, outputWeight } = parts;
  const { provider = "cpu", threads = Math.min(8, availableParallelism()) } = options;
  const ort = await loadRuntime();
  const session = await openSession(ort, graph, provider, threads);
  const { layers, kvHeads, headWidth } = config;
  const names = Array.from({ length: layers }, (_, i) => [`${i}.key`, `${i}.value`]).flat();
  const nothing = (batch: number): Cache => ({
    batch,
    length: 0,
    tensors: names.map(() => new ort.Tensor("float32", new Float32Array(0), [batch, kvHeads, 0, headWidth])),
  });

  const run = async ({ tokens, batch, prefix, past, rows, valid }: DecoderInput): Promise<DecoderOutput> => {
    const length = tokens.length / batch;
    const before = (past as Cache | undefined) ?? nothing(batch);
    const shared = (prefix as Cache | undefined) ?? nothing(1);
    const total = before.length + length;
    const real = valid ?? new Uint8Array(batch * total).fill(1);
    const feeds: { [name: string]: Tensor } = {
      tokens: new ort.Tensor("int64", wide(tokens), [batch, length]),
      positions: new ort.Tensor("int64", positionsOf(real, batch, length, shared.length), [batch, length]),
      valid: new ort.Tensor("int64", wide(real), [batch, total]),
      rows: new ort.Tensor("int64", rows ? wide(rows) : BigInt64Array.from({ length: batch }, (_, i) => BigInt(i)), [
        batch,
      ]),
    };
    for (const [i, name] of names.entries()) {
      feeds[`past.${name}`] = before.tensors[i]!;
      feeds[`prefix.${name}`] = shared.tensors[i]!;
    }
    const results = await session.run(feeds);
    const next = names.map((name) => results[`present.${name}`] as Tensor);
    return {
      hidden: results.hidden!.data as Float32Array,
      logits: results.logits!.data as Float32Array,
      past: { batch, length: total, tensors: next } as Cache,
    };
  };

  /** The first row alone of keys and values that were computed twice. */
  const firstOf = ({ length, tensors }: Cache): Cache => {
    const shape = [1, kvHeads, length, headWidth];
    const size = kvHeads * length * headWidth;
    const first = (tensor: Tensor) => new ort.Tensor("float32", (tensor.data as Float32Array).slice(0, size), shape);
    return { batch: 1, length, tensors: tensors.map(first) };
  };

  return {
    config,
    tokenizer,
    provider,
    hash,
    outputWeight,
    async forward(input) {
      checkInput(input, config);
      if (input.batch > 1) return run(input);
      const [row = 0] = input.rows ?? [];
      const { valid } = input;
      const output = await run({
        ...input,
        tokens: Int32Array.from([...input.tokens, ...input.tokens]),
        batch: 2,
        rows: input.past ? [row, row] : [0, 1],
        ...(valid && { valid: Uint8Array.from([...valid, ...valid]) }),
      });
      return {
        hidden: output.hidden.slice(0, config.width),
        logits: output.logits.slice(0, config.vocabulary),
        past: firstOf(output.past as Cache),
      };
    },
    dispose: () => session.release(),
  };
}

/** Whole numbers as ONNX Runtime takes them. */
function wide(values: ArrayLike<number>): BigInt64Array {
  const result = new BigInt64Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = BigInt(values[i]!);
  return result;
}

/** Each real token's place among the real ones of its row, after the prefix; 0 for pads. */
function positionsOf(valid: Uint8Array, batch: number, length: number, prefix: number): BigInt64Array {
  const total = valid.length / batch;
  const result = new BigInt64Array(batch * length);
  for (let row = 0; row < batch; row++) {
    let seen = prefix;
    for (let i = 0; i < total; i++) {
      if (valid[row * total + i] !== 1) continue;
      if (i >= total - length) result[row * length + i - (total - length)] = BigInt(seen);
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
