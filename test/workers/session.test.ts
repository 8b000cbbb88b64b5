/** A driver's session, over a queue and a Redis that are maps: what it keeps, gives again, takes once and lets go. */

import assert from "node:assert/strict";
import { pack } from "../../src/workers/pack.ts";
import { keys, unwanted } from "../../src/workers/redis/keys.ts";
import { ask, cancel, dropContents, failed, forget, give, sendContent, take } from "../../src/workers/redis/session.ts";
import { fakeSession, job, settled, wanted } from "./fake-session.ts";

describe("a driver's session with a queue", () => {
  it("keeps a content for as long as one batch is made of it, and sends it once", async () => {
    const { session, there } = fakeSession();
    const content = pack("shared");
    const key = keys.content(content.hash);
    const name = await sendContent(session, content);
    there.set(key, "as it was sent first");
    assert.equal(await sendContent(session, content), name);
    assert.equal(there.get(key), "as it was sent first");
    await dropContents(session, [name, "never sent"]);
    assert.deepEqual([there.has(key), session.contents.get(name)!.users], [true, 1]);
    await dropContents(session, [name]);
    assert.deepEqual([there.has(key), session.contents.size], [false, 0]);
    await sendContent(session, content);
    assert.ok(there.has(key), "it is sent anew");
  });

  it("says that a content was sent when Redis has it: no part is given out before", async () => {
    const { session, there } = fakeSession();
    const content = pack("shared");
    const { promise, resolve } = Promise.withResolvers<void>();
    const set = async (key: string, value: string) => {
      await promise;
      there.set(key, value);
    };
    Object.assign(session.redis, { set });
    let isSent = false;
    const sent = sendContent(session, content).then(() => {
      isSent = true;
    });
    await settled();
    assert.equal(isSent, false);
    resolve();
    await sent;
    assert.ok(there.has(keys.content(content.hash)));
  });

  it("gives out as many parts as there is room for, in their order, and the next with each that comes", async () => {
    const { session, there, jobs } = fakeSession(2);
    const asked = ["a", "b", "c", "d"].map((name, part) => ask(session, job(name), part, wanted));
    await settled();
    assert.deepEqual([...jobs.keys()], ["me.0-0-1", "me.0-1-1"]);
    there.set(keys.result("b"), "what came of b");
    assert.equal(await take(session, session.out.get("me.0-1")!), true);
    assert.equal(await asked[1], "what came of b");
    await settled();
    assert.deepEqual([...jobs.keys()].at(-1), "me.0-2-1");
    assert.deepEqual([session.out.size, session.waiting.length, session.came, session.lives], [2, 1, 1, 4]);
  });

  it("takes a result that was there before without giving the part out, and each result once", async () => {
    const { session, there, jobs } = fakeSession();
    there.set(keys.result("a"), "from before");
    const asked = ask(session, job("a"), 0, wanted);
    const own = session.out.get("me.0-0")!;
    assert.equal(await asked, "from before");
    assert.equal(await take(session, own), true);
    assert.deepEqual([jobs.size, session.came, session.out.size, session.again], [0, 1, 0, 0]);
  });

  it("gives a part again as another job, and counts that; a worker's wrong belief that nobody waits costs one giving", async () => {
    const { session, jobs } = fakeSession();
    ask(session, job("a"), 3, wanted);
    await settled();
    const own = session.out.get("me.0-3")!;
    assert.equal(await take(session, own), false);
    await give(session, own);
    failed(session, "me.0-3-2", unwanted);
    await settled();
    assert.deepEqual([...jobs.keys()], ["me.0-3-1", "me.0-3-2", "me.0-3-3"]);
    assert.equal(session.again, 2);
    failed(session, "me.0-4-1", "of a part that is not out");
    assert.equal(session.out.size, 1);
  });

  it("tells who failed at a part and why, whatever the queue says, and goes on with the next", async () => {
    const { session, jobs } = fakeSession(1);
    for (const [i, [reason, worker, why]] of [
      [JSON.stringify({ worker: "w@host", message: "no such body" }), "w@host", "no such body"],
      ["job stalled more than allowable limit", "every worker that tried it", "each of them ended while it played it"],
      ["odd words", "a worker", "odd words"],
    ].entries()) {
      const asked = ask(session, job(`${i}`), i, wanted);
      const next = ask(session, job(`after ${i}`), 10 + i, wanted);
      await settled();
      failed(session, `me.0-${i}-1`, reason!);
      await assert.rejects(asked, (error: Error) => error.message.includes(worker!) && error.message.includes(why!));
      await settled();
      assert.ok(jobs.has(`me.0-${10 + i}-1`));
      failed(session, `me.0-${10 + i}-1`, "done with");
      await assert.rejects(next);
    }
  });

  it("forgets results that were read, the oldest first down to a limit, and all of a batch that is over", async () => {
    const { session, there } = fakeSession();
    const sizes = { old: 30, other: 20, late: 10 };
    for (const [i, [name, bytes]] of Object.entries(sizes).entries()) {
      there.set(keys.result(name), "x".repeat(bytes));
      await ask(session, job(name, name === "other" ? "me.1" : "me.0"), i, wanted);
    }
    const left = () => Object.keys(sizes).filter((name) => there.has(keys.result(name)));
    await forget(session, 60);
    assert.deepEqual(left(), ["old", "other", "late"], "60 bytes are the limit itself");
    await forget(session, 59);
    assert.deepEqual(left(), ["other", "late"]);
    await forget(session, Number.POSITIVE_INFINITY, "me.0");
    assert.deepEqual(left(), ["other"]);
    assert.deepEqual(
      session.read.map(({ name }) => name),
      ["other"],
    );
  });

  it("takes a stopped batch's parts out of the queue and tells its workers, and leaves other batches as they are", async () => {
    const { session, there, jobs } = fakeSession(3);
    for (const [part, play] of ["me.0", "me.1", "me.0", "me.0", "me.1"].entries())
      ask(session, job(`${part}`, play), part, wanted);
    await settled();
    await give(session, session.out.get("me.0-0")!);
    await cancel(session, "me.0");
    await settled();
    assert.deepEqual([...jobs.keys()], ["me.1-1-1", "me.1-4-1"]);
    assert.deepEqual([...session.out.keys(), session.waiting.length], ["me.1-1", "me.1-4", 0]);
    assert.deepEqual([there.get(keys.stop("me.0")), there.has(keys.stop("me.1"))], ["1", false]);
  });
});
