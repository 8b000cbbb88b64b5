/**
 * Models as ONNX files in the user's cache, by the hash of what they were made from: weights are converted once, and the
 * runtime maps them into memory. A conversion that is cut off leaves nothing that a later one would take for whole.
 */

import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { cacheFolder } from "../data/cache.ts";
import { removeLeftovers } from "../data/leftovers.ts";
import { diskFailure, replaceTogether } from "../data/write.ts";
import { ModelFailure } from "./error.ts";
import { decoderGraph } from "./graph.ts";
import type { Dtype } from "./matmul.ts";
import type { GraphBuilder, StoredTensor } from "./onnx.ts";
import { type ModelSource, weightsOf } from "./source.ts";

/** Raised whenever the same weights would become another graph. */
const graphVersion = 3;

/** What the cache's place comes from, in the sentences of a disk that refuses. */
const chosenBy = "AUTOAGENT_CACHE";

/** How far a conversion is. */
export interface ConvertProgress {
  /** Bytes written, and of how many. */
  done: number;
  total: number;
}

/** How a model is converted. */
export interface ConvertOptions {
  /** The cache. @default `cacheFolder()` */
  folder?: string;
  dtype?: Dtype;
  onProgress?: (progress: ConvertProgress) => void;
}

/**
 * Converts a model, or finds it converted; gives the path of the ONNX file. Throws a ModelFailure when a weight or the disk's
 * room is missing.
 * @throws {DiskFailure} where the disk fills up meanwhile or the cache is not writable; what was converted before is kept
 */
export async function convert(
  source: ModelSource,
  hash: string,
  { folder = cacheFolder(), dtype = "fp32", onProgress }: ConvertOptions = {},
): Promise<string> {
  const { config } = source;
  const at = join(folder, "models", `${hash}-${graphVersion}${dtype === "fp32" ? "" : `-${dtype}`}`);
  const graph = decoderGraph(config, weightsOf(source), { dtype });
  const { model, tensors } = graph.external("weights.bin");
  if (!existsSync(join(at, "decoder.onnx"))) {
    // Of two that convert at once, in one process too, each has a folder of its own.
    const temporary = `${at}.${process.pid}.${randomUUID().slice(0, 8)}`;
    removeLeftovers(join(folder, "models"), (name) => ownerOf(name, hash));
    await writing(folder, mkdir(temporary, { recursive: true }), "folder");
    try {
      await checkRoom(temporary, tensors);
      await writeTensors(temporary, tensors, (write) => writing(at, write), onProgress);
      await writing(at, writeFile(join(temporary, "decoder.onnx"), model));
      // Of two that convert at once the second finds the folder taken, and its content the same.
      await rename(temporary, at).catch((cause) => {
        if (!existsSync(join(at, "decoder.onnx"))) throw diskFailure(at, cause, { wanted: "folder", chosenBy });
      });
      await removeOlder(join(folder, "models"), hash);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
  return join(at, "decoder.onnx");
}

/**
 * Writes a second graph of the same weights beside a converted one, which reads the same file of weights; gives its path.
 * @throws {DiskFailure} where the disk is full or the cache is not writable
 */
export async function writeBeside(
  path: string,
  name: string,
  graph: GraphBuilder,
  first: GraphBuilder,
): Promise<string> {
  const [own, other] = [graph.external("weights.bin"), first.external("weights.bin")];
  const placesOf = ({ tensors }: typeof own) => tensors.map(({ at, bytes }) => `${at} ${bytes}`).join();
  if (placesOf(own) !== placesOf(other)) throw new Error(`${name} would read the weights at other places`);
  const at = join(dirname(path), name);
  await writing(at, replaceTogether(dirname(path), [{ name, write: (part) => writeFile(part, own.model) }]));
  return at;
}

/** The process whose unfinished conversion of these weights a folder of this name is; null for any other. */
function ownerOf(name: string, hash: string): number | null {
  const rest = name.startsWith(`${hash}-`)
    ? /^\d+(?:-\w+)?\.(\d+)\.[0-9a-z]+$/.exec(name.slice(hash.length + 1))
    : null;
  return rest === null ? null : Number(rest[1]);
}

/** Removes what earlier versions made of the same weights. */
async function removeOlder(folder: string, hash: string): Promise<void> {
  const older = (await readdir(folder)).filter((name) => {
    const version = name.startsWith(`${hash}-`) ? Number.parseInt(name.slice(hash.length + 1), 10) : Number.NaN;
    return version < graphVersion;
  });
  for (const name of older) await rm(join(folder, name), { recursive: true, force: true });
}

async function writeTensors(
  folder: string,
  tensors: readonly StoredTensor[],
  writing: <T>(work: Promise<T>) => Promise<T>,
  onProgress: ((progress: ConvertProgress) => void) | undefined,
): Promise<void> {
  const total = tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const file = await writing(open(join(folder, "weights.bin"), "w"));
  try {
    for (const { load, at, bytes } of tensors) {
      const values = await load();
      const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      // A disk that is nearly full takes a part and says so: what is left is written, or refused, by the next call.
      for (let from = 0; from < bytes; ) {
        const some = Math.min(2 ** 30, bytes - from);
        from += (await writing(file.write(data, from, some, at + from))).bytesWritten;
      }
      done += bytes;
      onProgress?.({ done, total });
    }
  } finally {
    await file.close();
  }
}

/** A write into the cache, whose failure is said in a sentence. */
async function writing<T>(path: string, work: Promise<T>, wanted: "file" | "folder" = "file"): Promise<T> {
  return work.catch((cause: unknown) => {
    throw diskFailure(path, cause, { wanted, chosenBy });
  });
}

async function checkRoom(folder: string, tensors: readonly StoredTensor[]): Promise<void> {
  const last = tensors.at(-1)!;
  const neededMiB = Math.ceil((last.at + last.bytes) / 2 ** 20);
  const { bavail, bsize } = await statfs(folder);
  const freeMiB = Math.floor((bavail * bsize) / 2 ** 20);
  if (neededMiB > freeMiB) throw new ModelFailure({ kind: "disk", path: folder, neededMiB, freeMiB });
}
