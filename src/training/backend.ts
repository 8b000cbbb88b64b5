/**
 * Which TF.js backend computes the updates, where a policy has no gradient of its own (`engine.ts`). In order: `tensorflow` on a CUDA device (tfjs-node-gpu), `webgpu` on a real
 * device (npm `webgpu`, Dawn), `tensorflow` on the processor (tfjs-node), `wasm`, `cpu`. TensorFlow needs
 * `npm run setup:tensorflow`. For a policy of a few numbers plain JavaScript is the fastest and the most exact, so there
 * `cpu` is taken unless another is asked for by name. A process that has used `webgpu` must be ended by `process.exit`.
 */

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { serial } from "../data/serial.ts";
import { displaySymbol, type MimeBundle, tableBundle } from "../display/index.ts";
import { tf } from "../policy/index.ts";
import { registerSegmentSum } from "./backend-wasm.ts";

/** A backend of TF.js by its name in options: `tensorflow-gpu` and `tensorflow` are the same to TF.js. */
export type TensorBackendName = "tensorflow-gpu" | "webgpu" | "tensorflow" | "wasm" | "cpu";

/** What computes a training's updates: a backend of TF.js, or ONNX Runtime on CUDA or on the processor. */
export type BackendName = "onnxruntime-cuda" | "onnxruntime" | TensorBackendName;

/** What was chosen, on which device, and why not another. Shows itself as a table. */
export interface BackendChoice {
  backend: BackendName;
  /** The device's name. */
  device: string;
  passedOver: { backend: BackendName; why: string }[];
  /** The backend of TF.js that takes the optimiser's steps, where ONNX Runtime computes the gradient. */
  steps?: TensorBackendName;
  [displaySymbol](): MimeBundle;
}

/** TF.js's, in the order in which they are tried. */
export const tensorBackends: readonly TensorBackendName[] = ["tensorflow-gpu", "webgpu", "tensorflow", "wasm", "cpu"];

/** Numbers in a policy above which a faster engine than plain JavaScript pays. */
export const few = 1000;

/** TF.js has one backend at a time: who makes it ready waits for who came before. */
const preparing = serial();

/** Makes what is computed next run on that backend, where another training has taken its own. At once: it was made ready before. */
export function useBackend({ backend, steps = backend as TensorBackendName }: BackendChoice): void {
  const name = steps === "tensorflow-gpu" ? "tensorflow" : steps;
  if (tf.getBackend() !== name) void tf.setBackend(name);
}

/**
 * Makes TF.js ready. `backend` asks for one by name, and throws an Error with the cure where it cannot be had; else the
 * first of the order that works is taken, for `size` numbers to train.
 */
export function prepareBackend(options: { backend?: TensorBackendName; size?: number } = {}): Promise<BackendChoice> {
  return preparing.run(() => chooseBackend(options));
}

async function chooseBackend({
  backend,
  size = 0,
}: {
  backend?: TensorBackendName;
  size?: number;
}): Promise<BackendChoice> {
  if (backend !== undefined) {
    if (!tensorBackends.includes(backend))
      throw new RangeError(`Unknown backend ${JSON.stringify(backend)}: use ${tensorBackends.join(", ")}`);
    const tried = await tryBackend(backend, true);
    if ("why" in tried) throw new Error(`The backend ${backend} cannot be used: ${tried.why}`);
    return choice(backend, tried.device, []);
  }
  if (size <= few) {
    await tf.setBackend("cpu");
    return choice("cpu", processor(), [
      { backend: "tensorflow", why: `${size} numbers are trained: plain JavaScript is faster` },
    ]);
  }
  const passedOver: BackendChoice["passedOver"] = [];
  for (const name of tensorBackends) {
    const tried = await tryBackend(name, false);
    if ("device" in tried) return choice(name, tried.device, passedOver);
    passedOver.push({ backend: name, why: tried.why });
  }
  throw new Error(
    `No backend of TF.js works here: ${passedOver.map(({ backend: b, why }) => `${b}: ${why}`).join("; ")}`,
  );
}

/** Sets a backend, and says its device or why it cannot be. */
async function tryBackend(name: TensorBackendName, byName: boolean): Promise<{ device: string } | { why: string }> {
  try {
    switch (name) {
      case "tensorflow-gpu":
        // The package for CUDA is large, and stays in the process: it is not loaded where there can be no device.
        if (!byName && !mayHaveGpu(cudaDevices)) return { why: "there is no CUDA device in /dev" };
        return await useTensorFlow(true);
      case "tensorflow":
        return await useTensorFlow(false);
      case "webgpu":
        return await useWebGpu(byName);
      case "wasm":
        return await useWasm();
      case "cpu":
        await tf.setBackend("cpu");
        return { device: processor() };
      default:
        return name satisfies never;
    }
  } catch (error) {
    return { why: (error instanceof Error ? error.message : String(error)).split("\n")[0]!.slice(0, 200) };
  }
}

const require = createRequire(import.meta.url);

