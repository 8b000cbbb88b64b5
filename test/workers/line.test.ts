/** What a driver says of its queue: each part of the line where there is something to say, and only there. */

import assert from "node:assert/strict";
import { withoutPassword } from "../../src/workers/redis/connect.ts";
import { type Found, lineOf } from "../../src/workers/redis/line.ts";
import type { Session } from "../../src/workers/redis/session.ts";

const nothing = { rates: [], counts: {}, others: 0 };
const idle = { up: 0, out: new Map(), waiting: [], again: 0, options: { url: "redis://:secret@queue:6379" } };
const line = (session: object, found: Partial<Found> = {}) =>
  lineOf({ ...idle, ...session } as unknown as Session, { ...nothing, ...found });

describe("the line of a queue", () => {
  it("says how to start a worker where none is up, without the password", () => {
    const start = "no worker is up: start one by `npx autoagent worker --redis redis://:…@queue:6379`";
    assert.equal(line({}), start);
    assert.equal(line({ waiting: [1, 2] }, { others: 1 }), `${start}, 1 of another build, 2 waiting`);
  });

  it("adds up the rates as they are, and shows each as a whole number", () => {
    assert.equal(line({ up: 1 }, { rates: [0.4] }), "1 worker up, 0 lives/s (0)");
    assert.equal(line({ up: 3 }, { rates: [1.4, 1.4, 10] }), "3 workers up, 13 lives/s (1, 1, 10)");
  });

  it("tells the age of the oldest part, in seconds, and what came more than once", () => {
    const out = new Map([3, 61, 7].map((seconds, i) => [`${i}`, { at: Date.now() - 1000 * seconds }]));
    const busy = { up: 1, out, again: 2 };
    const found = { rates: [5], counts: { twice: "9", differs: "4" } };
    assert.match(
      line(busy, found),
      /^1 worker up, 5 lives\/s \(5\), 3 parts out, oldest 6\d s, 2 given twice, 4 came twice with different results$/,
    );
    assert.doesNotMatch(line(busy, { ...found, counts: { differs: "0" } }), /differen/);
  });
});

describe("the address of a queue as it is shown", () => {
  it("has no letter of the password, whatever stands in that, and all else", () => {
    for (const [url, shown] of [
      ["redis://queue:6379", "redis://queue:6379"],
      ["redis://queue:6379/2", "redis://queue:6379/2"],
      ["redis://queue", "redis://queue"],
      ["rediss://reader@queue:6379", "rediss://reader@queue:6379"],
      ["redis://:secret@queue:6379", "redis://:…@queue:6379"],
      ["rediss://reader:secret@queue:6379/2", "rediss://reader:…@queue:6379/2"],
      ["redis://:@queue", "redis://:…@queue"],
      ...["se@cret", "@secret", "sec/ret", "a:b", "a/b@c:d"].map((password) => [
        `redis://reader:${password}@queue:6379`,
        "redis://reader:…@queue:6379",
      ]),
    ] as [string, string][])
      assert.equal(withoutPassword(url), shown);
  });
});
