/** What a worker keeps of what is sent by its name. */

import assert from "node:assert/strict";
import { pack } from "../../src/workers/pack.ts";
import { keys } from "../../src/workers/redis/keys.ts";
import { sendContent } from "../../src/workers/redis/session.ts";
import { contentOf, fetchContent } from "../../src/workers/redis/worker.ts";
import { fakeSession } from "./fake-session.ts";

/** A worker that knows no content yet, and contents that were sent, by their names. */
async function newWorker(...values: unknown[]) {
  const { session, there } = fakeSession();
  const names: string[] = [];
  for (const value of values) names.push(await sendContent(session, pack(value)));
  const state: Parameters<typeof contentOf>[0] = { redis: session.redis, contents: new Map() };
  return { state, there, names };
}

describe("a worker's contents", () => {
  it("are one and the same for two parts that begin at once, and for those that come later", async () => {
    const { state, there, names } = await newWorker([new Float32Array([1, 2])]);
    const [one, other] = await Promise.all([contentOf(state, names[0]!), contentOf(state, names[0]!)]);
    assert.equal(one, other);
    assert.deepEqual(one, [new Float32Array([1, 2])]);
    there.clear();
    assert.equal(await contentOf(state, names[0]!), one);
  });

  it("are the eight that were used last", async () => {
    const values = Array.from({ length: 9 }, (_, i) => [i]);
    const { state, there, names } = await newWorker(...values);
    const found = [];
    for (const name of names.slice(0, 8)) found.push(await contentOf(state, name));
    assert.equal(await contentOf(state, names[0]!), found[0], "now the newest");
    found.push(await contentOf(state, names[8]!));
    assert.deepEqual(found, values);
    const [second, ...others] = names.slice(1);
    assert.deepEqual([...state.contents.keys()], [...others.slice(0, -1), names[0], names[8]]);
    there.set(keys.content(second!), pack("it was changed").bytes);
    await assert.rejects(contentOf(state, second!), {
      message: `What is called autoagent:content:${second} has another content (${pack("it was changed").hash}): it was changed or damaged; delete it, and it is sent again`,
    });
    there.set(keys.content(second!), pack([1]).bytes);
    assert.deepEqual(await contentOf(state, second!), [1], "what was refused is not kept");
  });

  it("that are not there are told by their name", async () => {
    const { state } = await newWorker();
    await assert.rejects(fetchContent(state.redis, "gone", 1), {
      message: "autoagent:content:gone is not there: it was deleted, or its time was over; start the rollout again",
    });
  });
});
