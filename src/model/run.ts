/**
 * A decoder's graph on ONNX Runtime, with the memory of its rows: what a model's own thread runs (`thread.ts`). A single row is
 * run beside an empty one: alone it would take another code path, whose sums differ in the last bit.
 */

import { availableParallelism } from "node:os";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { createMemory, type Placed } from "./cache.ts";
import { cudaCure, type Provider } from "./device.ts";
import { type Drawn, type DrawRequest, runDraw } from "./draw.ts";
import { ModelFailure } from "./error.ts";
import type { DecoderInput, DecoderOutput, ModelConfig, Past } from "./types.ts";

/** How a decoder is run. */
export interface RunOptions {
  /** ONNX Runtime's provider. @default "cpu" */
  provider?: Provider;
  /** Threads of the CPU provider. @default one a core, 8 at most */
  threads?: number;
  /**
   * Where a policy's programs are drawn: `host`, token by token in this process, or `device`, all of a program in one run of the
   * model, which a GPU needs, since what rows have seen stays there. @default "device" on `cuda`, else "host"
   */
  draws?: "host" | "device";
}

/** What runs. */
export interface RunnerParts {
  /** The ONNX model, or the path of its file. */
  graph: Uint8Array | string;
  config: ModelConfig;
  /** The graph that draws programs (`draw-graph.ts`), likewise; absent where they are drawn by the host. */
  drawing?: Uint8Array | string;
}

/** A graph that runs. */
export interface Runner {
  forward(input: DecoderInput): Promise<DecoderOutput>;
  /** Draws whole programs after a prefix. */
  draw(request: DrawRequest, prefix: Past | undefined): Promise<Drawn>;
  release(): Promise<void>;
}

/** Loads a graph. Throws a ModelFailure when ONNX Runtime is not there or refuses it. */
export async function createRunner({ graph, drawing, config }: RunnerParts, options: RunOptions): Promise<Runner> {
  const { provider = "cpu", threads = Math.min(8, availableParallelism()) } = options;
  const ort = await loadRuntime();
  const session = await openSession(ort, graph, provider, threads);
  const { layers, kvHeads, headWidth, width, vocabulary } = config;
  const names = Array.from({ length: layers }, (_, i) => [`${i}.key`, `${i}.value`]).flat();
  const floats = (data: Float32Array, ...shape: number[]) => new ort.Tensor("float32", data, shape);
  const memory = createMemory(config);
  /** Fewest positions of a part: the WebGPU provider ends the process where a tensor is empty. */
  const least = provider === "webgpu" ? 1 : 0;
  /** Pasts as what other passes begin with: cut to their length once. */
  const prefixes = new WeakMap<Past, Tensor[]>();
  const prefixOf = (past: Past | undefined): Tensor[] => {
    const known = past && prefixes.get(past);
    if (known) return known;
    const length = past?.length ?? least;
    const parts = past ? memory.alone(past) : names.map(() => new Float32Array(kvHeads * length * headWidth));
    const tensors = parts.map((data) => floats(data, kvHeads, length, headWidth));
    if (past) prefixes.set(past, tensors);
    return tensors;
  };

  /** Runs rows whose memory is of one size; gives what it computed for each slot that is held. */
  const run = async (
    placed: Placed,
    rows: readonly number[],
    { tokens, batch, prefix, valid, every }: DecoderInput,
  ) => {
    const { held, slots, seenRoom } = placed;
    const length = tokens.length / batch;
    const before = prefix?.length ?? 0;
    // What stands for a part that is empty is masked.
    const [ahead, room] = [Math.max(before, least), Math.max(seenRoom, least)];
    const total = ahead + room + length;
    const ids = new BigInt64Array(held * length);
    const positions = new BigInt64Array(held * length);
    const visible = new BigInt64Array(held * total);
    for (let slot = 0; slot < held; slot++) {
      visible.fill(1n, slot * total, slot * total + before);
      for (let i = 0; i < seenRoom; i++)
        if (placed.valid[slot * seenRoom + i] === 1) visible[slot * total + ahead + i] = 1n;
    }
    for (const [i, row] of rows.entries()) {
      const slot = slots[i]!;
      let position = before + placed.real[i]!;
      for (let at = 0; at < length; at++) {
        ids[slot * length + at] = BigInt(tokens[row * length + at]!);
        if (valid && valid[row * length + at] !== 1) continue;
        visible[(slot + 1) * total - length + at] = 1n;
        positions[slot * length + at] = BigInt(position++);
      }
    }
    const integers = (data: BigInt64Array) => new ort.Tensor("int64", data, [held, data.length / held]);
    const wanted = BigInt64Array.from(every ? Array.from({ length }, (_, at) => BigInt(at)) : [BigInt(length - 1)]);
    const feeds: { [name: string]: Tensor } = {
      tokens: integers(ids),
      positions: integers(positions),
      valid: integers(visible),
      wanted: new ort.Tensor("int64", wanted, [wanted.length]),
    };
    const shared = prefixOf(prefix);
    for (const [i, name] of names.entries()) {
      const past = seenRoom === room ? placed.tensors[i]! : new Float32Array(held * kvHeads * room * headWidth);
      feeds[`past.${name}`] = floats(past, held, kvHeads, room, headWidth);
      feeds[`prefix.${name}`] = shared[i]!;
    }
    const { hidden, logits, present } = await session.run(feeds);
    const past = placed.append(present!.data as Float32Array, length, (i, at) =>
      valid ? valid[rows[i]! * length + at] === 1 : true,
    );
    return { hidden: hidden!.data as Float32Array, logits: logits!.data as Float32Array, past };
  };

  /** Opened at the first draw. */
  let drawer: Promise<InferenceSession> | undefined;

  return {
    async draw(request, prefix) {
      if (drawing === undefined) throw new Error("This decoder was opened to draw by the host");
      drawer ??= openSession(ort, drawing, provider, threads);
      const shared = prefixOf(prefix);
      const named = Object.fromEntries(names.map((name, i) => [`prefix.${name}`, shared[i]!]));
      const seen = prefix?.length ?? 0;
      return runDraw(ort, await drawer, request, { vocabulary, prefix: named, seen });
    },
    async forward(input) {
      const { batch, tokens, past, spend = false, every = false } = input;
      const length = tokens.length / batch;
      const byRoom = new Map<number, number[]>();
      for (let row = 0; row < batch; row++) {
        const room = memory.roomOf(past?.[row]?.length ?? 0, length);
        byRoom.set(room, [...(byRoom.get(room) ?? []), row]);
      }
      const parts: Part[] = [];
      for (const rows of byRoom.values()) {
        const placed = memory.place(
          rows.map((row) => past?.[row]),
          length,
          spend,
        );
        parts.push({ rows, slots: placed.slots, ...(await run(placed, rows, input)) });
      }
      const given = every ? length : 1;
      return merged(parts, { batch, width: width * given, vocabulary: vocabulary * given });
    },
    async release() {
      await session.release();
      await (await drawer)?.release();
    },
  };
}

