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

  const select = (past: Past, rows: readonly number[]): Past => {
    const { length, batch, tensors } = past as Cache;
    const size = kvHeads * length * headWidth;
    const wrong = rows.find((row) => !(row >= 0 && row < batch));
    if (wrong !== undefined) throw new RangeError(`Expected rows from 0 to ${batch - 1}, got ${wrong}`);
    const pick = (tensor: Tensor): Tensor => {
      const all = tensor.data as Float32Array;
      const some = new Float32Array(rows.length * size);
      for (const [i, row] of rows.entries()) some.set(all.subarray(row * size, (row + 1) * size), i * size);
      return new ort.Tensor("float32", some, [rows.length, kvHeads, length, headWidth]);
    };
    return { batch: rows.length, length, tensors: tensors.map(pick) } as Cache;
  };

  const run = async ({ tokens, batch, past, valid }: DecoderInput): Promise<DecoderOutput> => {
    const length = tokens.length / batch;
    const { tensors, length: before } = (past as Cache | undefined) ?? nothing(batch);
    const total = before + length;
    const real = valid ?? new Uint8Array(batch * total).fill(1);
    const whole = (values: Iterable<bigint>, shape: number[]) =>
      new ort.Tensor("int64", BigInt64Array.from(values), shape);
    const feeds: { [name: string]: Tensor } = {
      tokens: whole([...tokens].map(BigInt), [batch, length]),
      positions: whole(positionsOf(real, batch, length), [batch, length]),
      valid: whole([...real].map(BigInt), [batch, total]),
    };
    for (const [i, name] of names.entries()) feeds[`past.${name}`] = tensors[i]!;
    const results = await session.run(feeds);
    const next = names.map((name) => results[`present.${name}`] as Tensor);
    return {
      hidden: results.hidden!.data as Float32Array,
      logits: results.logits!.data as Float32Array,
      past: { batch, length: total, tensors: next } as Cache,
    };
  };

  return {
    config,
    tokenizer,
    provider,
    hash,
    select,
    outputWeight,
    async forward(input) {
      checkInput(input, config);
      if (input.batch > 1) return run(input);
      const twice = (list: Uint8Array) => Uint8Array.from([...list, ...list]);
      const output = await run({
        tokens: Int32Array.from([...input.tokens, ...input.tokens]),
        batch: 2,
        ...(input.past && { past: select(input.past, [0, 0]) }),
        ...(input.valid && { valid: twice(input.valid) }),
      });
      return {
        hidden: output.hidden.slice(0, config.width),
        logits: output.logits.slice(0, config.vocabulary),
        past: select(output.past, [0]),
      };
    },
    dispose: () => session.release(),
  };
}

/** Each real token's number among the real ones of its row; 0 for pads. */
function* positionsOf(valid: Uint8Array, batch: number, length: number): Generator<bigint> {
  const total = valid.length / batch;
  for (let row = 0; row < batch; row++) {
    let seen = 0;
    for (let i = 0; i < total; i++) {
      const real = valid[row * total + i]! === 1;
      if (i >= total - length) yield BigInt(real ? seen : 0);
      if (real) seen++;
    }
  }
}

function checkInput({ tokens, batch, past, valid }: DecoderInput, { vocabulary, context }: ModelConfig): void {
  const expect = (holds: boolean, text: string): void => {
    if (!holds) throw new RangeError(text);
  };
  expect(Number.isSafeInteger(batch) && batch > 0, `Expected \`batch\` to be a positive integer, got ${batch}`);
  const length = tokens.length / batch;
  expect(Number.isSafeInteger(length) && length > 0, `Expected tokens for ${batch} rows, got ${tokens.length}`);
  expect((past?.batch ?? batch) === batch, `Expected a past of ${batch} rows, got one of ${past?.batch}`);
  const total = length + (past?.length ?? 0);
  expect(total <= context, `Expected at most ${context} positions, got ${total}`);
  expect(
    (valid?.length ?? batch * total) === batch * total,
    `Expected \`valid\` of ${batch * total}, got ${valid?.length}`,
  );
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
