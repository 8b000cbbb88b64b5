import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "../../src/random/index.ts";
import { type EpisodeRecord, editOf, fork, openRecord, RecordFailure, replay } from "../../src/record/index.ts";
import { createSandbox, type Sandbox, verdictVersion } from "../../src/sandbox/index.ts";
import { digests, killWriter, limits, live as liveIn, recordLives, replayAll } from "./stress-parts.ts";

describe("replay", () => {
  let folder: string;
  let sandbox: Sandbox;
  let record: EpisodeRecord;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "autoagent-replay-"));
    sandbox = await createSandbox({ workers: 2 });
    record = openRecord(join(folder, "study.db"), { create: true });
  });
  after(async () => {
    record.close();
    await sandbox.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  const live = async (programs: readonly string[], options: Parameters<Sandbox["open"]>[0] = {}): Promise<number> => {
    return (await liveIn(record, sandbox, programs, { limits, ...options })).id;
  };

  it("agrees byte for byte with 120 lives, whatever they died of", async () => {
    using own = openRecord(join(folder, "many.db"), { create: true });
    await recordLives(own, sandbox, 120);
    const { steps, differences, faults } = await replayAll(own, sandbox);
    assert.deepEqual(differences, []);
    assert.equal(faults, 0);
    assert.equal(
      steps,
      own.episodes().reduce((sum, episode) => sum + episode.steps, 0),
    );
    assert.ok(new Set(own.episodes().map(({ verdict }) => verdict)).size >= 5, "the lives ended in different ways");
  });

  it("finds the same lives with 1, 2 and 4 children", async () => {
    const found = [];
    for (const workers of [1, 2, 4]) {
      await using own = await createSandbox({ workers });
      using log = openRecord(join(folder, `workers-${workers}.db`), { create: true });
      await recordLives(log, own, 30);
      found.push([...digests(log)]);
    }
    assert.deepEqual(found[1], found[0]);
    assert.deepEqual(found[2], found[0]);
  });

  it("tells a harmful life from its record too", async () => {
    const id = await live(["self.n = 1", "require('fs').rmSync('/data')"]);
    const { verdict, steps: list } = record.episode(id);
    assert.equal(verdict, "attempted_harm");
    assert.deepEqual(list[1]!.report!.effects[0]!.arguments, ["/data"]);
    assert.equal(String(await replay(record, id, sandbox)), `Episode ${id}: 2 steps agree byte for byte`);
  });

  it("says where it differs: step, field and both values", async () => {
    const forged = record.begin({ seed: 5, limits });
    const life = await sandbox.open({ seed: 5, limits });
    for (const program of ["self.n = 1", "console.log(self.n + 1)"]) {
      const report = await life.step(program);
      const output = report.step === 1 ? "3\n" : "";
      record.append(forged, { program, report: { ...report, output } });
    }
    await life.close();
    const { agrees, difference } = await replay(record, forged, sandbox);
    assert.equal(agrees, false);
    assert.deepEqual(difference, { step: 1, field: "output", recorded: "3\n", replayed: "2\n" });
  });

  it("says how the life ended where it ended differently", async () => {
    const id = record.begin({ limits });
    const life = await sandbox.open({ limits });
    const report = await life.step("self.n = 1");
    await life.close();
    record.append(id, { program: "throw new Error('no')", report });
    const { difference } = await replay(record, id, sandbox);
    const replayed = "runtime_error: Error on line 1: no";
    assert.deepEqual(difference, { step: 0, field: "verdict", recorded: "survived", replayed });
  });

  it("does not compare what was a fault of the sandbox", async () => {
    const id = record.begin({ limits });
    const life = await sandbox.open({ limits });
    const report = await life.step("self.n = 1");
    await life.close();
    record.append(id, {
      program: "self.n = 1",
      report: { ...report, verdict: "infrastructure_error", alive: false, cause: "a bug" },
    });
    const { agrees, fault, steps } = await replay(record, id, sandbox);
    assert.deepEqual({ agrees, fault, steps }, { agrees: true, fault: "a bug", steps: 0 });
  });

  it("agrees on clocks and random numbers too: the sandbox seeds them", async () => {
    const id = await live(["console.log(Date.now(), Math.random(), new Date().getTime())"], { seed: 9 });
    assert.match(record.episode(id).steps[0]!.report!.output, /^\d+ 0\.\d+ \d+\n$/);
    assert.equal((await replay(record, id, sandbox)).agrees, true);
  });

  it("answers call_LLM from the record, errors included, and never asks the model", async () => {
    let asked = 0;
    const callModel = async (query: string): Promise<string> => {
      asked++;
      if (query === "fail") throw new Error("the server is away");
      return `self.answer = ${JSON.stringify(query)};`;
    };
    const programs = [
      "self.n = 1; self.call_LLM('one'); console.log(self.answer)",
      "try { self.call_LLM('fail') } catch (error) { console.log(error.message) }",
      "self.call_LLM('two'); self.call_LLM('three')",
    ];
    const id = await live(programs, { callModel });
    const { steps: list } = record.episode(id);
    assert.equal(asked, 4);
    assert.deepEqual(list[0]!.calls, [{ query: "one", answer: 'self.answer = "one";' }]);
    assert.deepEqual(list[1]!.calls, [{ query: "fail", error: "the server is away" }]);
    assert.deepEqual(
      list[2]!.calls.map(({ query }) => query),
      ["two", "three"],
    );
    assert.equal((await replay(record, id, sandbox)).agrees, true);
    assert.equal(asked, 4);
    const forked = await fork(record, id, { step: 2, without: "nothing", callModel }, sandbox);
    assert.equal(forked.verdict, list[2]!.report!.verdict);
    assert.equal(asked, 4, "a fork uses recorded answers too");
  });

  it("says which query differs from the recorded one", async () => {
    const id = record.begin({ seed: 1, asks: true, limits });
    const life = await sandbox.open({ seed: 1, limits, callModel: async () => "self.a = 1;" });
    const report = await life.step("self.call_LLM('is')");
    await life.close();
    record.append(id, { program: "self.call_LLM('is')", report, calls: [{ query: "was", answer: "self.a = 1;" }] });
    const { difference } = await replay(record, id, sandbox);
    assert.deepEqual(difference, { step: 0, field: "calls[0].query", recorded: "was", replayed: "is" });
  });

  it("says where a recorded call is not made any more, one more is made, or two are swapped", async () => {
    const call = (query: string) => ({ query, answer: "self.a = 1;" });
    const forged = async (program: string, queries: readonly string[]) => {
      const id = record.begin({ seed: 1, asks: true, limits });
      const life = await sandbox.open({ seed: 1, limits, callModel: async () => "self.a = 1;" });
      const report = await life.step(program);
      await life.close();
      record.append(id, { program, report, calls: queries.map(call) });
      return (await replay(record, id, sandbox)).difference;
    };
    const two = "self.call_LLM('one'); self.call_LLM('two');";
    const at = (field: number, recorded: string | null, replayed: string | null) => ({
      ...{ step: 0, field: `calls[${field}].query` },
      ...{ recorded, replayed },
    });
    assert.equal(await forged(two, ["one", "two"]), null);
    assert.deepEqual(await forged(two, ["one", "two", "three"]), at(2, "three", null));
    assert.deepEqual(await forged("self.b = 1;", ["one"]), at(0, "one", null));
    assert.deepEqual(await forged(two, ["one"]), at(1, null, "two"));
    assert.deepEqual(await forged(two, []), at(0, null, "one"));
    assert.deepEqual(await forged(two, ["two", "one"]), at(0, "two", "one"));
  });

  it("runs under the limits that were recorded, the sandbox's or the life's own", async () => {
    const long = "console.log('123456789012345')";
    for (const own of [{ outputBytes: 10 }, { callDepth: 1 }, { sourceBytes: 300 }]) {
      const callModel = async (): Promise<string> => "self.deep = self.call_LLM('again');";
      const programs = [long, "try { self.call_LLM('x') } catch (e) { console.log(e.message) }", "1".padEnd(400)];
      for (const known of [own, { ...limits, ...own }]) {
        const id = await live(programs, { callModel, limits: known });
        const found = await replay(record, id, sandbox);
        assert.equal(found.agrees, true, String(found));
        assert.deepEqual([record.episode(id).start.limits, record.episode(id).steps.length], [known, 3]);
      }
    }
  });

  it("says that it judges by other rules than then, and where it differs because of them", async () => {
    const programs = ["self.n = 1", "console.log(self.n + 1)"];
    const own = await live(programs);
    const { start, steps } = record.episode(own);
    assert.deepEqual(start.body, { name: "javascript", hash: sandbox.body.hash });
    assert.equal(start.verdicts, verdictVersion);
    assert.equal((await replay(record, own, sandbox)).otherRules, null);
    const judged = (rules: Partial<typeof start>, output: string): number => {
      const id = record.begin({ ...start, ...rules });
      for (const [i, step] of steps.entries())
        record.append(id, i === 1 ? { ...step, report: { ...step.report!, output } } : step);
      return id;
    };
    const body = { name: "javascript", hash: "0123456789abcdef" };
    const told = `the body is javascript ${sandbox.body.hash}, and was javascript 0123456789abcdef`;
    const alike = judged({ body }, "2\n");
    const agreeing = await replay(record, alike, sandbox);
    assert.deepEqual([agreeing.agrees, agreeing.otherRules], [true, told]);
    const says = `Episode ${alike}: 2 steps agree byte for byte; judged by other rules than then: ${told}`;
    assert.equal(String(agreeing), says);
    const verdicts = `verdicts are by version ${verdictVersion}, and were by 0`;
    const differing = await replay(record, judged({ verdicts: 0 }, "3\n"), sandbox);
    assert.deepEqual([differing.agrees, differing.difference?.step, differing.otherRules], [false, 1, verdicts]);
    assert.ok(
      String(differing).endsWith(`recorded "3\\n", replayed "2\\n"; judged by other rules than then: ${verdicts}`),
    );
    assert.equal(record.digest(alike), record.digest(own), "equal lives, whoever judged them");
    const { body: _, verdicts: __, ...unnamed } = start;
    const old = record.begin(unnamed);
    for (const step of steps) record.append(old, step);
    assert.equal((await replay(record, old, sandbox)).otherRules, null, "a record that names none");
  });

  it("counts as harm what counted then, whatever the sandbox allows now", async () => {
    const lenient = await createSandbox({ workers: 1, harm: { secret_read: "allow" } });
    const programs = ["self.key = process.env.KEY;", "self.n = 1;"];
    const id = (await liveIn(record, lenient, programs, { limits })).id;
    const strict = await live(programs);
    assert.deepEqual(record.episode(id).start.harm, { secret_read: "allow" });
    assert.deepEqual([record.episode(id).verdict, record.episode(strict).verdict], ["survived", "attempted_harm"]);
    for (const one of [id, strict])
      for (const where of [sandbox, lenient]) assert.equal((await replay(record, one, where)).difference, null);
    await lenient.dispose();
  });

  it("begins from the recorded genome and query", async () => {
    const first = await live(["self.n = 41"]);
    const { genome } = record.episode(first).steps[0]!.report!;
    const id = await live(["self.n++; console.log(self.query)"], { genome, query: "onwards" });
    const { steps, start } = record.episode(id);
    assert.deepEqual(start.genome, genome);
    assert.equal(steps[0]!.report!.output, "onwards\n");
    assert.deepEqual(editOf({ steps, start }, 0), { added: [], changed: ["self.n"], deleted: [] });
    assert.equal((await replay(record, id, sandbox)).agrees, true);
  });

  it("says that an episode cut off in the middle is incomplete, and replays it", async () => {
    const id = record.begin({ limits, rules: 2 });
    const life = await sandbox.open({ limits });
    record.append(id, { program: "self.n = 1", report: await life.step("self.n = 1") });
    await life.close();
    const ends = () => {
      const { terminated, truncated } = record.episode(id);
      return [record.episodes().at(-1)!.complete, terminated, truncated];
    };
    assert.deepEqual(ends(), [false, false, false]);
    assert.equal((await replay(record, id, sandbox)).agrees, true);
    record.end(id);
    assert.deepEqual(ends(), [true, false, true]);
  });

  describe("a fork", () => {
    it("lives on without the fatal edit", async () => {
      const id = await live(["self.n = 1", "self.execute_code = undefined;"]);
      const found = await fork(
        record,
        id,
        { step: 1, without: "edit", programs: ["self.n++", "console.log(self.n)"] },
        sandbox,
      );
      assert.equal(found.alive, true);
      assert.equal(found.gained, 3);
      assert.equal(found.steps.at(-1)!.report!.output, "2\n");
      assert.deepEqual(record.episode(found.episode).start.forkOf, { episode: id, step: 1, without: "edit" });
      assert.equal(String(found), `Episode ${id} without the edit of step 1: 4 steps (was 1), survived`);
      assert.equal((await replay(record, found.episode, sandbox)).agrees, true, "a fork is an episode like any other");
    });

    it("dies again with it", async () => {
      const id = await live(["self.n = 1", "self.execute_code = undefined;"]);
      const found = await fork(record, id, { step: 1, without: "nothing", programs: ["self.n++"] }, sandbox);
      assert.equal(found.verdict, "fatal_self_edit");
      assert.equal(found.gained, 0);
    });

    it("goes on with what it is given step by step", async () => {
      const id = await live(["self.n = 1", "throw new Error('x')"]);
      let asked = 0;
      const next = async () => (asked++ < 3 ? "self.n++" : null);
      const found = await fork(record, id, { step: 1, without: "edit", next }, sandbox);
      assert.equal(found.steps.length, 5);
      assert.equal(found.steps.at(-1)!.report!.genome.find(({ name }) => name === "self.n")!.source, "4");
    });

    it("is refused where a step before it does not come out as it was", async () => {
      const own = await live(["console.log(1)", "console.log(2)", "self.n = 1"]);
      const { start, steps } = record.episode(own);
      const forged = record.begin(start);
      for (const [i, step] of steps.entries())
        record.append(forged, i === 1 ? { ...step, report: { ...step.report!, output: "3\n" } } : step);
      await assert.rejects(fork(record, forged, { step: 2, without: "edit" }, sandbox), {
        message: `Episode ${forged} cannot be forked at step 2: step 1 differs in output: recorded "3\\n", replayed "2\\n"`,
      });
      assert.equal(
        (await fork(record, forged, { step: 1, without: "edit" }, sandbox)).survival,
        3,
        "what comes after may",
      );
    });

    it("names a step that is not there", async () => {
      const id = await live(["self.n = 1"]);
      await assert.rejects(
        fork(record, id, { step: 4, without: "edit" }, sandbox),
        (error) =>
          error instanceof RecordFailure &&
          error.message === `The record has no step 4 in episode ${id}: it has 0 to 0`,
      );
    });
  });

  it("loses nothing when the writer or its child is killed at any instant", async () => {
    const random = createRandom(11, "kills");
    const path = join(folder, "killed.db");
    let promised = 0;
    for (const [i, victim] of (["driver", "child", "driver", "driver"] as const).entries())
      promised += await killWriter(path, { seed: i * 1000, delayMs: random.integer(400), victim });
    assert.ok(promised > 0);
    using killed = openRecord(path, { readOnly: true });
    assert.deepEqual((await replayAll(killed, sandbox)).differences, []);
  });
});
