/**
 * Opens a model: a folder in Hugging Face's format, a GGUF file, or the name of a model that a set-up command put into the
 * user's cache. Headers are checked and memory is computed before any is taken. Small models are built in memory; larger
 * ones are converted once and kept in the cache.
 */

import { existsSync, readdirSync, statSync } from "node:fs";
import { extname, join, resolve } from "node:path";
import { cacheFolder } from "../data/cache.ts";
import { checkOptions, only } from "../data/check.ts";
import { adapterHash, checkAdapted } from "./adapter.ts";
import { type ConvertProgress, convert, writeBeside } from "./convert.ts";
import { createDecoder, type RunOptions } from "./decoder.ts";
import { cudaCure, openFastest, type Provider, whyNoCuda } from "./device.ts";
import { drawGraph } from "./draw-graph.ts";
import { ModelFailure } from "./error.ts";
import { readFolder } from "./folder.ts";
import { readGguf } from "./gguf.ts";
import { decoderGraph } from "./graph.ts";
import { type Dtype, dtypes } from "./matmul.ts";
import { checkMemory, countWeights } from "./memory.ts";
import { openEntries } from "./options.ts";
import { readPeft } from "./peft.ts";
import { checkAllUsed, hashSource, type ModelSource, weightsOf } from "./source.ts";
import type { AdapterWeights, Decoder, ModelConfig } from "./types.ts";

/** How a model is opened and run. */
export interface OpenModelOptions extends Omit<RunOptions, "provider"> {
  /**
   * What runs it: `cpu`, `cuda` (after `npm run setup:cuda`), `webgpu`, or `auto`, which tries those that are likely and takes the
   * fastest (`decoder.choice` says why). @default "cpu"
   */
  provider?: Provider | "auto";
  /** Where converted models are kept. @default AUTOAGENT_CACHE, else the system's place for caches */
  cacheFolder?: string;
  /** A folder of models that are known by their names. @default none */
  bundled?: string;
  /**
   * Numbers of the weights: `fp32` as the file has them, or `q8`, 8 bits: a quarter of the memory and faster, but not quite
   * the same model. @default "fp32"
   */
  dtype?: Dtype;
  /** A folder with an adapter as PEFT writes it (`adapter_config.json`), which then belongs to the model. @default none */
  peft?: string;
  /**
   * How many of the last blocks an adapter may change (`decoder.adapted`): its weights are then inputs of the graph. With `fp32`
   * alone. @default 0
   */
  adaptedBlocks?: number;
  /** Called while a model is converted, which happens once. */
  onProgress?: (progress: ConvertProgress) => void;
}

/** Models with more weights than this (64 MB as float32) are converted and cached. */
const smallModel = 16_000_000;

const optionsSchema = only<OpenModelOptions>(openEntries);

/** Opens a model. Throws a ModelFailure that says what is missing, damaged or not supported. */
export async function openModel(path: string, options: OpenModelOptions = {}): Promise<Decoder> {
  checkOptions(optionsSchema, options, "the options of openModel");
  const { provider = "cpu" } = options;
  return provider === "auto"
    ? openFastest((one) => openOn(path, { ...options, provider: one }))
    : openOn(path, { ...options, provider });
}

