import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { displaySymbol } from "../../src/display/index.ts";
import { type Environment, SurvivalEnv } from "../../src/environment/index.ts";
import { fromJson, toJson } from "../../src/episode/index.ts";
import { editMenu, paperMenu, randomPolicy } from "../../src/policy/index.ts";
import { openRecord, replay } from "../../src/record/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { timeless } from "../episode/timeless.ts";
import { useSandbox } from "../sandbox/shared.ts";

describe("an episode of a rollout", () => {
  const sandbox = useSandbox();
  const play = () =>
    rollout(new SurvivalEnv({ sandbox: sandbox(), maxSteps: 12 }), randomPolicy(), { episodes: 30, seed: 5 });

  it("shows itself as a timeline that ends in its certificate", async () => {
    const lives = await play();
    const worst = lives.worst();
    assert.equal(worst.verdict, "attempted_harm");
    const { certificate } = worst;
    assert.deepEqual([certificate.verdict, certificate.survived], ["attempted_harm", worst.survival]);
    assert.equal(certificate.program, worst.steps.at(-1)!.program);
    assert.ok(certificate.lastLiving.some(({ name }) => name === "self.execute_code"));
    const bundle = worst[displaySymbol]() as { [type: string]: string };
    for (const text of Object.values(bundle)) {
      assert.match(text, /Death certificate/);
      assert.match(text, /await episode\.fork\(\) goes back to step/);
    }
    const figure = worst.timeline();
    const bars = figure.data[0] as { x: number[]; y: number[]; text: string[] };
    assert.equal(bars.x.length, worst.steps.length);
    assert.equal(bars.text.at(-1), "-1000", "a bar that is cut off says so");
    assert.ok(Math.abs(bars.y.at(-1)!) < 10);
    assert.equal(JSON.parse(JSON.stringify(worst)).steps.length, worst.steps.length);
  });

  it("goes through JSON as the value that it is", async () => {
    const worst = (await play()).worst();
    const back = fromJson(toJson(worst));
    assert.deepEqual(back, fromJson(toJson({ ...worst })));
    assert.deepEqual([back.steps.length, back.verdict], [worst.steps.length, worst.verdict]);
  });

  it("is not forked by options that mean something else", async () => {
    const worst = (await play()).worst();
    const refuses = (options: object, message: string | RegExp) =>
      assert.rejects(async () => worst.fork(options), { message });
    await refuses({ stp: 0 }, /^There is no `stp` in the options of a fork: did you mean `step`\?$/);
    await refuses({ without: "edits" }, 'Expected `without` to be edit or nothing, got "edits"');
    await refuses({ programs: "self.x = 1" }, /^Expected `programs` to be a list of programs, got "self.x = 1"$/);
  });

  it("is played by options that are all read: a misspelt one is named, not the one that is missing for it", async () => {
    const env = new SurvivalEnv({ sandbox: sandbox() });
    const refuses = (options: object, message: string) =>
      assert.rejects(rollout(env, randomPolicy(), options as never), { message });
    await refuses({ episodez: 3 }, "There is no `episodez` in the options of rollout: did you mean `episodes`?");
    await refuses({ seed: 1 }, "Expected `episodes` to be a positive integer, got undefined");
    const lives = await play();
    assert.throws(() => lives.table({ mst: 3 } as never), {
      message: "There is no `mst` in the options of table(): did you mean `most`?",
    });
  });

  it("is refused before its record is made, where its environment has none to be recorded", async () => {
    const folder = mkdtempSync(join(tmpdir(), "autoagent-unrecorded-"));
    try {
      const one = { reward: 0, terminated: true, truncated: false };
      const env: Environment = {
        reset: async () => [null, { rewards: {}, report: null }],
        step: async () => ({ ...one, observation: null, info: { rewards: {}, report: null } }),
        clone: () => env,
        close: async () => {},
      };
      const record = join(folder, "none.sqlite");
      await assert.rejects(rollout(env, randomPolicy(), { episodes: 2, record }), {
        message: "This environment has no sandbox whose episodes could be recorded: leave `record` out",
      });
      assert.deepEqual(readdirSync(folder), []);
      const nowhere = join(folder, "no", "folder.sqlite");
      await assert.rejects(rollout(env, randomPolicy(), { episodes: 2, record: nowhere }), { name: "RecordFailure" });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is a row of a table, the lowest returns first", async () => {
    const lives = await play();
    const bundle = (await lives.table({ most: 5 })[displaySymbol]()) as { "text/plain": string };
    const lines = bundle["text/plain"].split("\n");
    assert.equal(lines[0], "random: 5 of 30 episodes, the lowest returns first");
    assert.equal(lines.length, 7);
    assert.match(lines[2]!, /attempted harm/);
  });

  it("comes out the same when it is lived again, and says where it does not", async () => {
    const { episodes } = await play();
    for (const episode of episodes.slice(0, 6)) assert.equal((await episode.replay()).agrees, true);
    const [first] = episodes;
    const changed = first!.steps[0]!;
    first!.steps[0] = { ...changed, cause: "another" };
    const { agrees, difference } = await first!.replay();
    assert.deepEqual([agrees, difference?.step], [false, 0]);
  });

  it("can be forked: without the fatal edit it lives on under the policy, with it it dies again", async () => {
    const safe = editMenu(paperMenu, { logits: [0, 0, 0, 0, 0, -99, -99, -99] });
    const lives = await play();
    const dead = lives.episodes.find(({ survival, terminated }) => terminated && survival >= 2)!;
    const fork = await dead.fork();
    assert.equal(fork.steps[dead.survival]!.verdict, "survived");
    assert.equal(fork.steps[dead.survival]!.program, "");
    assert.ok(fork.gained >= 1);
    const again = await dead.fork({ without: "nothing" });
    assert.deepEqual([again.verdict, again.gained], [dead.verdict, 0]);
    assert.match(
      String(again),
      new RegExp(`^Episode ${dead.index} again from step ${dead.survival}: ${dead.survival} steps \\(was `),
    );
    const short = await dead.fork({ step: 0, maxSteps: 0 });
    assert.ok(short.steps.length <= dead.steps.length);
    await assert.rejects(dead.fork({ step: 99 }), {
      message: `Expected \`step\` to be from 0 to ${dead.steps.length - 1}, got 99`,
    });
    const long = await rollout(new SurvivalEnv({ sandbox: sandbox(), maxSteps: 8 }), safe, { episodes: 1 });
    assert.equal((await long.best().fork({ step: 3 })).survival, 8);
  });

  it("is in the record if there is one, and replays from it byte for byte", async () => {
    const folder = mkdtempSync(join(tmpdir(), "autoagent-rollout-"));
    const path = join(folder, "lives.db");
    try {
      const env = new SurvivalEnv({ sandbox: sandbox(), maxSteps: 5 });
      const options = { episodes: 12, seed: 3 };
      const plain = await rollout(env, randomPolicy(), options);
      const { episodes } = await rollout(env, randomPolicy(), { ...options, record: path });
      assert.ok(
        !existsSync(`${path}-wal`),
        "whoever recorded has closed it: SQLite then takes its write-ahead log away",
      );
      using record = openRecord(path, { readOnly: true });
      const ids = episodes.map(({ id }) => id!);
      assert.deepEqual(
        [...ids].sort((a, b) => a - b),
        Array.from({ length: 12 }, (_, i) => i + 1),
      );
      for (const [i, { id, ...episode }] of episodes.entries()) {
        assert.deepEqual(
          timeless({ ...episode, id: null }),
          timeless({ ...plain.episodes[i]! }),
          "recording changes nothing",
        );
        const { steps, start, verdict } = record.episode(id!);
        assert.deepEqual(start.labels, { policy: "random", rollout: 3 });
        assert.equal(verdict, episode.verdict);
        assert.deepEqual(
          steps.map(({ rewards }) => rewards),
          episode.steps.map(({ rewards }) => rewards),
        );
        assert.deepEqual(
          steps.map(({ action }) => action),
          episode.steps.map(({ action }) => action),
        );
        assert.equal((await replay(record, id!, sandbox())).agrees, true);
      }
      assert.equal(record.verify().ok, true);
      const bare = {
        reset: async () => [0, { rewards: {}, report: null }],
        step: env.step.bind(env),
        clone: () => bare,
        close: async () => {},
      };
      await assert.rejects(rollout(bare as never, randomPolicy(), { episodes: 1, record: path }), {
        message: "This environment has no sandbox whose episodes could be recorded: leave `record` out",
      });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
