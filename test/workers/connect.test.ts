/** A queue that cannot be reached: what is wrong with its place is told in one sentence. */

import assert from "node:assert/strict";
import { reach } from "../../src/workers/redis/connect.ts";

describe("a queue's place", () => {
  it("is told without its password where it is no address, or its certificate cannot be read", async () => {
    const cure = "Check the address, the name and the password, and that Redis or Valkey runs there";
    const cases: [place: Parameters<typeof reach>[0], told: string][] = [
      [{ url: "queue:6379" }, "The queue at queue:6379 cannot be used: it is no redis:// or rediss:// address"],
      [
        { url: "redis://:se/cr@et@queue" },
        "The queue at redis://:…@queue cannot be used: it is no redis:// or rediss:// address",
      ],
      [
        { url: "rediss://lab:secret@127.0.0.1:9", ca: "/no/such.pem" },
        "The queue at rediss://lab:…@127.0.0.1:9 cannot be used: the certificate /no/such.pem cannot be read (ENOENT: no such file or directory, open '/no/such.pem')",
      ],
    ];
    for (const [place, told] of cases)
      await assert.rejects(reach(place), { name: "WorkersFailure", message: `${told}. ${cure}` });
  });
});
