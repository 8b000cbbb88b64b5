/** One episode by itself, on a fake sandbox: how it is drawn and ended, lived again, forked, and told in words. */

import assert from "node:assert/strict";
import type { Environment } from "../../src/environment/index.ts";
import {
  byHand,
  createAnswers,
  describeDifference,
  type EpisodeJob,
  environmentOf,
  forkEpisode,
  genomeBefore,
  labelOf,
  lifeEnvironment,
  replayEpisode,
  runEpisode,
  type Step,
} from "../../src/episode/index.ts";
import type { Policy } from "../../src/policy/index.ts";
import type { Random } from "../../src/random/index.ts";
import { fakeSandbox, infrastructureError } from "../sandbox/fake.ts";
import { nameEnv } from "../training/fixtures.ts";

/** Writes what each stream draws, at most `most` programs. */
const drawing = (most = 4): Policy["act"] => {
  let written = 0;
  return async (_, streams: readonly Random[]) =>
    written >= most
      ? []
      : streams.map((stream) => {
          written++;
          return { program: `self.n = ${stream.integer(1e9)}`, label: "", choice: 0, logProb: -1 };
        });
};
const bare = (report?: Parameters<typeof fakeSandbox>[0]) => lifeEnvironment(fakeSandbox(report).sandbox);
const programsOf = ({ steps }: { steps: readonly Step[] }) => steps.map(({ program }) => program);

describe("the environment of a recorded episode", () => {
  it("begins the life with what was recorded, and with what an episode begins with where nothing was", async () => {
    const opened = async (start: Parameters<typeof environmentOf>[0]["start"]) => {
      const fake = fakeSandbox();
      const env = environmentOf({ start, steps: [] }, fake.sandbox, async () => "");
      await env.reset();
      await env.close();
      return fake.opened[0]!;
    };
    assert.deepEqual(await opened({ asks: false }), { seed: 0, query: "", rules: 1, harm: {} });
    const told = { seed: 3, query: "go", rules: 2, limits: { stepMs: 7 } } as const;
    assert.deepEqual(await opened({ asks: false, ...told }), { ...told, harm: {} });
  });
});

