/** An adapter's update as gpu-check measures it: gradient and loss of a few programs, and milliseconds an update. */

import {
  adapterRate,
  adapterShape,
  adapterTemperature,
  drawAdapter,
  drawPrograms,
  openAdapterUpdates,
  writePrograms,
} from "../../bench/policy/adapter-update.ts";
import { deviceName } from "../../src/model/device.ts";
import { openPretrained } from "../../src/policy/index.ts";
import { type BackendName, prepareBackend } from "../../src/training/index.ts";
import type { Asked, Told } from "./told.ts";

/** ONNX Runtime's provider for a backend that is none of TF.js. */
const providerOf = { "onnxruntime-cuda": "cuda", onnxruntime: "cpu" } as const;

/** Programs whose gradient is compared. */
const compared = 4;
/** Every such number of it is. */
const stride = 50;

/** Updates of a size that are timed, after the first. */
const rounds = 3;

/** Most programs that are timed by wasm, and by other backends on the processor: more take long. */
const most = (backend: BackendName): number =>
  backend === "wasm" ? 16 : backend === "tensorflow" || backend === "onnxruntime" ? 64 : Number.POSITIVE_INFINITY;

/**
 * Updates of an adapter of the last four blocks. The numbers are some of the gradient of four programs, their loss, and the losses of the
 * first update at each batch size.
 */
export async function adapterUpdate(backend: BackendName, { batches, model }: Asked): Promise<Told> {
  const provider = backend === "onnxruntime" || backend === "onnxruntime-cuda" ? providerOf[backend] : undefined;
  const ready = await prepareBackend({ backend: provider ? "wasm" : (backend as "wasm") });
  const decoder = await openPretrained(model, { provider: provider ?? "cpu", adaptedBlocks: adapterShape.blocks });
  const isLeftOut = (batch: number) => batch > most(backend);
  const programs = await drawPrograms(decoder, Math.max(compared, ...batches.filter((batch) => !isLeftOut(batch))));
  const numbers: number[][] = [];
  const speeds: (number | null)[] = [];
  const first = await updatesOf(compared);
  numbers.push(
    first.gradient.filter((_, at) => at % stride === 0),
    [first.loss],
  );
  for (const batch of batches) {
    const { loss, best } = isLeftOut(batch) ? { loss: null, best: null } : await updatesOf(batch, rounds);
    numbers.push(loss === null ? [] : [loss]);
    speeds.push(best);
  }
  await decoder.dispose();
  return { device: provider ? deviceName(provider) : ready.device, speeds, numbers };

  async function updatesOf(count: number, times = 0) {
    const some = { ...programs, traces: programs.traces.slice(0, count) };
    const updates = await openAdapterUpdates(decoder, some, provider);
    const { loss, gradient } = await updates.step();
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < times; round++) {
      const began = performance.now();
      await updates.step();
      best = Math.min(best, performance.now() - began);
    }
    await updates.close();
    return { loss, gradient, best };
  }
}

/** Writes what PyTorch's update of the same programs reads: a file for each size. Gives what it is told besides. */
export async function writeAdapterBatches(folder: string, { batches, model }: Asked): Promise<object> {
  const decoder = await openPretrained(model, { adaptedBlocks: adapterShape.blocks });
  const programs = await drawPrograms(decoder, Math.max(...batches));
  const adapter = drawAdapter(decoder);
  for (const batch of batches) {
    const some = { ...programs, traces: programs.traces.slice(0, batch) };
    await writePrograms(`${folder}/batch-${batch}.safetensors`, adapter.variables, some);
  }
  adapter.dispose();
  await decoder.dispose();
  return { ...adapterShape, temperature: adapterTemperature, rate: adapterRate };
}
