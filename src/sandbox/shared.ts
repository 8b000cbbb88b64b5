/** The sandbox that everyone uses who brings none: made at first use, gone with the process. */

import { createSandbox } from "./create.ts";
import type { Sandbox } from "./types.ts";

let shared: Promise<Sandbox> | undefined;

/** The process's shared sandbox. After `dispose()` the next call makes a new one. */
export function sharedSandbox(): Promise<Sandbox> {
  shared ??= createSandbox().then(
    (sandbox) => {
      const dispose = (): Promise<void> => {
        shared = undefined;
        return sandbox.dispose();
      };
      return { ...sandbox, dispose, [Symbol.asyncDispose]: dispose };
    },
    (error: unknown) => {
      shared = undefined;
      throw error;
    },
  );
  return shared;
}
