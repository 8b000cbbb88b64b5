/**
 * How tests wait for what is sure to come. A busy machine may take long for it, and no test's verdict is a timing: what ends a wait
 * is that a thing hangs, which is the same for all tests.
 */

import { setTimeout as sleep } from "node:timers/promises";

/** After so many milliseconds a thing hangs. Below Mocha's own limit (`.mocharc.json`), so that a test tells which thing it was. */
export const hangMs = 300_000;

/** Waits until it is so, asking again and again; false where it never was. */
export async function until(isSo: () => boolean | Promise<boolean>, ms: number = hangMs): Promise<boolean> {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(25)) if (await isSo()) return true;
  return await isSo();
}
