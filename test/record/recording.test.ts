/** A sandbox that records, over one whose lives close as a test says. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRecord, recording } from "../../src/record/index.ts";
import type { Sandbox } from "../../src/sandbox/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";

describe("a life that is recorded", () => {
  const folder = mkdtempSync(join(tmpdir(), "recording-"));
  after(() => rmSync(folder, { recursive: true }));

  const closing = (close: (usual: () => Promise<void>) => Promise<void>): Sandbox => {
    const { sandbox } = fakeSandbox();
    return {
      ...sandbox,
      open: async (options) => {
        const life = await sandbox.open(options);
        return { ...life, close: () => close(() => life.close()) };
      },
    };
  };

  it("is closed when its closing is told", async () => {
    const record = openRecord(join(folder, "a.db"));
    let closed = false;
    const sandbox = closing(async (usual) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      await usual();
      closed = true;
    });
    const life = await recording(sandbox, record).open({ genome: [] });
    await life.step("self.a = 1");
    await life.close();
    assert.equal(closed, true);
    record.close();
  });

  it("tells of a closing that fails", async () => {
    const record = openRecord(join(folder, "b.db"));
    const sandbox = closing(() => Promise.reject(new Error("the child would not go")));
    const life = await recording(sandbox, record).open({ genome: [] });
    await life.step("self.a = 1");
    await assert.rejects(life.close(), /the child would not go/);
    record.close();
  });

  it("takes calls in the order in which they came, the closing last", async () => {
    const record = openRecord(join(folder, "c.db"));
    const told: string[] = [];
    const { sandbox } = fakeSandbox((program) => {
      told.push(program);
      return {};
    });
    const life = await recording(sandbox, record).open({ genome: [] });
    const reports = await Promise.all([life.step("first"), life.steps(["second", "third"]), life.step("fourth")]);
    await life.close();
    assert.deepEqual(told, ["first", "second", "third", "fourth"]);
    assert.deepEqual(
      reports.flat().map(({ step }) => step),
      [0, 1, 2, 3],
    );
    record.close();
  });
});
