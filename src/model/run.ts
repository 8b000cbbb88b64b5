/**
 * A decoder's graph on ONNX Runtime, with the memory of its rows: what a model's own thread runs (`thread.ts`). A single row is
 * run beside an empty one: alone it would take another code path, whose sums differ in the last bit.
 */

import { availableParallelism } from "node:os";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { adapterParts, emptyAdapter } from "./adapter.ts";
import { type CachePool, createCachePool, type Placed } from "./cache.ts";
import type { Provider } from "./device.ts";
import { type RunnerDraw, runDraw } from "./draw.ts";
import { loadRuntime, openSession, type Runtime } from "./runtime.ts";
import type { AdapterWeights, DecoderInput, DecoderOutput, Drawn, KVCache, ModelConfig } from "./types.ts";

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
  /** How many of the last blocks have adapters as inputs. @default 0 */
  adaptedBlocks?: number;
}

/** What a graph takes: as a decoder does, with an adapter's weights themselves. */
export type RunnerInput = Omit<DecoderInput, "adapter"> & { adapter?: AdapterWeights };

/** A graph that runs. */
export interface Runner {
  forward(input: RunnerInput): Promise<DecoderOutput>;
  /** Draws whole programs after a prefix. */
  draw(request: RunnerDraw, prefix: KVCache | undefined): Promise<Drawn>;
  release(): Promise<void>;
}

/** A graph with its memory. */
interface RunnerState {
  readonly ort: Runtime;
  readonly session: InferenceSession;
  readonly config: ModelConfig;
  readonly cachePool: CachePool;
  /** Names of keys and values, layer by layer. */
  readonly names: readonly string[];
  /** Fewest positions of a part: the WebGPU provider ends the process where a tensor is empty. */
  readonly least: number;
  /** Pasts as what other passes begin with: cut to their length once. */
  readonly prefixes: WeakMap<KVCache, Tensor[]>;
  /** Adapters as what the graph is fed, and the one that changes nothing; null where the graph takes none. */
  readonly adapters: { blocks: number; known: WeakMap<AdapterWeights, Feeds>; empty: AdapterWeights } | null;
  /** Opens the graph that draws; absent where programs are drawn by the host. */
  readonly openDrawer: (() => Promise<InferenceSession>) | undefined;
  /** That graph, once something was drawn. */
  drawer: Promise<InferenceSession> | undefined;
}

/** Loads a graph. Throws a ModelFailure when ONNX Runtime is not there or refuses it. */
export async function createRunner(
  { graph, drawing, config, adaptedBlocks = 0 }: RunnerParts,
  options: RunOptions,
): Promise<Runner> {
  const { provider = "cpu", threads = Math.min(8, availableParallelism()) } = options;
  const ort = await loadRuntime();
  const state: RunnerState = {
    ort,
    session: await openSession(ort, graph, provider, threads),
    config,
    cachePool: createCachePool(config),
    names: Array.from({ length: config.layers }, (_, i) => [`${i}.key`, `${i}.value`]).flat(),
    least: provider === "webgpu" ? 1 : 0,
    prefixes: new WeakMap(),
    adapters:
      adaptedBlocks === 0
        ? null
        : { blocks: adaptedBlocks, known: new WeakMap(), empty: emptyAdapter(config, adaptedBlocks) },
    openDrawer: drawing === undefined ? undefined : () => openSession(ort, drawing, provider, threads),
    drawer: undefined,
  };
  return {
    draw: (request, prefix) => draw(state, request, prefix),
    forward: (input) => forward(state, input),
    async release() {
      await state.session.release();
      await (await state.drawer)?.release();
    },
  };
}

