/** Places in children: a life too many costs nothing, memory is shared fairly, and who waits is served in order. */

import assert from "node:assert/strict";
import { SurvivalEnv } from "../../src/environment/index.ts";
import type { Policy } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { heldTogether, type Lease, livesAtOnce, Places } from "../../src/sandbox/host/places.ts";
import type { Worker } from "../../src/sandbox/host/worker.ts";
import { createSandbox, type Sandbox } from "../../src/sandbox/index.ts";

const child = (more: Partial<Worker> = {}) =>
  ({ lives: 0, served: 0, exclusive: false, thinking: false, ...more }) as Worker;

/** Places with so many lives in one child; `left` lists those that gave way. */
function peopled(lives: number, { heldBytes = 0, busy = 0 } = {}) {
  const places = new Places();
  const home = child();
  const left: number[] = [];
  const leases = Array.from({ length: lives }, (_, i): Lease => {
    const lease: Lease = {
      ...{ busy: i < busy, restedAt: performance.now() - lives + i, heldBytes },
      evict() {
        left.push(i);
        places.leave(lease, home);
      },
    };
    return lease;
  });
  for (const lease of leases) places.enter(lease, home, false);
  return { places, home, left, leases };
}
const newcomer = (heldBytes = 0): Lease => ({ busy: true, restedAt: 0, heldBytes, evict() {} });

describe("places", () => {
  it("are given up by nobody while the children have enough to do, else by who stepped last", () => {
    const { places, left } = peopled(5, { busy: 2 });
    assert.equal(places.makeRoom(1), false, "two are busy in one child");
    assert.deepEqual(left, []);
    assert.equal(places.makeRoom(2), true);
    assert.deepEqual(left, [4]);
  });

  it("are given up by a life that seems forgotten, however busy the others are", () => {
    const { places, left, leases } = peopled(5, { busy: 4 });
    leases[4]!.restedAt -= 900;
    assert.equal(places.makeRoom(1), false);
    leases[4]!.restedAt -= 200;
    assert.equal(places.makeRoom(1), true);
    assert.deepEqual(left, [4]);
  });

  it("are given back by a life that was alone in its child once its step is answered, not while more steps wait", () => {
    const { places, home } = peopled(0);
    const asked = { busy: true, restedAt: 0, heldBytes: 0, evict() {} };
    places.enter(asked, home, true);
    assert.equal(places.hasRoom(home, newcomer()), false);
    places.rest(asked);
    assert.equal(places.hasRoom(home, newcomer()), false, "its next step waits already");
    asked.busy = false;
    places.rest(asked);
    assert.equal(places.hasRoom(home, newcomer()), true);
  });

  it("are as many as the child's memory holds, and one at least", () => {
    const MiB = 2 ** 20;
    const small = peopled(livesAtOnce - 1, { heldBytes: MiB });
    assert.equal(small.places.hasRoom(small.home, newcomer()), true);
    assert.equal(small.places.hasRoom(small.home, newcomer(), { coming: 1 }), false);
    small.places.enter(newcomer(), small.home, false);
    assert.equal(small.places.hasRoom(small.home, newcomer()), false);
    const large = peopled(6, { heldBytes: 20 * MiB });
    assert.equal(large.places.hasRoom(large.home, newcomer(heldTogether - 120 * MiB)), true);
    assert.equal(large.places.hasRoom(large.home, newcomer(heldTogether - 120 * MiB + 1)), false);
    const { places, home } = peopled(0);
    assert.equal(places.hasRoom(home, newcomer(2 * heldTogether)), true);
  });

  it("are left by those that rested longest when the lives of a child have grown too large, down to one", () => {
    const { places, left, leases } = peopled(6, { heldBytes: 20 * 2 ** 20 });
    leases[5]!.heldBytes = 60 * 2 ** 20;
    places.rest(leases[5]!);
    assert.deepEqual(left, [0, 1], "160 MiB are more than 128, 140 too");
    for (const lease of leases) lease.heldBytes = 2 * heldTogether;
    places.rest(leases[5]!);
    assert.deepEqual(left, [0, 1, 2, 3, 4]);
  });

  it("in a child of one's own are had by emptying the least busy child, which others then leave alone", () => {
    const { places, home, left, leases } = peopled(3, { busy: 1 });
    const full = child({ lives: 9 });
    const alone = newcomer();
    places.reserve(alone, [full, home]);
    assert.deepEqual(left, [1, 2]);
    assert.equal(places.hasRoom(home, newcomer()), false);
    assert.equal(places.hasRoom(full, newcomer()), true);
    assert.equal(places.hasRoom(home, alone, { alone: true }), false, "one is busy still");
    places.leave(leases[0]!, home);
    assert.equal(places.hasRoom(home, alone, { alone: true }), true);
    places.enter(alone, home, true);
    assert.equal(places.hasRoom(home, newcomer()), false, "it has the child to itself");
    places.leave(alone, home);
    assert.equal(places.hasRoom(home, newcomer()), true);
  });

  it("go to who came first", async () => {
    const places = new Places();
    const order: number[] = [];
    const gate = Promise.withResolvers<void>();
    const works = [1, 2, 3].map((n) =>
      places.inLine(async () => {
        if (n === 1) await gate.promise;
        order.push(n);
        if (n === 2) throw new Error("two");
      }),
    );
    gate.resolve();
    const ends = await Promise.allSettled(works);
    assert.deepEqual(order, [1, 2, 3]);
    assert.deepEqual(
      ends.map(({ status }) => status),
      ["fulfilled", "rejected", "fulfilled"],
    );
  });
});

