/** What a driver's sweep mends: results that no event told of, parts and contents that Redis lost, late parts, a lack of workers. */

import assert from "node:assert/strict";
import { buildOf } from "../../src/workers/build.ts";
import { pack } from "../../src/workers/pack.ts";
import { keys } from "../../src/workers/redis/keys.ts";
import { ask, type Session, sendContent } from "../../src/workers/redis/session.ts";
import { heartbeats, startSweeps } from "../../src/workers/redis/sweep.ts";
import { fetchContent } from "../../src/workers/redis/worker.ts";
import { fakeSession, job, settled, wanted } from "./fake-session.ts";

/** The first sweep, to its end: nothing of it waits for anything but promises. */
async function sweepOnce(session: Session): Promise<void> {
  const sweeps = startSweeps(session);
  for (let turn = 0; turn < 20; turn++) await settled();
  sweeps.stop();
}
const beat = (name: string, build = buildOf()) =>
  JSON.stringify({ name, build, host: "h", pid: 1, level: 3, children: 1, lives: 0, rate: 0, memory: 0 });
const old = 10_000;

describe("a driver's sweep", () => {
  it("says that the driver lives, and sends contents again that are gone", async () => {
    const { session, there } = fakeSession();
    const name = await sendContent(session, pack("shared"));
    const bytes = there.get(keys.content(name));
    there.clear();
    await sweepOnce(session);
    assert.deepEqual([there.get(keys.driver("me")), there.get(keys.content(name))], ["1", bytes]);
  });

  it("brings back in time for a worker what another driver has deleted, which had sent the same", async () => {
    const { session, there } = fakeSession();
    const name = await sendContent(session, pack("shared"));
    there.delete(keys.content(name));
    const fetched = fetchContent(session.redis, name, 50);
    await sweepOnce(session);
    assert.equal(await fetched, "shared");
  });

  it("takes a result that no event told of, and gives again what is in no queue, once it is out for long", async () => {
    const { session, there, jobs } = fakeSession();
    const asked = ["a", "b", "c"].map((name, part) => ask(session, job(name), part, wanted));
    await settled();
    there.set(keys.result("a"), "what came of a");
    jobs.clear();
    for (const id of ["me.0-0", "me.0-2"]) session.out.get(id)!.at -= old;
    await sweepOnce(session);
    assert.equal(await asked[0], "what came of a");
    assert.deepEqual([[...jobs.keys()], session.again], [["me.0-2-2"], 1], "b is out for no time yet");
  });

  it("leaves a part alone that is in the queue, and tells of one that has failed there", async () => {
    const { session, jobs, failed } = fakeSession();
    const asked = ["a", "b"].map((name, part) => ask(session, job(name), part, wanted));
    await settled();
    for (const own of session.out.values()) own.at -= old;
    failed.set("me.0-1-1", JSON.stringify({ worker: "w@h", message: "no such body" }));
    const rejected = assert.rejects(asked[1]!, /failed on w@h: no such body/);
    await sweepOnce(session);
    await rejected;
    assert.deepEqual([[...session.out.keys()], jobs.size, session.again], [["me.0-0"], 2, 0]);
  });

  it("gives out once more, and only once, what takes many times as long as others, when nothing waits", async () => {
    for (const [options, more, times, again] of [
      [{}, 21_000, [5000, 5000, 5000, 5000], 1],
      [{}, 19_000, [5000, 5000, 5000, 5000], 0],
      [{}, 6000, [10, 10, 10, 10], 1],
      [{}, 4000, [10, 10, 10, 10], 0],
      [{}, 21_000, [5000, 5000, 5000], 0],
      [{ again: 2 }, 11_000, [5000, 5000, 1, 9000], 1],
      [{ again: 0 }, 1e6, [10, 10, 10, 10], 0],
    ] as const) {
      const { session } = fakeSession(8, options);
      ask(session, job("a"), 0, wanted);
      await settled();
      session.times.push(...times);
      session.out.get("me.0-0")!.at -= more;
      for (let sweep = 0; sweep < 2; sweep++) await sweepOnce(session);
      assert.equal(session.again, again, JSON.stringify([options, more, times]));
    }
    const { session } = fakeSession(1);
    for (const [part, name] of ["a", "b"].entries()) ask(session, job(name), part, wanted);
    await settled();
    session.times.push(1, 1, 1, 1);
    session.out.get("me.0-0")!.at -= old;
    await sweepOnce(session);
    assert.equal(session.again, 0, "another waits, so that there is enough to do");
  });

  it("counts the workers of its own build, and has three parts out for each, eight at least", async () => {
    const { session, there } = fakeSession();
    session.heard = Date.now() - 60_000;
    for (const [i, build] of [buildOf(), "another", buildOf(), buildOf()].entries())
      there.set(keys.worker(`${i}`), beat(`${i}`, build));
    assert.deepEqual(
      (await heartbeats(session)).map(({ name }) => name),
      ["0", "1", "2", "3"],
    );
    await sweepOnce(session);
    assert.deepEqual([session.up, session.window], [3, 9]);
    assert.ok(Date.now() - session.heard < 30_000, "it has heard of them now");
    there.delete(keys.worker("0"));
    await sweepOnce(session);
    assert.deepEqual([session.up, session.window], [2, 8]);
    const own = fakeSession(2, { window: 2 });
    own.there.set(keys.worker("0"), beat("0"));
    await sweepOnce(own.session);
    assert.equal(own.session.window, 2);
  });

  it("gives up what is out and what waits when no worker of its build was there for too long, and names others", async () => {
    for (const [silent, patience, isOver] of [
      [121, undefined, true],
      [115, undefined, false],
      [6, 5, true],
      [4, 5, false],
    ] as const) {
      const { session, there } = fakeSession(1, { window: 1, ...(patience !== undefined && { patience }) });
      there.set(keys.worker("0"), beat("0", "another"));
      const ends = ["a", "b"].map((name, part) =>
        ask(session, job(name), part, wanted).then(
          () => "done",
          ({ error }) => JSON.stringify(error),
        ),
      );
      session.heard = Date.now() - 1000 * silent;
      await sweepOnce(session);
      const error = { kind: "no-worker", url: "redis://:…@queue:6379", build: buildOf(), others: ["another"] };
      const pending = settled().then(() => "pending");
      for (const end of ends)
        assert.equal(await Promise.race([end, pending]), isOver ? JSON.stringify(error) : "pending", `${silent} s`);
    }
  });
});
