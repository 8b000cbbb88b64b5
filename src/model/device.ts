/** Which device a provider computes on, and which provider is the fastest for a model on this machine. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { displaySymbol, type MimeBundle, tableBundle } from "../display/index.ts";
import type { Decoder, ProviderChoice } from "./types.ts";

/** What runs models, by ONNX Runtime's names. */
export const providers = ["cpu", "webgpu", "cuda"] as const;
export type Provider = (typeof providers)[number];

/** The device's name, as the system tells it; else what kind it is. */
export function deviceName(provider: Provider): string {
  if (provider === "cpu") return cpus()[0]?.model.trim() || "the processor";
  return nvidiaName() ?? (provider === "cuda" ? "CUDA device 0" : "the first device of WebGPU");
}

/** The first NVIDIA card's name, as its driver writes it on Linux; null where there is none. */
function nvidiaName(folder = "/proc/driver/nvidia/gpus"): string | null {
  try {
    const [first] = readdirSync(folder).sort();
    const text = readFileSync(join(folder, first!, "information"), "utf8");
    return /^Model:\s*(.+)$/m.exec(text)?.[1]?.trim() ?? null;
  } catch {
    return null;
  }
}

/** What to do where CUDA does not begin. */
export const cudaCure = "Run `npm run setup:cuda`, which says what CUDA lacks here, or take another provider";

/** Why CUDA cannot be tried here; null where it can. */
export function whyNoCuda(): string | null {
  if (process.platform !== "linux" || process.arch !== "x64") return "it is set up on Linux x64 alone";
  if (!["/dev/nvidiactl", "/dev/dxg"].some((path) => existsSync(path))) return "there is no CUDA device in /dev";
  return existsSync(cudaLibrary())
    ? null
    : "ONNX Runtime's library for CUDA is not there: `npm run setup:cuda` brings it";
}

/** Where ONNX Runtime looks for its library for CUDA. */
function cudaLibrary(): string {
  const folder = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  return join(folder, "bin", "napi-v6", process.platform, process.arch, "libonnxruntime_providers_cuda.so");
}

/** How long each provider is tried, and with how many rows. */
const trialMs = 500;
const trialRows = 16;

/**
 * Opens a model on each provider that there is, lets each draw for half a second, and keeps the fastest. WebGPU is not tried: its
 * provider has been slower than the processor wherever it was measured (docs/gpu.md), and ends the process on some drivers.
 */
export async function openFastest(open: (provider: Provider) => Promise<Decoder>): Promise<Decoder> {
  const tried: { decoder: Decoder; perSecond: number }[] = [];
  const passedOver: ProviderChoice["passedOver"] = [];
  for (const provider of ["cuda", "cpu"] as const) {
    let decoder: Decoder | undefined;
    try {
      const why = provider === "cuda" ? whyNoCuda() : null;
      if (why !== null) passedOver.push({ provider, why });
      else {
        decoder = await open(provider);
        tried.push({ decoder, perSecond: await speedOf(decoder) });
      }
    } catch (error) {
      await decoder?.dispose();
      // The processor is the last: where it fails too, the model does.
      if (provider === "cpu") {
        for (const other of tried) await other.decoder.dispose();
        throw error;
      }
      passedOver.push({ provider, why: (error as Error).message });
    }
  }
  tried.sort((a, b) => b.perSecond - a.perSecond);
  const [best, ...others] = tried as [(typeof tried)[number], ...typeof tried];
  for (const { decoder, perSecond } of others) {
    passedOver.push({ provider: decoder.provider, why: `${perSecond.toFixed(0)} tokens a second` });
    await decoder.dispose();
  }
  return { ...best.decoder, choice: choiceOf(best.decoder, best.perSecond, passedOver) };
}

/** Tokens a second of some rows that go on together. */
async function speedOf(decoder: Decoder): Promise<number> {
  const tokens = new Int32Array(trialRows).fill(1);
  let { past } = await decoder.forward({ tokens, batch: trialRows });
  const step = async (): Promise<void> => {
    ({ past } = await decoder.forward({ tokens, batch: trialRows, past, donate: true }));
  };
  // The first step pays for what is made once.
  await step();
  const began = performance.now();
  let steps = 0;
  do await step();
  while (++steps < 32 && performance.now() - began < trialMs);
  for (const one of past) one.release();
  return (trialRows * steps) / ((performance.now() - began) / 1000);
}

function choiceOf(
  { provider, device }: Decoder,
  perSecond: number,
  passedOver: ProviderChoice["passedOver"],
): ProviderChoice {
  const rows = [
    { provider, "": `runs the model on ${device}, ${perSecond.toFixed(0)} tokens a second in a trial` },
    ...passedOver.map(({ provider: name, why }) => ({ provider: name, "": `passed over: ${why}` })),
  ];
  return { provider, device, perSecond, passedOver, [displaySymbol]: (): MimeBundle => tableBundle(rows) };
}