/** Opens a model on a provider. */
async function openOn(path: string, options: OpenModelOptions & { provider: Provider }): Promise<Decoder> {
  const why = options.provider === "cuda" ? whyNoCuda() : null;
  // Asked for in vain, ONNX Runtime would say so on stderr as well.
  if (why !== null) throw new ModelFailure({ kind: "runtime", ...{ reason: `cuda: ${why}`, cure: cudaCure } });
  const { onProgress, cacheFolder: folder, dtype = "fp32", provider } = options;
  checkDtype(dtype, provider);
  const source = await readSource(path, options);
  const { config } = source;
  const { adaptedBlocks, own } = await adaptedBy(config, options);
  if (adaptedBlocks > 0) checkAdapted(path, config, adaptedBlocks);
  if (adaptedBlocks > 0 && dtype !== "fp32")
    throw new RangeError(
      `An adapter is learned on the weights as they are, and \`dtype\` is ${dtype}: open the model with fp32`,
    );
  const small = countWeights(config) <= smallModel;
  // In memory: the graph once here and once in the runtime, and what the runtime packs. On disk: what it maps and packs.
  checkMemory(path, config, { copies: small ? 4 : 2.5, dtype });
  const used = new Set<string>();
  const built = decoderGraph(config, weightsOf(source, used), { dtype });
  checkAllUsed(source, used);
  const adapted = adaptedBlocks > 0 ? { blocks: adaptedBlocks, weight: weightsOf(source), source } : undefined;
  const adaptable = adapted && decoderGraph(config, adapted.weight, { dtype, adaptedBlocks });
  const weights = await hashSource(source);
  // A graph with adapters as inputs rounds otherwise: the runtime joins other operations.
  const hash = joinHash(weights, dtype) + (adapted ? `-adapted${adaptedBlocks}` : "") + (own ? `-${own.hash}` : "");
  const drawer = drawsThere(config, options)
    ? drawGraph(config, weightsOf(source), { fused: provider === "cuda", adaptedBlocks })
    : undefined;
  const opened = existsSync(path) ? resolve(path) : path;
  const { peft } = options;
  const parts = {
    config,
    tokenizer: { ...(await source.openTokenizer()), source: opened },
    hash,
    source: opened,
    plan: {
      ...{ hash, source: opened, dtype },
      ...(peft !== undefined ? { peft: resolve(peft) } : adapted && { adaptedBlocks }),
    },
    ...(adapted && { adapted }),
    ...(own && { adapter: own.weights }),
  };
  if (small) {
    const graph = Buffer.concat(await (adaptable ?? built).chunks());
    const drawing = drawer && Buffer.concat(await drawer.chunks());
    return createDecoder({ graph, ...parts, ...(drawing && { drawing }) }, options);
  }
  const plain = await convert(source, weights, { dtype, ...(folder && { folder }), ...(onProgress && { onProgress }) });
  const graph = adaptable ? await writeBeside(plain, `adapted-${adaptedBlocks}.onnx`, adaptable, built) : plain;
  const drawName = adaptable ? `draw-adapted-${adaptedBlocks}.onnx` : "draw.onnx";
  const drawing = drawer && (await writeBeside(plain, drawName, drawer, built));
  return createDecoder({ graph, ...parts, ...(drawing && { drawing }) }, options);
}

/** How many of the last blocks may be adapted, and the adapter that belongs to the model, if one does. */
async function adaptedBy(
  config: ModelConfig,
  { peft, adaptedBlocks = 0 }: OpenModelOptions,
): Promise<{ adaptedBlocks: number; own?: { weights: AdapterWeights; hash: string } }> {
  if (peft === undefined) return { adaptedBlocks };
  const { blocks, weights } = await readPeft(peft, config);
  if (adaptedBlocks !== 0 && adaptedBlocks !== blocks)
    throw new RangeError(
      `Expected \`adaptedBlocks\` to be ${blocks}, as many as the adapter ${peft} changes, got ${adaptedBlocks}`,
    );
  return { adaptedBlocks: blocks, own: { weights, hash: adapterHash(weights) } };
}

/**
 * Whether programs are drawn where the model runs.
 * @throws {RangeError} where that is asked for and cannot be
 */
function drawsThere(config: ModelConfig, options: OpenModelOptions): boolean {
  const { draws, provider = "cpu", dtype = "fp32" } = options;
  if (draws !== undefined && draws !== "host" && draws !== "device")
    throw new RangeError(`Expected \`draws\` to be "host" or "device", got ${JSON.stringify(draws)}`);
  const hinders = hindersOf(config, { provider, dtype });
  if (draws === "device" && hinders !== null)
    throw new RangeError(`Programs cannot be drawn on the device ${hinders}: leave out \`draws: "device"\``);
  return hinders === null && (draws ?? (provider === "cuda" ? "device" : "host")) === "device";
}

