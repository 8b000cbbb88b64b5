/** One kernel, in a folder of its own, for all tests of a suite. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Client, startClient } from "../../../kernel/notebook/client.ts";
import { runOn } from "./run-cell.ts";

/** The folder's files, by path, and the kernel's variables. */
export interface KernelSetUp {
  files?: { readonly [path: string]: string };
  environment?: NodeJS.ProcessEnv;
}

/** What a suite has of its kernel, once its tests run. */
export interface SuiteKernel {
  readonly folder: string;
  readonly run: ReturnType<typeof runOn>;
  /** Runs a cell that must be free of faults and noise, and gives what it shows. */
  value(code: string): Promise<string | undefined>;
  /** Runs cells of which each must show its value. */
  values(cells: readonly (readonly [code: string, shown: string | undefined])[]): Promise<void>;
}

/** Starts a kernel before the suite's tests and ends it after them. Types are checked in the mode `error` unless told. */
export function useKernel({ files = {}, environment = { AUTOAGENT_TYPES: "error" } }: KernelSetUp = {}): SuiteKernel {
  let folder = "";
  let client: Client | undefined;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "kernel-"));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
    client = await startClient(folder, { environment });
  });
  after(async () => {
    await client?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const run: SuiteKernel["run"] = (code, options) => runOn(client!)(code, options);
  const value = async (code: string): Promise<string | undefined> => {
    const { shown, stdout, error } = await run(code);
    assert.deepEqual([error?.traceback.join("\n") ?? null, stdout], [null, ""], code);
    return shown.at(-1);
  };
  return {
    get folder() {
      return folder;
    },
    run,
    value,
    async values(cells) {
      for (const [code, shown] of cells) assert.equal(await value(code), shown, code);
    },
  };
}