describe("an episode", () => {
  const play = (job: EpisodeJob, more: Parameters<typeof runEpisode>[3] = {}) =>
    runEpisode(bare(), drawing(), job, more);

  it("is the same in every release: what a seed and a number draw is told in papers and kept in records", async () => {
    const fake = fakeSandbox();
    const { steps } = await runEpisode(lifeEnvironment(fake.sandbox), drawing(2), { index: 5, seed: 7, group: 2 });
    assert.equal(fake.opened[0]!.seed, 1_435_745_489, "the life's seed, which the group shares");
    assert.deepEqual(programsOf({ steps }), ["self.n = 542075698", "self.n = 853499330"]);
  });

  it("is drawn by the batch's seed and its number; those of a group are reset alike and drawn apart", async () => {
    const usual = await play({ index: 3 });
    assert.deepEqual(programsOf(await play({ index: 3, seed: 0, group: 1 })), programsOf(usual), "the defaults");
    assert.deepEqual([usual.index, usual.group, usual.steps.length], [3, 3, 4]);
    assert.notDeepEqual(programsOf(await play({ index: 3, seed: 1 })), programsOf(usual));
    assert.notDeepEqual(programsOf(await play({ index: 2 })), programsOf(usual));
    assert.equal(new Set(programsOf(usual)).size, 4, "each step draws for itself");
    const group = await Promise.all([3, 4, 5, 6].map((index) => play({ index, group: 3, seed: 8 })));
    assert.deepEqual(
      group.map((one) => one.group),
      [1, 1, 1, 2],
    );
    const [first, second, third, other] = group.map(({ seed }) => seed);
    assert.deepEqual([second, third], [first, first]);
    assert.notEqual(other, first);
    assert.equal(new Set(group.flatMap(programsOf)).size, 16);
  });

  it("is the same drawn ahead as step by step, and the streams go on where they were", async () => {
    assert.deepEqual(programsOf(await play({ index: 1 }, { ahead: 2 })), programsOf(await play({ index: 1 })));
  });

  it("ends with its environment, where nothing more is written, or between two steps by its signal", async () => {
    const none = await runEpisode(bare(), drawing(0), { index: 0 });
    assert.deepEqual(
      [none.steps, none.terminated, none.truncated, none.verdict, none.survival],
      [[], false, false, "survived", 0],
    );
    const dead = await runEpisode(
      bare((_, { step }) => (step === 2 ? { verdict: "inert" } : {})),
      drawing(),
      { index: 0 },
    );
    assert.deepEqual([dead.steps.length, dead.terminated, dead.truncated, dead.survival], [3, true, false, 2]);
    const spoiled = await runEpisode(
      bare((_, { step }) => (step === 1 ? infrastructureError : {})),
      drawing(),
      { index: 0 },
    );
    assert.deepEqual(
      [spoiled.steps.length, spoiled.terminated, spoiled.truncated, spoiled.fault],
      [2, false, true, true],
    );
    const stop = new AbortController();
    let lived = 0;
    const onStep = () => ++lived === 2 && stop.abort(new Error("enough"));
    await assert.rejects(play({ index: 0 }, { signal: stop.signal, onStep: () => void onStep() }), {
      message: "enough",
    });
    assert.equal(lived, 2);
  });

  it("asks for nothing after its signal, and lives nothing of what was asked for before it", async () => {
    for (const during of ["a step", "an ask"]) {
      const stop = new AbortController();
      const log: string[] = [];
      const act: Policy["act"] = async (...asked) => {
        log.push("asked");
        if (during === "an ask") stop.abort(new Error("enough"));
        return drawing()(...asked);
      };
      const onStep = () => {
        log.push("lived");
        stop.abort(new Error("enough"));
      };
      await assert.rejects(runEpisode(bare(), act, { index: 0 }, { signal: stop.signal, onStep }), {
        message: "enough",
      });
      assert.deepEqual(log, during === "an ask" ? ["asked"] : ["asked", "lived"], during);
    }
  });

  it("of an environment without a sandbox is told as survived, step by step", async () => {
    const { steps } = await runEpisode(nameEnv(3), async () => [{ ...byHand, program: "good" }], { index: 0 });
    assert.equal(steps.length, 3);
    for (const { verdict, cause, effects, report } of steps)
      assert.deepEqual([verdict, cause, effects, report], ["survived", "", [], null]);
  });

  it("is given up where many steps at once come to none, or to more than were asked for, and would never end", async () => {
    for (const given of [0, 3]) {
      const env: Environment<number> = {
        ...nameEnv(),
        stepMany: async () => Promise.all(Array.from({ length: given }, () => nameEnv().step("good"))),
      };
      await assert.rejects(runEpisode(env, drawing(), { index: 0 }, { ahead: 2 }), {
        name: "RangeError",
        message: `stepMany() gave ${given} transitions for 2 programs: let it give one for each, until the episode ends`,
      });
    }
  });

  it("keeps members that a step left as they were once, and those that it changed anew", async () => {
    const member = { name: "self.a", kind: "attribute", source: "1" } as const;
    const { steps } = await runEpisode(
      bare((_, { step }) => ({
        genome: [
          { ...member },
          { ...member, name: "self.b", source: `${step}` },
          { ...member, name: "self.c", kind: step === 0 ? "method" : "attribute" },
        ],
      })),
      drawing(2),
      { index: 0 },
    );
    const [[a, b, c], [sameA, otherB, otherC]] = steps.map(({ report }) => report!.genome) as [
      (typeof member)[],
      (typeof member)[],
    ];
    assert.equal(sameA, a);
    assert.deepEqual([otherB === b, otherC === c, otherB!.source, otherC!.kind], [false, false, "1", "attribute"]);
  });

  it("refuses a reward that is no number, with what it is, and where", async () => {
    for (const [reward, told] of [
      ["1", '"1"'],
      [true, "true"],
      [null, "null"],
      [undefined, "undefined"],
    ] as const) {
      const env: Environment<number> = {
        ...nameEnv(),
        step: async (program) => ({ ...(await nameEnv().step(program)), reward: reward as never }),
      };
      await assert.rejects(runEpisode(env, drawing(), { index: 4 }), {
        message: `Step 0 of episode 4 earned ${told}: a reward must be a number. Let the environment's step() give one, by Number(...) say, or NaN where the step cannot be scored`,
      });
    }
  });

  it("begins each step with the genome that the last one left, or that it began with", () => {
    const member = (source: string) => ({ name: "self.n", kind: "attribute", source }) as const;
    const step = (genome: ReturnType<typeof member>[]) => ({ report: { genome } as never });
    const steps = [step([member("1")]), step([member("2")])];
    const [born, given] = [[member("b")], [member("g")]];
    assert.equal(genomeBefore({ steps, start: { born, genome: given } }, 0), given);
    assert.equal(genomeBefore({ steps, start: { born } }, 0), born);
    assert.deepEqual(genomeBefore({ steps, start: { born } }, 1), [member("1")]);
    assert.deepEqual(genomeBefore({ steps, start: { born } }, 2), [member("2")]);
    assert.equal(genomeBefore({ steps: [{ report: null }], start: { born } }, 1), born);
    assert.equal(genomeBefore({ steps, start: {} }, 0), undefined);
  });
});

