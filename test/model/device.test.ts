/** Which provider runs a model: by name, by a trial, and on Chromium's software Vulkan. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { dirname, join, resolve } from "node:path";
import chromium from "@sparticuz/chromium";
import { displaySymbol } from "../../src/display/index.ts";
import { models } from "../../src/index.ts";
import { openFastest, whyNoCuda } from "../../src/model/device.ts";
import type { Decoder } from "../../src/model/index.ts";
import { openPretrained } from "../../src/policy/index.ts";
import { leaveOut } from "../support.ts";
import { distance } from "./shared.ts";

describe("the provider of a model", () => {
  it("is the processor, with its name, unless another is asked for", async () => {
    const decoder = await openPretrained("tiny", { threads: 1 });
    const { provider, device, choice } = decoder;
    assert.deepEqual(
      { provider, device, choice },
      { provider: "cpu", device: cpus()[0]!.model.trim(), choice: undefined },
    );
    await decoder.dispose();
  });

  it("that is chosen is the fastest of those that work, and the choice says why not another", async function () {
    const why = whyNoCuda();
    if (why === null) leaveOut(this, "there is CUDA here");
    const model = models.local("tiny", { provider: "auto", threads: 1 });
    const { provider, choice, forward } = await model.open();
    assert.equal(provider, "cpu");
    assert.deepEqual(choice!.passedOver, [{ provider: "cuda", why }]);
    assert.ok(choice!.perSecond > 0);
    assert.match(
      String(choice![displaySymbol]()["text/plain"]),
      /cpu +runs the model on .+ tokens a second in a trial\ncuda +passed over: /,
    );
    assert.equal((await forward({ tokens: Int32Array.of(1), batch: 1 })).past.length, 1);
    await model.dispose();
  });

  it("whose trial fails is closed again", async () => {
    let [open, failure] = [0, null as Error | null];
    const trial = openFastest(async (provider) => {
      open++;
      failure = new Error(`${provider} cannot compute`);
      const forward = () => Promise.reject(failure!);
      return { provider, device: provider, forward, dispose: async () => void open-- } as unknown as Decoder;
    });
    await assert.rejects(trial, { message: "cpu cannot compute" });
    assert.equal(open, 0);
  });

  it("is not CUDA where there is no device for it", function () {
    if (process.platform !== "linux" || process.arch !== "x64") leaveOut(this, "CUDA is for Linux x64 alone");
    const isThere = existsSync("/dev/nvidiactl") || existsSync("/dev/dxg");
    if (isThere) leaveOut(this, "there is a device");
    assert.equal(whyNoCuda(), "there is no CUDA device in /dev");
  });

  it("that is not known or does not work is refused with the cure", async function () {
    await assert.rejects(openPretrained("tiny", { provider: "gpu" as "cpu" }), {
      name: "RangeError",
      message: 'Expected `provider` to be cpu, webgpu, cuda or auto, got "gpu"',
    });
    if (whyNoCuda() === null) leaveOut(this, "there is CUDA here");
    await assert.rejects(openPretrained("tiny", { provider: "cuda" }), {
      name: "ModelFailure",
      message: `ONNX Runtime cannot be used: cuda: ${whyNoCuda()}. Run \`npm run setup:cuda\`, which says what CUDA lacks here, or take another provider`,
    });
  });

  it("webgpu computes what the processor does, from nothing seen, behind a prefix and step by step", async function () {
    const folder = dirname(await chromium.executablePath());
    const icd = join(folder, "vk_swiftshader_icd.json");
    if (!existsSync(icd)) leaveOut(this, "Chromium's software Vulkan is for Linux x64");
    const run = (provider: string) => {
      const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
      const done = spawnSync(process.execPath, [...flags, "test/model/webgpu-passes.ts", provider], {
        ...{ cwd: resolve(import.meta.dirname, "../.."), encoding: "utf8", maxBuffer: 1 << 26 },
        env: { ...process.env, LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: icd },
      });
      assert.equal(done.status, 0, `${done.signal} ${done.stderr}`);
      return (JSON.parse(done.stdout.trim().split("\n").at(-1)!) as { found: number[][] }).found;
    };
    const [expected, found] = [run("cpu"), run("webgpu")];
    for (const [i, logits] of found.entries()) assert.ok(distance(logits, expected[i]!) < 1e-4, `pass ${i}`);
  });
});
