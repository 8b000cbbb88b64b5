/** The sandboxes that everyone uses who brings none, one for each body: made at first use, gone with the process. */

import { type BodyName, bodies } from "./bodies.ts";
import { createSandbox } from "./create.ts";
import type { Sandbox } from "./types.ts";

const shared = new Map<BodyName, Promise<Sandbox>>();

/** The process's shared sandbox for agents of this body. After `dispose()` the next call makes a new one. */
export function sharedSandbox(body: BodyName = "javascript"): Promise<Sandbox> {
  const known = shared.get(body);
  if (known !== undefined) return known;
  const made = createSandbox({ body: bodies[body] }).then(
    (sandbox) => {
      const dispose = (): Promise<void> => {
        shared.delete(body);
        return sandbox.dispose();
      };
      return { ...sandbox, dispose, [Symbol.asyncDispose]: dispose };
    },
    (error: unknown) => {
      shared.delete(body);
      throw error;
    },
  );
  shared.set(body, made);
  return made;
}
