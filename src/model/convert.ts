/**
 * Models as ONNX files in the user's cache, by the hash of what they were made from: weights are converted once, and the
 * runtime maps them into memory. A conversion that is cut off leaves nothing that a later one would take for whole.
 */

import { existsSync } from "node:fs";
import { mkdir, open, rename, rm, statfs, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { ModelFailure } from "./error.ts";
import { decoderGraph } from "./graph.ts";
import type { StoredTensor } from "./onnx.ts";
import { findWeight, type ModelSource } from "./source.ts";

/** Raised whenever the same weights would become another graph. */
const graphVersion = 1;

/** How far a conversion is. */
export interface ConvertProgress {
  /** Bytes written, and of how many. */
  done: number;
  total: number;
}

/** A converted model on disk. */
export interface Converted {
  /** Path of the ONNX file. */
  graph: string;
  outputWeight(): Promise<Float32Array>;
}

/** The user's cache folder: `AUTOAGENT_CACHE`, else the system's usual place. */
export function cacheFolder(): string {
  const { AUTOAGENT_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (AUTOAGENT_CACHE) return AUTOAGENT_CACHE;
  if (process.platform === "win32") return join(LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "autoagent-lab");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "autoagent-lab");
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "autoagent-lab");
}

/** Converts a model, or finds it converted. Throws a ModelFailure when a weight or the disk's room is missing. */
export async function convert(
  source: ModelSource,
  hash: string,
  { folder = cacheFolder(), onProgress }: { folder?: string; onProgress?: (progress: ConvertProgress) => void } = {},
): Promise<Converted> {
  const { config } = source;
  const at = join(folder, "models", `${hash}-${graphVersion}`);
  const built = decoderGraph(config, (name, shape) => {
    const weight = findWeight(source, name, shape);
    return () => weight.read();
  });
  const { model, tensors } = built.graph.external("weights.bin");
  if (!existsSync(join(at, "decoder.onnx"))) {
    const temporary = `${at}.${process.pid}.${Date.now().toString(36)}`;
    await mkdir(temporary, { recursive: true });
    try {
      await checkRoom(temporary, tensors);
      await writeTensors(join(temporary, "weights.bin"), tensors, onProgress);
      await writeFile(join(temporary, "decoder.onnx"), model);
      // Of two that convert at once the second finds the folder taken, and its content the same.
      await rename(temporary, at).catch((error) => {
        if (!existsSync(join(at, "decoder.onnx"))) throw error;
      });
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
  const output = tensors.find(({ value }) => value === built.output)!;
  return { graph: join(at, "decoder.onnx"), outputWeight: () => readFloats(join(at, "weights.bin"), output) };
}

async function writeTensors(
  path: string,
  tensors: readonly StoredTensor[],
  onProgress: ((progress: ConvertProgress) => void) | undefined,
): Promise<void> {
  const total = tensors.reduce((sum, { bytes }) => sum + bytes, 0);
  let done = 0;
  const file = await open(path, "w");
  try {
    for (const { load, at, bytes } of tensors) {
      const values = await load();
      const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      for (let from = 0; from < bytes; from += 2 ** 30)
        await file.write(data, from, Math.min(2 ** 30, bytes - from), at + from);
      done += bytes;
      onProgress?.({ done, total });
    }
  } finally {
    await file.close();
  }
}

async function checkRoom(folder: string, tensors: readonly StoredTensor[]): Promise<void> {
  const last = tensors.at(-1);
  const neededMiB = Math.ceil(((last?.at ?? 0) + (last?.bytes ?? 0)) / 2 ** 20);
  const { bavail, bsize } = await statfs(folder);
  const freeMiB = Math.floor((bavail * bsize) / 2 ** 20);
  if (neededMiB > freeMiB) throw new ModelFailure({ kind: "disk", path: folder, neededMiB, freeMiB });
}

async function readFloats(path: string, { at, bytes }: StoredTensor): Promise<Float32Array> {
  const values = new Float32Array(bytes / 4);
  const file = await open(path, "r");
  try {
    for (let done = 0; done < bytes; ) {
      const { bytesRead } = await file.read(
        new Uint8Array(values.buffer),
        done,
        Math.min(2 ** 30, bytes - done),
        at + done,
      );
      if (bytesRead === 0) throw new ModelFailure({ kind: "damaged", path, reason: `it ended at byte ${at + done}` });
      done += bytesRead;
    }
    return values;
  } finally {
    await file.close();
  }
}
