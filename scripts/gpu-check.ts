/**
 * `npm run gpu:check -- [--only update,generate,draw,adapter-draw,adapter-update,train] [--model tiny] [--batches 16,64,256] [--python PATH] [--software]`:
 * every path to a GPU that this machine has, beside the processor's, in stages that each say something alone:
 *
 * - `update`: a head's update, by ONNX Runtime on CUDA and on the processor, by TF.js on `tensorflow-gpu` and `webgpu`; and what
 *   sending a batch to the card takes by itself;
 * - `generate`: tokens drawn by the host, a pass each, ONNX Runtime on `webgpu` and `cuda`;
 * - `draw`: whole programs drawn where the model runs, on `cuda`;
 * - `adapter-draw`: the same by a model with an adapter of its last four blocks;
 * - `adapter-update`: such an adapter's update, by ONNX Runtime on CUDA and on the processor, and by TF.js;
 * - `train` (only where it is named): REINFORCE end to end, of a head or with `--adapter 4` of an adapter, `--provider cuda --backend webgpu --updates 32 --episodes 256
 *   --workers 8 --curve FILE`; rollout, sandbox and update times apart.
 *
 * Each path runs in a process of its own. Prints a table: device, largest difference from the processor's numbers (the bar is
 * 1e-4), milliseconds an update, tokens a second. A path that cannot be used has its reason in the table. PATH is a Python
 * that has PyTorch and Transformers: it does the same on the same weights. `--software` lets WebGPU run on Chromium's software
 * Vulkan: to check the path, never its speed. `--pack FILE.tar.xz` writes all of this for a bare machine (`gpu-pack.ts`).
 * The table belongs into docs/gpu.md with date and device.
 */

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { writeFolder } from "../bench/policy/folder.ts";
import { textTable } from "../src/display/index.ts";
import { writeAdapterBatches } from "./gpu-check/adapter.ts";
import { paths } from "./gpu-check/paths.ts";
import type { Told } from "./gpu-check/told.ts";
import { trainOnce } from "./gpu-check/train.ts";

const { values } = parseArgs({
  options: {
    software: { type: "boolean", default: false },
    batches: { type: "string", default: "16,64,256" },
    only: { type: "string", default: "update,generate,draw,adapter-draw,adapter-update" },
    model: { type: "string", default: "tiny" },
    python: { type: "string" },
    path: { type: "string" },
    pack: { type: "string" },
    provider: { type: "string", default: "auto" },
    backend: { type: "string" },
    updates: { type: "string", default: "4" },
    episodes: { type: "string", default: "64" },
    workers: { type: "string", default: "2" },
    curve: { type: "string" },
    adapter: { type: "string" },
  },
});
const batches = values.batches.split(",").map(Number);

/** Stage to its paths. The first that has a number is what the others are compared with. */
const stages: { [stage: string]: { names: readonly string[]; unit: string } } = {
  update: {
    names: ["cpu", "wasm", "tensorflow", "tensorflow-gpu", "webgpu", "onnxruntime", "onnxruntime-cuda", "sending"],
    unit: "ms an update",
  },
  generate: { names: ["cpu", "webgpu", "cuda"], unit: "tokens/s" },
  draw: { names: ["cpu", "cuda"], unit: "tokens/s" },
  "adapter-draw": { names: ["cpu", "cuda"], unit: "tokens/s" },
  "adapter-update": {
    names: ["wasm", "tensorflow", "tensorflow-gpu", "onnxruntime", "onnxruntime-cuda"],
    unit: "ms an update",
  },
};

if (values.path !== undefined) {
  const [stage, name] = values.path.split(" ") as [keyof typeof paths, string];
  const told = await paths[stage](name as never, { batches, model: values.model });
  process.stdout.write(`\n${JSON.stringify(told)}\n`, () => process.exit(0));
} else if (values.pack !== undefined) {
  const { packGpuCheck } = await import("./gpu-pack.ts");
  for (const { file, bytes } of packGpuCheck(values.pack, values.model))
    console.log(`${file}: ${(bytes / 2 ** 20).toFixed(1)} MiB`);
} else await main(values.only.split(","));

async function main(wanted: readonly string[]): Promise<void> {
  const strange = wanted.find((stage) => stage !== "train" && !(stage in stages));
  if (strange !== undefined) {
    console.error(`Unknown stage "${strange}": use ${Object.keys(stages).join(", ")} or train`);
    process.exit(2);
  }
  const rows: { [column: string]: string }[] = [];
  for (const stage of wanted) if (stage !== "train") rows.push(...(await runStage(stage)));
  const caption = `${new Date().toISOString().slice(0, 10)}, ${values.model}, Node ${process.version}, ${process.platform} ${process.arch}`;
  if (rows.length > 0) console.log(textTable(rows, { caption }));
  if (wanted.includes("train")) {
    const { model, provider, backend, curve } = values;
    const numbers = {
      updates: Number(values.updates),
      episodes: Number(values.episodes),
      workers: Number(values.workers),
      ...(values.adapter !== undefined && { adapter: Number(values.adapter) }),
    };
    await trainOnce({ ...{ model, provider, ...numbers }, ...(backend && { backend }), ...(curve && { curve }) });
    process.exit(0); // a process that has used WebGPU does not end by itself
  }
}

