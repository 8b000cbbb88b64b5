/** A language service on a throw-away folder inside the repository, so that its packages are found. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  createLanguageService,
  type Implementation,
  type LanguageService,
  type LanguageServiceOptions,
} from "../../../kernel/language/index.ts";

/** What a test is given. */
export interface Bench {
  service: LanguageService;
  directory: string;
  /** Writes a file of the folder. */
  write(path: string, text: string): void;
  /** Checks a cell, expects no fault, commits it. */
  run(cell: string): Promise<void>;
  /** Codes and messages of a cell's faults. */
  faults(cell: string): Promise<string[]>;
}

/** Runs a test with a service, and ends it. */
export async function withService(
  options: { implementation: Implementation; files?: { [path: string]: string } } & Partial<LanguageServiceOptions>,
  test: (bench: Bench) => Promise<void>,
): Promise<void> {
  const { files = {}, ...rest } = options;
  const cache = resolve(import.meta.dirname, "../../../.cache");
  mkdirSync(cache, { recursive: true });
  const directory = mkdtempSync(join(cache, "language-"));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  for (const [path, text] of Object.entries(files)) write(path, text);
  const service = createLanguageService({ directory, ...rest });
  const faults = async (cell: string): Promise<string[]> =>
    (await service.check(cell)).map(({ code, message }) => `${code} ${message}`);
  const run = async (cell: string): Promise<void> => {
    assert.deepEqual(await faults(cell), [], cell);
    service.commit(cell);
  };
  try {
    await test({ service, directory, write, run, faults });
    assert.equal(service.status().reason, undefined);
  } finally {
    await service.dispose();
    rmSync(directory, { recursive: true, force: true });
  }
}
