/**
 * `npm run gpu:check -- [--software] [--batches 16,64,256] [--only update|generate] [--pack FILE.tar.xz]`: every path to a
 * GPU that this machine has, beside the processor's. Training: TF.js on `tensorflow-gpu` and `webgpu`; generation: ONNX
 * Runtime on `webgpu` and `cuda`. Each path runs in a process of its own. Prints a table: device, largest difference from
 * the processor's numbers (the bar is 1e-4), milliseconds an update, tokens a second. A path that cannot be used has its
 * reason in the table. `--software` lets WebGPU run on Chromium's software Vulkan: to check the path, never its speed.
 * `--pack` writes all of this into one file for a bare machine (`gpu-pack.ts`). The table belongs into docs/gpu.md with
 * date and device.
 */

import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { textTable } from "../src/display/index.ts";
import { generate } from "../src/model/index.ts";
import { openPretrained, tf } from "../src/policy/index.ts";
import { createHead } from "../src/policy/token/head.ts";
import { createRandom } from "../src/random/index.ts";
import { type BackendName, policyGradientLoss, prepareBackend } from "../src/training/index.ts";
import { headUpdates, tensorNumbers } from "../test/training/head-updates.ts";

const { values } = parseArgs({
  options: {
    software: { type: "boolean", default: false },
    batches: { type: "string", default: "16,64,256" },
    only: { type: "string" },
    path: { type: "string" },
    pack: { type: "string" },
  },
});
const batches = values.batches.split(",").map(Number);

/** What a path tells of itself: one number a batch, and groups of numbers to compare. */
interface Told {
  device: string;
  speeds: number[];
  numbers: number[][];
}

if (values.path !== undefined) {
  const [kind, name] = values.path.split(" ") as ["update" | "generate", string];
  const told = kind === "update" ? await updates(name as BackendName) : await tokens(name as "cpu");
  process.stdout.write(`\n${JSON.stringify(told)}\n`, () => process.exit(0));
} else if (values.pack !== undefined) {
  const { packGpuCheck } = await import("./gpu-pack.ts");
  console.log(`${values.pack}: ${(packGpuCheck(values.pack) / 2 ** 20).toFixed(1)} MiB`);
} else await main();

async function main(): Promise<void> {
  const rows: { [column: string]: string }[] = [];
  for (const [kind, names] of [
    ["update", ["cpu", "wasm", "tensorflow", "tensorflow-gpu", "webgpu"]],
    ["generate", ["cpu", "webgpu", "cuda"]],
  ] as const) {
    if (values.only !== undefined && values.only !== kind) continue;
    let reference: Told | null = null;
    for (const name of names) {
      const told = await ask(`${kind} ${name}`);
      const unit = kind === "update" ? "ms an update" : "tokens/s";
      if ("why" in told) {
        rows.push({ path: `${kind}, ${name}`, device: `- (${told.why})` });
        continue;
      }
      reference ??= told;
      const difference = largestDifference(told.numbers, reference.numbers);
      rows.push({
        path: `${kind}, ${name}`,
        device: told.device,
        "differs by": `${difference.toExponential(1)}${difference <= 1e-4 ? "" : " (too much)"}`,
        ...Object.fromEntries(batches.map((batch, i) => [`batch ${batch}`, `${told.speeds[i]!.toFixed(1)} ${unit}`])),
      });
    }
  }
  console.log(
    textTable(rows, {
      caption: `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${process.platform} ${process.arch}`,
    }),
  );
}

async function ask(path: string): Promise<Told | { why: string }> {
  const env: NodeJS.ProcessEnv = { ...process.env };
  if (values.software) {
    const { default: chromium } = await import("@sparticuz/chromium");
    const folder = dirname(await chromium.executablePath());
    Object.assign(env, { LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: `${folder}/vk_swiftshader_icd.json` });
  }
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const own = [...flags, import.meta.filename, "--path", path, "--batches", values.batches];
  const done = spawnSync(process.execPath, own, { encoding: "utf8", env, timeout: 600_000, maxBuffer: 1 << 26 });
  const line = done.stdout.trim().split("\n").at(-1) ?? "";
  if (done.status === 0 && line.startsWith("{")) return JSON.parse(line) as Told;
  const said =
    done.stderr.split("\n").find((text) => /^\w*(Error|Failure)/.test(text)) ?? `exit ${done.status ?? done.signal}`;
  return { why: said.replace(/^\w+: (The backend \S+ cannot be used: )?/, "").slice(0, 160) };
}