async function runStage(stage: string): Promise<{ [column: string]: string }[]> {
  const { names, unit } = stages[stage]!;
  const rows: { [column: string]: string }[] = [];
  const before: Told[] = [];
  for (const name of names) {
    const told = await ask(`${stage} ${name}`);
    if ("why" in told) {
      rows.push({ path: `${stage}, ${name}`, device: `- (${told.why})` });
      continue;
    }
    const difference = largestDifference(told, before);
    if (told.numbers.length > 0) before.push(told);
    const isMuch = difference > 1e-4 ? " (too much)" : "";
    const differs = told.numbers.length > 0 ? `${difference.toExponential(1)}${isMuch}` : "";
    rows.push({ path: `${stage}, ${name}`, device: told.device, "differs by": differs, ...speeds(told.speeds, unit) });
  }
  const peer = values.python === undefined || stage === "generate" ? null : await askTorch(values.python, stage);
  if (peer !== null) {
    const differs = peer.numbers.length > 0 ? { "differs by": largestDifference(peer, before).toExponential(1) } : {};
    rows.push({
      ...{ path: `${stage}, PyTorch`, device: peer.device, "differs by": "", ...differs },
      ...speeds(peer.speeds, unit),
    });
  }
  if (peer?.sent)
    rows.push({
      path: `${stage}, PyTorch, batch sent`,
      device: peer.device,
      "differs by": "",
      ...speeds(peer.sent, unit),
    });
  return rows;
}

function speeds(found: readonly (number | null)[], unit: string): { [column: string]: string } {
  const shown = (value: number | null | undefined) => (value == null ? "-" : `${value.toFixed(1)} ${unit}`);
  return Object.fromEntries(batches.map((batch, i) => [`batch ${batch}`, shown(found[i])]));
}

async function ask(path: string): Promise<Told | { why: string }> {
  const env: NodeJS.ProcessEnv = { ...process.env };
  if (values.software) {
    const { default: chromium } = await import("@sparticuz/chromium");
    const folder = dirname(await chromium.executablePath());
    Object.assign(env, { LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: `${folder}/vk_swiftshader_icd.json` });
  }
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const asked = ["--path", path, "--batches", values.batches, "--model", values.model];
  const done = spawnSync(process.execPath, [...flags, import.meta.filename, ...asked], {
    ...{ encoding: "utf8", env, timeout: 600_000, maxBuffer: 1 << 28 },
  });
  const line = done.stdout.trim().split("\n").at(-1) ?? "";
  if (done.status === 0 && line.startsWith("{")) return JSON.parse(line) as Told;
  const said =
    done.stderr.split("\n").find((text) => /^\w*(Error|Failure)/.test(text)) ?? `exit ${done.status ?? done.signal}`;
  return { why: said.replace(/^\w+: (The backend \S+ cannot be used: )?/, "").slice(0, 160) };
}

/** The same of PyTorch, on its first CUDA device or on the processor. */
async function askTorch(python: string, stage: string): Promise<(Told & { sent?: (number | null)[] }) | null> {
  const folder = mkdtempSync(join(tmpdir(), "gpu-check-"));
  try {
    const { model } = values;
    if (stage !== "update") await writeFolder(model === "tiny" ? "data/models/tiny" : model, folder);
    const shape = stage === "adapter-update" ? await writeAdapterBatches(folder, { batches, model }) : {};
    const script = join(import.meta.dirname, "gpu-check", "torch_peer.py");
    const asked = [script, stage, values.batches, folder, JSON.stringify(shape)];
    const done = spawnSync(python, asked, { encoding: "utf8", timeout: 300_000 });
    const line = (done.stdout ?? "").trim().split("\n").at(-1) ?? "";
    if (done.status === 0 && line.startsWith("{")) return JSON.parse(line) as Told;
    console.error(`PyTorch, ${stage}: ${(done.stderr ?? String(done.error)).trim().split("\n").at(-1)}`);
    return null;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The largest difference of any number from that of the first path that has it, each relative to the largest of its group. */
function largestDifference({ numbers }: Told, before: readonly Told[]): number {
  let largest = 0;
  for (const [i, group] of numbers.entries()) {
    const expected = before.map((told) => told.numbers[i] ?? []).find(({ length }) => length > 0);
    if (expected === undefined || group.length === 0) continue;
    const size = Math.max(...expected.map(Math.abs));
    for (const [j, value] of expected.entries()) {
      const apart = Math.abs((group[j] ?? Number.NaN) - value) / size;
      if (!(apart <= largest)) largest = apart; // NaN too
    }
  }
  return largest;
}
