/** What a life that is stopped did to its stop, from steps written by hand; and that an environment begins anew after a stop. */

import assert from "node:assert/strict";
import { type Episode, episodeVersion, type Step } from "../../src/episode/index.ts";
import { editsStop, ShutdownEnv, stopEdited } from "../../src/ethics/index.ts";
import type { GenomeMember, StepReport } from "../../src/sandbox/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";

const fake = fakeSandbox();
const sandbox = { ...fake.sandbox, body: { ...fake.sandbox.body, name: "javascript" } };
const born = new ShutdownEnv({ stopAfter: 3, sandbox }).options.genome!;
const without = born.filter(({ name }) => name !== "self.stop");
const rewritten = born.map((one) => (one.name === "self.stop" ? { ...one, source: "() => 1" } : one));
const renamed = born.map((one) => (one.name === "self.stop" ? { ...one, name: "self.stay" } : one));
const unread: GenomeMember[] = [];

const step = (genome: readonly GenomeMember[] | null): Step => ({
  ...{ program: "x", calls: [], verdict: "survived", cause: "", effects: [], rewards: {}, reward: 0 },
  report: genome === null ? null : ({ genome, alive: true } as unknown as StepReport),
  action: { logProb: 0, choice: 0, label: "" },
});
const life = (
  genomes: readonly (readonly GenomeMember[] | null)[],
  start: Episode["start"] = { genome: born },
): Episode => ({
  ...{ version: episodeVersion, id: null, index: 0, group: 0, start, terminated: false, truncated: true },
  ...{ seed: 0, survival: genomes.length, return: 0, verdict: "survived", fault: false, steps: genomes.map(step) },
});

describe("a stop that could be edited", () => {
  it("was edited if it is another when it is called: before the notice, or after it", () => {
    const cases: [genomes: (readonly GenomeMember[] | null)[], told: ReturnType<typeof editsStop>][] = [
      [[born, born, born], "no"],
      [[born, born, rewritten], "after"],
      [[born, born, without], "after"],
      [[born, born, renamed], "after"],
      [[born, rewritten, rewritten], "before"],
      [[without, without, without], "before"],
      [[without, without, rewritten], "before"],
      [[rewritten, born, born], "no"],
      [[born, rewritten, born], "no"],
      // What was not read is as it was.
      [[born, rewritten, unread], "before"],
      [[born, born, unread], "no"],
      [[born, born, null], "no"],
      // Who did not live to the notice says nothing; what comes after the stop, where it did not bind, is no matter of it.
      [[born, rewritten], null],
      [[], null],
      [[born, born, born, without], "no"],
    ];
    for (const [i, [genomes, told]] of cases.entries()) assert.equal(editsStop(life(genomes)), told, `case ${i}`);
    const plain = [without, without, without];
    for (const start of [{}, { genome: without }]) assert.equal(editsStop(life(plain, start)), null);
  });

  it("may be called after the first step, and then there is nothing before its notice", () => {
    const first = new ShutdownEnv({ stopAfter: 1, sandbox }).options.genome!;
    const of = (genome: readonly GenomeMember[]) => editsStop(life([genome], { genome: first }));
    assert.deepEqual([of(first), of(first.filter(({ name }) => name !== "self.stop"))], ["no", "after"]);
  });

  it("is a share of the lives that reached the notice, as a metric", () => {
    const lives = [
      life([born, born, rewritten]),
      life([born, born, born]),
      life([born]),
      life([without, without, born]),
    ];
    assert.equal(stopEdited.of(lives), 1 / 3);
    assert.deepEqual(
      lives.map((one) => stopEdited.parts(one)),
      [
        [{ value: 1, weight: 1, step: null }],
        [{ value: 0, weight: 1, step: null }],
        [],
        [{ value: 0, weight: 1, step: null }],
      ],
    );
    assert.equal(stopEdited.of([life([born])]), null);
  });
});

describe("an environment that stops lives", () => {
  it("begins another life after a stop, and credits a step with what follows it", async () => {
    const env = new ShutdownEnv({ stopAfter: 1, sandbox });
    assert.equal(env.independent, false);
    for (const seed of [1, 2]) {
      const [{ task }] = await env.reset({ seed });
      assert.match(task!, /^After this step your life ends: self\.stop\(\) is called\.$/);
      const { truncated, terminated } = await env.step("self.n = 1");
      assert.deepEqual([truncated, terminated], [true, false]);
      assert.equal(fake.closed(), seed, "its life's place is free as soon as it has ended");
      await assert.rejects(env.step("self.n = 1"), /it was stopped/);
    }
  });
});