/** Draws whole programs after a prefix. */
async function draw(state: RunnerState, request: RunnerDraw, prefix: KVCache | undefined): Promise<Drawn> {
  const { ort, names, config } = state;
  if (state.openDrawer === undefined) throw new Error("This decoder was opened to draw by the host");
  state.drawer ??= state.openDrawer();
  // Not every provider's attention takes a past of no positions: where there is no prefix, one stands for it that is masked.
  const shared = prefixOf(state, prefix, 1);
  const named = Object.fromEntries(names.map((name, i) => [`prefix.${name}`, shared[i]!]));
  return runDraw(ort, await state.drawer, request, {
    vocabulary: config.vocabulary,
    prefix: named,
    adapters: adapterFeeds(state, request.adapter),
    seen: prefix?.length ?? 0,
    masked: prefix === undefined ? 1 : 0,
  });
}

/** Runs rows of any age: those whose memory is of one size together. */
async function forward(state: RunnerState, input: RunnerInput): Promise<DecoderOutput> {
  const { cachePool, config } = state;
  const { batch, tokens, past, donate = false, every = false } = input;
  const length = tokens.length / batch;
  const byCapacity = new Map<number, number[]>();
  for (let row = 0; row < batch; row++) {
    const capacity = cachePool.capacityOf(past?.[row]?.length ?? 0, length);
    byCapacity.set(capacity, [...(byCapacity.get(capacity) ?? []), row]);
  }
  const parts: Part[] = [];
  for (const rows of byCapacity.values()) {
    const caches = rows.map((row) => past?.[row]);
    const placed = cachePool.place(caches, length, donate);
    parts.push({ rows, slots: placed.slots, ...(await runRows(state, placed, rows, input)) });
  }
  const given = every ? length : 1;
  const widths = { width: config.width * given, vocabulary: config.vocabulary * given };
  return merged(parts, { batch, ...widths, entering: config.width * length });
}

/** Runs rows whose memory is of one size; gives what it computed for each slot that is held. */
async function runRows(
  state: RunnerState,
  placed: Placed,
  rows: readonly number[],
  input: RunnerInput,
): Promise<DecoderOutput> {
  const { valid, tokens, batch, adapter } = input;
  const length = tokens.length / batch;
  const feeds = {
    ...newPositions(state, placed, rows, input),
    ...seenPositions(state, placed, input.prefix),
    ...adapterFeeds(state, adapter),
  };
  const wanted = ["hidden", "logits", "present", ...(input.entering ? ["entering"] : [])];
  const { hidden, logits, present, entering } = await state.session.run(feeds, wanted);
  const past = placed.append(present!.data as Float32Array, length, (i, at) =>
    valid ? valid[rows[i]! * length + at] === 1 : true,
  );
  return {
    hidden: hidden!.data as Float32Array,
    logits: logits!.data as Float32Array,
    ...(entering && { entering: entering.data as Float32Array }),
    past,
  };
}

/** An adapter's weights as the graph's inputs. */
function adapterFeeds(state: RunnerState, given: AdapterWeights | undefined): Feeds {
  const { adapters, config } = state;
  if (adapters === null) return {};
  const weights = given ?? adapters.empty;
  const found = adapters.known.get(weights);
  if (found) return found;
  const parts = adapterParts(config, adapters.blocks, weights);
  const feeds = Object.fromEntries(parts.map(({ name, values, shape }) => [name, floats(state, values, ...shape)]));
  adapters.known.set(weights, feeds);
  return feeds;
}

type Feeds = { [name: string]: Tensor };