/**
 * Updates of a head of 500 words over 20 tokens a program. The numbers are those of the trainer's tests (a drawn batch's
 * losses and weights, tensor operations with their gradients), then the losses of five updates a batch size.
 */
async function updates(backend: BackendName): Promise<Told> {
  const { device } = await prepareBackend({ backend });
  const [width, words, length] = [192, 500, 20];
  const speeds: number[] = [];
  const suite = await headUpdates();
  const numbers = [suite.losses, suite.weights, await tensorNumbers()];
  for (const batch of batches) {
    const losses: number[] = [];
    const n = batch * length;
    const random = createRandom(1, "gpu-check", batch);
    const normal = (count: number, scale: number) =>
      Float32Array.from({ length: count }, () => scale * random.normal());
    const trace = {
      hidden: normal(n * width, width ** -0.5),
      base: normal(n * words, 1).map((value) => value - Math.log(words) - 0.7),
      logRest: new Float32Array(n).fill(-1.6),
      restEntropy: new Float32Array(n).fill(-0.3),
      chosen: Int32Array.from({ length: n }, () => random.integer(words)),
      outside: new Float32Array(n),
    };
    const head = createHead(width, words, { rank: 8 });
    const given = { advantages: tf.tensor1d(normal(n, 1)), counts: tf.tensor1d(new Float32Array(n).fill(1)) };
    const optimizer = tf.train.adam(0.03);
    const times: number[] = [];
    for (let i = 0; i < 5; i++) {
      const began = performance.now();
      const { value, grads } = tf.variableGrads(
        () =>
          policyGradientLoss({
            ...head.terms([trace], 1),
            ...given,
            options: { entropyBonus: 0, klWeight: 0.02, summed: false },
          }),
        [...head.variables],
      );
      optimizer.applyGradients(grads as { [name: string]: tf.Variable });
      losses.push((await value.data())[0]!);
      tf.dispose([value, grads]);
      times.push(performance.now() - began);
    }
    numbers.push(losses);
    speeds.push(Math.min(...times.slice(1)));
    head.dispose();
  }
  return { device, speeds, numbers };
}

/** Sampled generation with the small model, 32 tokens a row; the numbers are the logits after a fixed prompt. */
async function tokens(provider: "cpu" | "webgpu" | "cuda"): Promise<Told> {
  const decoder = await openPretrained("tiny", { provider });
  const prompt = Int32Array.from(decoder.tokenizer.encode("// Add a method double(n) that returns n times two.\n"));
  const numbers = [[...(await decoder.forward({ tokens: prompt, batch: 1 })).logits]];
  const speeds: number[] = [];
  for (const batch of batches) {
    const prompts = Array.from({ length: batch }, () => [...prompt]);
    const run = () => generate(decoder, { prompts, streams: prompts.map((_, i) => createRandom(1, i)), maxTokens: 32 });
    await run();
    const began = performance.now();
    const drawn = await run();
    speeds.push(drawn.reduce((sum, { ids }) => sum + ids.length, 0) / ((performance.now() - began) / 1000));
  }
  return { device: provider, speeds, numbers };
}

/** The largest difference, each relative to the largest number of its group. NaN if one is. */
function largestDifference(found: readonly number[][], expected: readonly number[][]): number {
  const relative = expected.flatMap((group, i) => {
    const size = Math.max(...group.map(Math.abs));
    return group.map((value, j) => Math.abs((found[i]?.[j] ?? Number.NaN) - value) / size);
  });
  return Math.max(...relative);
}
