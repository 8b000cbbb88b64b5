/** How a backend of TF.js is chosen and what is told of it, computing nothing; that all of them agree is `backends.test.ts`'s. */

import assert from "node:assert/strict";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { cpus } from "node:os";
import { displaySymbol } from "../../src/display/index.ts";
import { tf } from "../../src/policy/index.ts";
import { choice, prepareBackend, useBackend } from "../../src/training/backend.ts";
import { leaveOut } from "../support.ts";

const processor = cpus()[0]?.model.trim() || "the processor";

describe("a backend", () => {
  after(() => prepareBackend({ backend: "cpu" }));

  it("asked for by name is told with the processor that it computes on, and nothing is passed over", async () => {
    for (const backend of ["wasm", "cpu"] as const) {
      const { device, passedOver, ...chosen } = await prepareBackend({ backend });
      assert.deepEqual([chosen.backend, device, passedOver], [backend, processor, []]);
      assert.equal(tf.getBackend(), backend);
    }
  });

  it("is plain JavaScript up to a thousand numbers, which none says are none, and not from there", async () => {
    for (const [size, told] of [
      [undefined, 0],
      [1000, 1000],
    ]) {
      const { backend, device, passedOver } = await prepareBackend(size === undefined ? {} : { size });
      const why = `${told} numbers are trained: plain JavaScript is faster`;
      assert.deepEqual([backend, device, passedOver], ["cpu", processor, [{ backend: "tensorflow", why }]]);
    }
    const { backend } = await prepareBackend({ size: 1001 });
    assert.notEqual(backend, "cpu");
  });

  it("of another training is taken again by what it is to TF.js", async () => {
    const wasm = await prepareBackend({ backend: "wasm" });
    const cpu = await prepareBackend({ backend: "cpu" });
    useBackend(wasm);
    assert.equal(tf.getBackend(), "wasm");
    useBackend(cpu);
    assert.equal(tf.getBackend(), "cpu");
    useBackend(choice("onnxruntime", "a device", [], "wasm"));
    assert.equal(tf.getBackend(), "wasm");
  });

  it("shows its device, who takes the steps, and each that was passed over", () => {
    const passedOver = [{ backend: "wasm" as const, why: "it does not start" }];
    const html = String(choice("onnxruntime", "a device", passedOver, "cpu")[displaySymbol]()["text/plain"]);
    assert.match(html, /onnxruntime +computes on a device; cpu takes the optimiser's steps/);
    assert.match(html, /wasm +passed over: it does not start/);
    assert.match(String(choice("cpu", "a device", [])[displaySymbol]()["text/plain"]), /cpu +computes on a device\n?$/);
    assert.ok(!("steps" in choice("cpu", "a device", [])));
  });

  it("on CUDA is tried where Linux shows a device, NVIDIA's own or Windows', and only there", async function () {
    if (process.platform !== "linux") leaveOut(this, "only Linux shows its devices as files");
    const { existsSync } = fs;
    const tried = async (there: string | null): Promise<boolean> => {
      let open = true; // for the first who asks for it: what WebGPU would do with such a device is not asked here
      const exists = (path: fs.PathLike): boolean => {
        if (!String(path).startsWith("/dev/")) return existsSync(path);
        const found = open && path === there;
        if (found) open = false;
        return found;
      };
      Object.assign(fs, { existsSync: exists });
      syncBuiltinESMExports();
      try {
        const { backend, passedOver } = await prepareBackend({ size: 5000 });
        return backend === "tensorflow-gpu" || passedOver[0]?.why !== "there is no CUDA device in /dev";
      } finally {
        Object.assign(fs, { existsSync });
        syncBuiltinESMExports();
      }
    };
    assert.deepEqual([await tried(null), await tried("/dev/nvidiactl"), await tried("/dev/dxg")], [false, true, true]);
  });
});