async function useTensorFlow(gpu: boolean): Promise<{ device: string } | { why: string }> {
  const name = `@tensorflow/tfjs-node${gpu ? "-gpu" : ""}`;
  const cure = `run \`npm run setup:tensorflow${gpu ? " -- --gpu" : ""}\``;
  let folder: string;
  try {
    folder = dirname(require.resolve(`${name}/package.json`));
    require.resolve(join(folder, "lib", "napi-v8", "tfjs_binding.node"));
  } catch {
    return { why: `${name} is not set up: ${cure}` };
  }
  const loaded = tensorFlowBackend();
  if (loaded && loaded.isGPUPackage !== gpu && (gpu || loaded.isUsingGpuDevice))
    return { why: `the other package of TensorFlow is loaded in this process` };
  // Node 23 took away what the package still calls; its own library speaks on stderr unless told not to.
  Object.assign(require("node:util") as object, {
    isNullOrUndefined: (x: unknown) => x == null,
    isArray: Array.isArray,
  });
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  process.env.TF_ENABLE_ONEDNN_OPTS ??= "0";
  // Without a device the package for CUDA computes on the processor, as the other one does.
  try {
    if (!loaded) require(name);
  } catch (error) {
    if (!/libtensorflow/.test(String(error))) throw error;
    return { why: `${name} does not find TensorFlow's library: ${cure}` };
  }
  await tf.setBackend("tensorflow");
  const isGpu = tensorFlowBackend()?.isUsingGpuDevice === true;
  if (gpu && !isGpu) return { why: "TensorFlow sees no CUDA device" };
  return { device: isGpu ? "CUDA device 0" : processor() };
}

/** What tfjs-node says of itself, if it is loaded. */
function tensorFlowBackend(): { isGPUPackage: boolean; isUsingGpuDevice: boolean } | null {
  return tf.findBackend("tensorflow") as unknown as { isGPUPackage: boolean; isUsingGpuDevice: boolean } | null;
}

/** What npm `webgpu` gives, as far as it is used here. */
interface Dawn {
  create(flags: string[]): { requestAdapter(): Promise<Adapter | null> };
  globals: object;
}

interface Adapter {
  info: { vendor: string; device: string; description: string; isFallbackAdapter?: boolean };
}

/** Dawn as it was started. It is kept for good: when it is collected as garbage, the devices it gave end the process. */
let dawn: { gpu: object; device: string; software: boolean } | null = null;

async function useWebGpu(byName: boolean): Promise<{ device: string } | { why: string }> {
  if (dawn !== null && (byName || !dawn.software) && (await tf.setBackend("webgpu"))) return { device: dawn.device };
  // Where there is no graphics device Dawn only complains on stderr.
  if (!byName && !mayHaveGpu(["/dev/dri", ...cudaDevices])) return { why: "there is no graphics device in /dev" };
  const { create, globals } = require("webgpu") as Dawn;
  const gpu = create([]);
  const adapter = await gpu.requestAdapter();
  if (adapter === null) return { why: "Dawn finds no adapter (on Linux it needs libvulkan.so.1 and a driver)" };
  const { description, device, vendor, isFallbackAdapter } = adapter.info;
  const name = description || device || vendor;
  const software = isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe/i.test(`${device} ${description}`);
  if (software && !byName) return { why: `${name} is software, slower than the processor by itself` };
  Object.assign(globalThis, globals);
  Object.defineProperty(globalThis.navigator, "gpu", { value: gpu, configurable: true });
  require("@tensorflow/tfjs-backend-webgpu");
  dawn = { gpu, device: name, software };
  if (!(await tf.setBackend("webgpu"))) return { why: "it does not start" };
  await tf.ready();
  return { device: name };
}

/** Where Linux shows a CUDA device: NVIDIA's own driver, and Windows' one under WSL. */
const cudaDevices = ["/dev/nvidiactl", "/dev/dxg"];

function mayHaveGpu(devices: string[]): boolean {
  return process.platform !== "linux" || devices.some((path) => existsSync(path));
}

async function useWasm(): Promise<{ device: string }> {
  const wasm = require("@tensorflow/tfjs-backend-wasm") as { setWasmPaths(folder: string): void };
  wasm.setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
  if (!(await tf.setBackend("wasm"))) throw new Error("it does not start");
  registerSegmentSum();
  return { device: processor() };
}

function processor(): string {
  return cpus()[0]?.model.trim() || "the processor";
}

/** What was chosen, as a value that shows itself. */
export function choice(
  backend: BackendName,
  device: string,
  passedOver: BackendChoice["passedOver"],
  steps?: TensorBackendName,
): BackendChoice {
  const rows = [
    { backend: backend as string, "": `computes on ${device}${steps ? `; ${steps} takes the optimiser's steps` : ""}` },
    ...passedOver.map(({ backend: name, why }) => ({ backend: name as string, "": `passed over: ${why}` })),
  ];
  return { backend, device, passedOver, ...(steps && { steps }), [displaySymbol]: () => tableBundle(rows) };
}
