/** Places in children, taken at once by lives that share and by lives that want a child of their own: all get one in the end. */

import assert from "node:assert/strict";
import { javascript } from "../../src/sandbox/bodies/javascript/index.ts";
import { findLauncher } from "../../src/sandbox/host/locks.ts";
import type { Lease } from "../../src/sandbox/host/places.ts";
import { Pool } from "../../src/sandbox/host/pool.ts";

describe("a place in a child", () => {
  it("comes to a life that wants the child alone, whenever another is on its way into it", async () => {
    const pool = new Pool({
      ...{ body: javascript, workers: 1, livesPerChild: 500, launcher: findLauncher(javascript) },
      start: () => assert.fail("nothing is read"),
    });
    await pool.warm();
    const lease = (): Lease => ({ busy: true, restedAt: 0, heldBytes: 0, evict: () => assert.fail("it is busy") });
    const visit = async (alone: boolean): Promise<void> => {
      const own = lease();
      pool.release(own, await pool.acquire(own, { alone }));
    };
    try {
      // One life is so many turns of the event loop's microtasks ahead of the other.
      for (let ahead = 0; ahead < 24; ahead++)
        for (const first of [false, true]) {
          const visits = [visit(first)];
          for (let turn = 0; turn < ahead; turn++) await null;
          visits.push(visit(!first), visit(first));
          await Promise.all(visits);
        }
    } finally {
      await pool.dispose();
    }
  });
});