describe("more lives than places", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await createSandbox({ workers: 1, limits: { stepMs: 5000 } });
  });
  after(() => sandbox.dispose());

  for (const [batch, concurrency] of [
    [1, 9],
    [1, 33],
    [9, 9],
    [40, 40],
  ] as const)
    it(`${concurrency} at once, ${batch} of them in step, are lived once each`, async () => {
      const before = sandbox.stats().replayed;
      const policy: Policy = {
        name: "looks",
        batch,
        act: async (observations) =>
          observations.map((_, i) => ({ program: `self.n = ${i}`, logProb: 0, choice: 0, label: "n" })),
      };
      const env = new SurvivalEnv({ sandbox, maxSteps: 4 });
      const { episodes } = await rollout(env, policy, { episodes: concurrency + 8, concurrency });
      assert.ok(episodes.every(({ survival }) => survival === 4));
      assert.equal(sandbox.stats().replayed, before);
    });

  it("that step in turn are lived again no more often than they are too many", async () => {
    const before = sandbox.stats().replayed;
    const [count, turns] = [livesAtOnce + 6, 4];
    const lives = await Promise.all(Array.from({ length: count }, (_, seed) => sandbox.open({ seed })));
    for (let turn = 0; turn < turns; turn++) {
      const reports = await Promise.all(lives.map((life) => life.step("self.n = (self.n ?? 0) + 1")));
      for (const { genome } of reports)
        assert.equal(genome.find(({ name }) => name === "self.n")?.source, String(turn + 1));
    }
    const replayed = sandbox.stats().replayed - before;
    assert.ok(replayed <= 3 * 6 * (turns - 1), `${replayed} of ${count * (turns - 1)} steps began by living again`);
    await Promise.all(lives.map((life) => life.close()));
  });

  it("and more memory than a child has, end nobody and no child", async () => {
    const { replaced } = sandbox.stats();
    const lives = await Promise.all(Array.from({ length: 24 }, (_, seed) => sandbox.open({ seed })));
    const hold = "self.size = ((big) => () => big.length)(new Float64Array(2.3e6)); self.n = 1";
    for (const program of [hold, "self.n += self.size()"])
      for (const [i, life] of lives.entries()) {
        const { verdict, cause } = await life.step(program);
        assert.equal(verdict, "survived", `life ${i}: ${cause}`);
      }
    assert.equal(sandbox.stats().replaced, replaced);
    await Promise.all(lives.map((life) => life.close()));
  });
});