/** Why programs cannot be drawn there, or null. */
function hindersOf(
  { rope, context }: ModelConfig,
  { provider, dtype }: { provider: string; dtype: Dtype },
): string | null {
  if (provider === "webgpu") return "on the provider webgpu, which cannot begin with nothing seen";
  if (dtype !== "fp32") return `with \`dtype\` ${dtype}`;
  return rope?.kind === "dynamic" && context > rope.original ? "by a model with dynamic rotary scaling" : null;
}

/** A decoder's hash: of the weights, and their numbers where they are not the file's own. */
function joinHash(weights: string, dtype: Dtype): string {
  return dtype === "fp32" ? weights : `${weights}-${dtype}`;
}

/** What a decoder's hash is made of. */
export function splitHash(hash: string): { weights: string; dtype: Dtype } {
  const dtype = (Object.keys(dtypes) as Dtype[]).find((name) => hash.endsWith(`-${name}`));
  return dtype ? { weights: hash.slice(0, -dtype.length - 1), dtype } : { weights: hash, dtype: "fp32" };
}

function checkDtype(dtype: string, provider: string): void {
  if (!(dtype in dtypes))
    throw new RangeError(`Expected \`dtype\` to be ${Object.keys(dtypes).join(" or ")}, got ${JSON.stringify(dtype)}`);
  if (dtype !== "fp32" && provider !== "cpu")
    throw new RangeError(`\`dtype\` ${dtype} runs on the provider cpu alone: take fp32 on ${provider}`);
}

/** Reads a model's headers: a GGUF file, a folder with one, a Hugging Face folder, or a name in the cache. */
export async function readSource(
  path: string,
  { cacheFolder: cache = cacheFolder(), bundled }: Pick<OpenModelOptions, "cacheFolder" | "bundled"> = {},
): Promise<ModelSource> {
  const isName = !existsSync(path) && /^[\w.-]+$/.test(path);
  const folders = [join(cache, "models"), ...(bundled === undefined ? [] : [bundled])];
  const named = isName ? folders.map((folder) => join(folder, path)).find((folder) => existsSync(folder)) : undefined;
  const at = named ?? path;
  if (!existsSync(at)) throw new ModelFailure({ kind: "absent", path, known: knownModels(folders) });
  if (statSync(at).isFile()) return readFile(at);
  if (existsSync(join(at, "config.json"))) return readFolder(at);
  const own = readdirSync(at).filter((name) => name.endsWith(".gguf"));
  return own.length === 1 ? readGguf(join(at, own[0]!)) : readFolder(at);
}

/** A single file: GGUF, or a ModelFailure that says what it is instead. */
function readFile(path: string): Promise<ModelSource> {
  const known: { [ending: string]: string } = {
    ".safetensors": "a file of weights without the model's config.json",
    ".onnx": "an ONNX graph",
    ".bin": "a PyTorch file",
    ".pt": "a PyTorch file",
    ".pth": "a PyTorch file",
    ".json": "a JSON file",
  };
  const found = known[extname(path).toLowerCase()];
  if (found !== undefined) throw new ModelFailure({ kind: "file", path, found });
  return readGguf(path);
}

/** Names of the models that set-up commands put into the cache, and of those that came with the package. */
function knownModels(folders: readonly string[]): string[] {
  const whole = (path: string) => ["card.json", "config.json"].some((file) => existsSync(join(path, file)));
  const inside = (folder: string) => (existsSync(folder) ? readdirSync(folder) : []);
  return folders.flatMap((folder) => inside(folder).filter((name) => whole(join(folder, name)))).sort();
}