/** What one run gave for some rows: of row i in `slots[i]`. */
interface Part extends DecoderOutput {
  rows: readonly number[];
  slots: readonly number[];
}

/** The parts as one output, rows in order; not copied where they lie so already. */
function merged(
  parts: readonly Part[],
  { batch, width, vocabulary }: { batch: number; width: number; vocabulary: number },
): DecoderOutput {
  const [only, ...others] = parts as [Part, ...Part[]];
  if (others.length === 0 && only.slots.every((slot, i) => slot === i)) {
    const { hidden, logits, past } = only;
    return { hidden: hidden.subarray(0, batch * width), logits: logits.subarray(0, batch * vocabulary), past };
  }
  const output: DecoderOutput = {
    hidden: new Float32Array(batch * width),
    logits: new Float32Array(batch * vocabulary),
    past: new Array<Past>(batch),
  };
  for (const { rows, slots, hidden, logits, past } of parts)
    for (const [i, row] of rows.entries()) {
      const slot = slots[i]!;
      output.hidden.set(hidden.subarray(slot * width, (slot + 1) * width), row * width);
      output.logits.set(logits.subarray(slot * vocabulary, (slot + 1) * vocabulary), row * vocabulary);
      output.past[row] = past[i]!;
    }
  return output;
}

type Runtime = typeof import("onnxruntime-node");

/** What to do where a provider does not begin. */
const cures: { [provider: string]: string } = {
  cuda: cudaCure,
  webgpu: "On Linux it needs libvulkan.so.1 and a graphics driver; or take another provider",
};

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
    extra: {
      session: {
        // Processors without exact products of bytes would let sums of two overflow.
        x64quantprecision: "1",
        // How long a thread that has nothing to do stays awake for the next operation. ONNX Runtime's own choice is longer, and
        // takes the cores from everybody else, its own thread too: docs/decisions.md.
        intra_op: { spin_duration_us: "20" },
      },
    },
  };
  try {
    return typeof graph === "string"
      ? await ort.InferenceSession.create(graph, options)
      : await ort.InferenceSession.create(graph, options);
  } catch (cause) {
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split("\n") as [string];
    const cure = cures[provider];
    throw new ModelFailure(
      { kind: "runtime", reason: `it refused the model on ${provider}: ${reason}`, ...(cure && { cure }) },
      { cause },
    );
  }
}