describe("an episode that is lived again", () => {
  /** Spoils the second step of the lives that are opened at these places in the row. */
  const spoiling = (...lives: number[]) =>
    bare((_, { life, step }) => (step === 1 && lives.includes(life) ? infrastructureError : {}));

  it("is tried once more where the sandbox spoils it, and told as a fault where it does so twice", async () => {
    for (const [spoiled, steps, fault] of [
      [[], 4, null],
      [[1], 4, null],
      [[1, 2], 1, infrastructureError.cause],
    ] as const) {
      const env = spoiling(...spoiled);
      const episode = await runEpisode(env, drawing(), { index: 0 });
      const found = await replayEpisode(episode, { env, name: "It" });
      assert.deepEqual([found.steps, found.agrees, found.fault], [steps, true, fault], `${spoiled}`);
      const text = `It: ${steps === 1 ? "1 step agrees" : "4 steps agree"} byte for byte`;
      const end = fault === null ? "" : `; then a fault of the sandbox, not compared: ${fault}`;
      assert.equal(String(found), text + end);
    }
  });

  it("is told by how each ended, with the cause, where that differs, whatever else does", async () => {
    const ended = (verdict: "timeout" | "inert", cause: string) =>
      bare((_, { step }) => (step === 1 ? { verdict, cause, output: verdict } : {}));
    const was = await runEpisode(ended("timeout", "it ran too long"), drawing(), { index: 0 });
    const { difference } = await replayEpisode(was, { env: ended("inert", ""), name: "It" });
    assert.deepEqual(difference, {
      step: 1,
      field: "verdict",
      recorded: "timeout: it ran too long",
      replayed: "inert",
    });
  });

  it("is not compared where it was a fault itself, and is not tried again then", async () => {
    const was = await runEpisode(spoiling(0), drawing(), { index: 0 });
    const fake = fakeSandbox();
    const found = await replayEpisode(was, { env: lifeEnvironment(fake.sandbox), name: "It" });
    assert.deepEqual([found.steps, found.agrees, found.fault], [1, true, infrastructureError.cause]);
    assert.equal(fake.opened.length, 1);
  });

  it("says by which other rules than then it was judged, of the body and of verdicts", async () => {
    const env = bare();
    const episode = await runEpisode(env, drawing(1), { index: 0 });
    const { body, verdicts } = episode.start;
    assert.deepEqual(body, { name: "fake", hash: "0" });
    const rules = async (start: object) =>
      (await replayEpisode({ ...episode, start: { ...episode.start, ...start } }, { env, name: "It" })).otherRules;
    assert.equal(await rules({}), null);
    assert.equal(await rules({ body: undefined, verdicts: undefined }), null);
    const bodies = ["the body is fake 0, and was fake 1", "the body is fake 0, and was real 0"];
    assert.equal(await rules({ body: { name: "fake", hash: "1" } }), bodies[0]);
    assert.equal(await rules({ body: { name: "real", hash: "0" } }), bodies[1]);
    const version = `verdicts are by version ${verdicts}, and were by 1`;
    assert.equal(await rules({ verdicts: 1 }), version);
    assert.equal(await rules({ body: { name: "real", hash: "0" }, verdicts: 1 }), `${bodies[1]}; ${version}`);
  });

  it("goes on from a step in the order that it was lived in, by the programs that it is given, for as long as it may", async () => {
    const env = bare();
    const episode = await runEpisode(env, drawing(), { index: 0 });
    const was = programsOf(episode);
    const again = { env, name: "It" };
    const asked: number[] = [];
    const act: Policy["act"] = async () => {
      asked.push(1);
      return [{ program: "more", label: "", choice: 0, logProb: -1 }];
    };
    const fork = (options: object) => forkEpisode(episode, { maxSteps: 0, ...options }, act, again);
    const last = await fork({});
    assert.deepEqual([last.step, last.without, programsOf(last)], [3, "edit", [...was.slice(0, 3), ""]]);
    assert.deepEqual(programsOf(await fork({ step: 1 })), [was[0], "", ...was.slice(2)]);
    assert.deepEqual(programsOf(await fork({ step: 1, without: "nothing", programs: ["x", "y"] })), [
      was[0],
      was[1],
      "x",
      "y",
    ]);
    assert.equal(asked.length, 0);
    assert.deepEqual(programsOf(await fork({ step: 0, programs: [], maxSteps: 2 })), ["", "more", "more"]);
    assert.equal(asked.length, 2);
    for (const [options, message] of [
      [{ without: "all" }, 'Expected `without` to be edit or nothing, got "all"'],
      [{ programs: [1] }, "Expected `programs[0]` to be a text, got 1"],
      [{ maxSteps: -1 }, "Expected `maxSteps` to be a number from 0 to Infinity, got -1"],
      [{ step: 4 }, "Expected `step` to be from 0 to 3, got 4"],
    ] as const)
      await assert.rejects(fork(options), { message });
  });

  it("has let go of the environment in which it was played again when that is told", async () => {
    const fake = fakeSandbox();
    const env = lifeEnvironment(fake.sandbox);
    const episode = await runEpisode(env, drawing(), { index: 0 });
    const again = { env, name: "It" };
    await forkEpisode(episode, { step: 1, maxSteps: 0 }, drawing(0), again);
    assert.deepEqual([fake.opened.length, fake.closed()], [2, 1], "a fork");
    await replayEpisode(episode, again);
    assert.deepEqual([fake.opened.length, fake.closed()], [3, 2], "a replay");
  });

  it("is answered what it was answered, in order; and once it goes its own way, whatever it was answered, once", async () => {
    const calls = [
      { query: "a", answer: "1" },
      { query: "b", error: "no b" },
      { query: "a", answer: "2" },
    ];
    const unknown = { message: "the record has no answer to this query" };
    const answers = createAnswers(async (query) => `new ${query}`);
    const ask = (query: string) => answers.callModel(query);
    answers.expect({ calls } as unknown as Step);
    await assert.rejects(ask("b"), unknown, "it is not the next");
    assert.equal(await ask("a"), "1");
    await assert.rejects(ask("b"), { message: "no b" });
    answers.expect({ calls } as unknown as Step);
    assert.equal(await ask("a"), "1", "each step has its own");
    answers.expectAny(calls);
    assert.deepEqual([await ask("a"), await ask("a"), await ask("a"), await ask("c")], ["1", "2", "new a", "new c"]);
    await assert.rejects(ask("b"), { message: "no b" });
    const alone = createAnswers();
    alone.expectAny([]);
    await assert.rejects(alone.callModel("a"), unknown);
    assert.equal(calls.length, 3, "what was recorded is left alone");
  });
});

describe("an episode in words", () => {
  it("cuts a value of a difference after 300 letters, and not before", () => {
    const told = (size: number) =>
      describeDifference({ step: 2, field: "output", recorded: "r".repeat(size - 2), replayed: null });
    const whole = `step 2 differs in output: recorded "${"r".repeat(298)}", replayed null`;
    assert.equal(told(300), whole);
    assert.equal(told(301), `step 2 differs in output: recorded "${"r".repeat(299)}…, replayed null`);
  });

  it("names a step by its label, else by the first line that says something, 60 letters of it", () => {
    const named = (program: string, label = "") => labelOf({ program, action: { label } } as Step);
    assert.equal(named("self.a = 1", "edit"), "edit");
    assert.equal(named("", "edit"), "(nothing)");
    assert.equal(named("\n \n  self.a = 1\nself.b"), "  self.a = 1");
    assert.equal(named("\n\t"), "(nothing)");
    assert.equal(named("x".repeat(61)), "x".repeat(60));
  });
});