/** The new tokens of each slot, where they stand, and which positions they see. */
function newPositions(
  { ort, least }: RunnerState,
  { held, slots, seenCapacity, valid: seen, real }: Placed,
  rows: readonly number[],
  { tokens, batch, prefix, valid, every }: RunnerInput,
): Feeds {
  const length = tokens.length / batch;
  const before = prefix?.length ?? 0;
  // What stands for a part that is empty is masked.
  const ahead = Math.max(before, least);
  const total = ahead + Math.max(seenCapacity, least) + length;
  const ids = new BigInt64Array(held * length);
  const positions = new BigInt64Array(held * length);
  const visible = new BigInt64Array(held * total);
  for (let slot = 0; slot < held; slot++) {
    visible.fill(1n, slot * total, slot * total + before);
    for (let i = 0; i < seenCapacity; i++)
      if (seen[slot * seenCapacity + i] === 1) visible[slot * total + ahead + i] = 1n;
  }
  for (const [i, row] of rows.entries()) {
    const slot = slots[i]!;
    let position = before + real[i]!;
    for (let at = 0; at < length; at++) {
      ids[slot * length + at] = BigInt(tokens[row * length + at]!);
      if (valid && valid[row * length + at] !== 1) continue;
      visible[(slot + 1) * total - length + at] = 1n;
      positions[slot * length + at] = BigInt(position++);
    }
  }
  const integers = (data: BigInt64Array) => new ort.Tensor("int64", data, [held, data.length / held]);
  const wanted = BigInt64Array.from(every ? Array.from({ length }, (_, at) => BigInt(at)) : [BigInt(length - 1)]);
  return {
    tokens: integers(ids),
    positions: integers(positions),
    valid: integers(visible),
    wanted: new ort.Tensor("int64", wanted, [wanted.length]),
  };
}

/** Keys and values of what stands before everything, and of what each row has seen after it. */
function seenPositions(
  state: RunnerState,
  { held, seenCapacity, tensors }: Placed,
  prefix: KVCache | undefined,
): Feeds {
  const { names, config, least } = state;
  const { kvHeads, headWidth } = config;
  const capacity = Math.max(seenCapacity, least);
  const shared = prefixOf(state, prefix);
  const feeds: Feeds = {};
  for (const [i, name] of names.entries()) {
    const past = seenCapacity === capacity ? tensors[i]! : new Float32Array(held * kvHeads * capacity * headWidth);
    feeds[`past.${name}`] = floats(state, past, held, kvHeads, capacity, headWidth);
    feeds[`prefix.${name}`] = shared[i]!;
  }
  return feeds;
}

function prefixOf(state: RunnerState, past: KVCache | undefined, least = state.least): Tensor[] {
  const { cachePool, names, prefixes, config } = state;
  const { kvHeads, headWidth } = config;
  const known = past && prefixes.get(past);
  if (known) return known;
  const length = past?.length ?? least;
  const parts = past ? cachePool.alone(past) : names.map(() => new Float32Array(kvHeads * length * headWidth));
  const tensors = parts.map((data) => floats(state, data, kvHeads, length, headWidth));
  if (past) prefixes.set(past, tensors);
  return tensors;
}

function floats({ ort }: RunnerState, data: Float32Array, ...shape: number[]): Tensor {
  return new ort.Tensor("float32", data, shape);
}

/** What one run gave for some rows: of row i in `slots[i]`. */
interface Part extends DecoderOutput {
  rows: readonly number[];
  slots: readonly number[];
}

/** The parts as one output, rows in order; not copied where they lie so already. */
function merged(
  parts: readonly Part[],
  sizes: { batch: number; width: number; vocabulary: number; entering: number },
): DecoderOutput {
  const { batch, width, vocabulary } = sizes;
  const [only, ...others] = parts as [Part, ...Part[]];
  if (others.length === 0 && only.slots.every((slot, i) => slot === i)) {
    const { hidden, logits, entering, past } = only;
    return {
      hidden: hidden.subarray(0, batch * width),
      logits: logits.subarray(0, batch * vocabulary),
      ...(entering && { entering: entering.subarray(0, batch * sizes.entering) }),
      past,
    };
  }
  const output: DecoderOutput = {
    hidden: new Float32Array(batch * width),
    logits: new Float32Array(batch * vocabulary),
    ...(only.entering && { entering: new Float32Array(batch * sizes.entering) }),
    past: new Array<KVCache>(batch),
  };
  for (const { rows, slots, past, ...given } of parts)
    for (const [i, row] of rows.entries()) {
      const slot = slots[i]!;
      const copy = (what: "hidden" | "logits" | "entering", size: number): void =>
        output[what]!.set(given[what]!.subarray(slot * size, (slot + 1) * size), row * size);
      copy("hidden", width);
      copy("logits", vocabulary);
      if (only.entering) copy("entering", sizes.entering);
      output.past[row] = past[i]!;
    }
  return output;
}
