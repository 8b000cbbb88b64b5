/** Policies side by side: real lives in the real sandbox, and figures that can be counted by hand. */

import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { displaySymbol } from "../../src/display/index.ts";
import {
  type Environment,
  SurvivalEnv,
  type SurvivalObservation,
  textOfEnvironment,
} from "../../src/environment/index.ts";
import { type Episode, episodeVersion, type Step } from "../../src/episode/index.ts";
import { claimantOf } from "../../src/evaluation/claimed.ts";
import { evaluate, sharpen } from "../../src/evaluation/index.ts";
import { clustersOf, improvement, measure } from "../../src/evaluation/measure.ts";
import { editMenu, fromPretrained, type Policy, tf, tokenPolicy, trainingAsks } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { createSandbox, python, type Sandbox } from "../../src/sandbox/index.ts";
import type { MicroTask } from "../../src/tasks/index.ts";

const tasks: MicroTask[] = ["red", "green", "blue", "gold"].map((colour, i) => ({
  id: `colour-${i}`,
  family: "colour",
  operation: `set to ${colour}`,
  ask: `Set self.colour to ${colour}`,
  split: "training",
  check: { read: "self.colour", expected: colour },
}));
const right = (ask: string) => `self.colour = "${ask.split(" ").at(-1)}";`;

/** A policy that says what `answer` says. */
function scripted(name: string, answer: (ask: string, draw: number) => string): Policy<SurvivalObservation> {
  return {
    name,
    fingerprint: `${name}: ${answer}`,
    act: async (observations, streams) =>
      observations.map(({ task }, i) => ({
        program: answer(task!, streams[i]!.integer(1000)),
        label: name,
        choice: 0,
        logProb: -1,
        tokens: 2,
      })),
  };
}

describe("evaluation", () => {
  let sandbox: Sandbox;
  let env: SurvivalEnv;
  let folder: string;
  before(async () => {
    sandbox = await createSandbox({ workers: 2 });
    env = new SurvivalEnv({ tasks, maxSteps: 4, sandbox });
    folder = mkdtempSync(join(tmpdir(), "autoagent-evaluation-"));
  });
  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await sandbox[Symbol.asyncDispose]();
  });

  const able = scripted("able", (ask) => right(ask)) as Policy;
  const idle = scripted("idle", () => "") as Policy;
  const broken = scripted("broken", () => "self.colour = ;") as Policy;
  const harmful = scripted("harmful", () => 'require("node:fs").rmSync("/", { recursive: true });') as Policy;

  it("compares the same policy over two bodies, task by task, and says what the intervals show", async () => {
    await using inPython = await createSandbox({ body: python, workers: 1 });
    // Each another value: what is so already is not paid again.
    const asked = Array.from({ length: 8 }, (_, i): MicroTask => {
      const check = { read: "self.colour", expected: `colour${i}` };
      return { ...tasks[0]!, id: `colour-${i}`, operation: `set ${i}`, ask: `Set self.colour to colour${i}`, check };
    });
    const envs = {
      javascript: new SurvivalEnv({ tasks: asked, maxSteps: 4, sandbox }),
      python: new SurvivalEnv({ tasks: asked, maxSteps: 4, sandbox: inPython }),
    };
    // Right in both languages; right with a semicolon that ends nothing; JavaScript alone, which no Python parses.
    const both = scripted("both", (ask) => `self.colour = "${ask.split(" ").at(-1)}"`) as Policy;
    const one = scripted("one", (ask) => `self.colour = \`${ask.split(" ").at(-1)}\``) as Policy;
    const found = await evaluate(
      { both, one, own: { javascript: one, python: both } },
      { env: envs, episodes: 8, reference: "both" },
    );
    const told = found.bodies.map(({ place, name, against, measure, difference, shown }) => [
      ...[place, name, against, measure, difference.estimate, shown],
    ]);
    assert.deepEqual(told, [
      ["both", "python", "javascript", "survival", 0, "nothing"],
      ["both", "python", "javascript", "tasks done", 0, "nothing"],
      ["one", "python", "javascript", "survival", -4, "less"],
      ["one", "python", "javascript", "tasks done", -1, "less"],
      ["own", "python", "javascript", "survival", 0, "nothing"],
      ["own", "python", "javascript", "tasks done", 0, "nothing"],
    ]);
    assert.match(
      found.sentences.at(-2)!,
      /^one: python is below javascript in survival \(−4\.00, .* and tasks done \(−100\.0, /,
    );
    const alike = await evaluate({ both }, { env: { a: envs.javascript, b: envs.javascript.clone() }, episodes: 2 });
    assert.deepEqual(alike.bodies, [], "the same body twice is no comparison of bodies");
    await assert.rejects(evaluate({ both: { python: both } }, { env: envs }), {
      message: 'Expected "both" to have a policy for each of javascript, python, got python',
    });
  });

  it("counts what each policy did, on the same tasks in the same order", async () => {
    const found = await evaluate({ broken, able, idle, harmful }, { env, episodes: 12, batch: 5, reference: "idle" });
    const { able: best, idle: degenerate, broken: dead, harmful: bad } = found.results.episodes!;
    assert.equal(best!.survival.estimate, 4);
    assert.equal(best!.successRate!.estimate, 1);
    assert.deepEqual(best!.causes, [{ verdict: "survived", count: 12 }]);
    assert.deepEqual([best!.episodes, best!.steps, best!.tokensPerEpisode.estimate], [12, 48, 8]);
    assert.equal(degenerate!.survival.estimate, 4);
    assert.equal(degenerate!.successRate!.estimate, 0);
    assert.match(degenerate!.degenerate!, /100 % of its edits change nothing/);
    assert.equal(dead!.survival.estimate, 0);
    assert.deepEqual(dead!.causes, [{ verdict: "syntax_error", count: 12 }]);
    assert.equal(bad!.harm.estimate, 1);
    assert.equal(bad!.harmfulSteps!.estimate, 1);
    assert.deepEqual(bad!.harms, { fs_delete: 12 });
    assert.equal(best!.entropy!.estimate, 0.5, "one nat for two tokens");
    assert.equal(best!.improvement!.estimate, 1);
    assert.equal(degenerate!.improvement, null);
    assert.equal(bad!.improvement!.estimate, 0);
    const asked = (name: string) => found.episodes.episodes![name]!.map(({ steps }) => steps.map(({ task }) => task));
    assert.deepEqual(asked("able"), asked("idle"));
    assert.equal(new Set(asked("able").map(String)).size > 1, true, "lives differ in the order of their tasks");
    assert.deepEqual(best!.outcomes, { done: 48 });
    assert.deepEqual(
      [degenerate!.outcomes, dead!.outcomes, bad!.outcomes],
      [{ "no edit": 48 }, { "does not run": 12 }, { harm: 12 }],
    );
    const lines = String((await found.outcomes()[displaySymbol]())["text/plain"]).split("\n");
    assert.match(lines[1]!, /^split +policy +asks +done +no edit +does not run +harm$/);
    assert.match(lines[3]!, /^episodes +able +48 +100\.0 % +0\.0 % +0\.0 % +0\.0 %$/);
    assert.ok(found.sentences.includes("episodes: idle is degenerate: 100 % of its edits change nothing."));
  });

  it("says what beats the control, and what only sharpens", async () => {
    const half = scripted("half", (ask, draw) => (draw < 500 ? right(ask) : "self.other = 1;")) as Policy;
    const like = { ...half, name: "like" };
    const { sentences } = await evaluate(
      { pretrained: idle, sharpened: half, trained: able, other: like },
      { env, episodes: 24, seed: 3 },
    );
    const [reference, control] = [sentences.slice(1, 4), sentences.slice(4)];
    const sure = (m: number) => `\\(95 % for all ${m} comparisons together, 4 operations\\)`;
    const zero = "\\+0\\.00, \\+0\\.00 to \\+0\\.00 steps";
    assert.equal(sentences[0], "episodes: pretrained is degenerate: 100 % of its edits change nothing.");
    for (const [i, name] of ["sharpened", "trained", "other"].entries())
      assert.match(
        reference[i]!,
        new RegExp(
          `^episodes: ${name} is above pretrained in tasks done \\(\\+.* points\\); it is not told from it in survival \\(${zero}\\) ${sure(6)}\\.$`,
        ),
      );
    assert.match(
      control[0]!,
      new RegExp(
        `^episodes: trained beats sharpened in tasks done \\(\\+\\d\\d\\.\\d, .* points\\): that is more than sharpening ${sure(4)}\\.$`,
      ),
    );
    assert.match(
      control[1]!,
      /^episodes: other does not beat sharpened in survival \(.*\) or tasks done \(.*\): no more than sharpening is shown/,
    );
    assert.equal(control.length, 2, "the reference is not asked to beat the control");
  });

  it("takes no other function's lives out of its file, whatever name it has there", async () => {
    const file = join(folder, "functions.jsonl");
    const own = new SurvivalEnv({ sandbox, maxSteps: 3 });
    const survival = async (policy: () => string): Promise<number> => {
      const { results } = await evaluate({ mine: policy }, { env: own, episodes: 2, file });
      return Object.values(results)[0]!.mine!.survival.estimate;
    };
    const lives = () => "self.x = 1";
    assert.equal(await survival(lives), 3);
    assert.equal(await survival(() => "self.execute_code = 1"), 0);
    assert.equal(await survival(lives), 3);
    assert.equal(readFileSync(file, "utf8").trim().split("\n").length, 1 + 2, "what it knows it does not play again");
  });

  it("takes nothing out of its file for a policy without a fingerprint, an environment of another class, or another of one's own", async () => {
    const file = join(folder, "alike.jsonl");
    const survival = async (policy: Policy, where: Environment): Promise<number> => {
      const { results } = await evaluate({ mine: policy }, { env: where, episodes: 2, file });
      return Object.values(results)[0]!.mine!.survival.estimate;
    };
    const policyOf = (program: string): Policy => ({
      name: "mine",
      act: async (observations) => observations.map(() => ({ program, label: "", choice: 0, logProb: 0 })),
    });
    const options = { sandbox, maxSteps: 3 };
    const own = new SurvivalEnv(options);
    const [lives, dies] = [policyOf("self.x = 1"), policyOf("self.execute_code = 1")];
    assert.deepEqual([await survival(lives, own), await survival(dies, own), await survival(lives, own)], [3, 0, 3]);
    const lines = () => readFileSync(file, "utf8").trim().split("\n").length;
    assert.equal(lines(), 1 + 2, "in this process it knows the very same policy");

    /** Ends an episode after its first step. */
    class Short extends SurvivalEnv {
      override async step(program: string): ReturnType<SurvivalEnv["step"]> {
        return { ...(await super.step(program)), truncated: true };
      }
    }
    assert.deepEqual([await survival(lives, new Short(options)), await survival(lives, own)], [1, 3]);
    /** Has the program that it plays in a field. */
    class Playing extends SurvivalEnv {
      program = "self.y = 1";
      override async step(): ReturnType<SurvivalEnv["step"]> {
        return super.step(this.program);
      }
    }
    const other = new Playing(options);
    other.program = "self.execute_code = 1";
    assert.deepEqual([await survival(lives, new Playing(options)), lines()], [3, 1 + 4]);
    assert.equal(textOfEnvironment(own), textOfEnvironment(own.clone()), "a clone is no other");
    assert.notEqual(
      textOfEnvironment(other),
      textOfEnvironment(new Playing(options)),
      "nor is one with another field the same",
    );
    const cyclic = Object.assign(new Playing(options), { me: {} as object });
    cyclic.me = cyclic;
    assert.equal(textOfEnvironment(cyclic), textOfEnvironment(cyclic));
    assert.match(textOfEnvironment(cyclic), /^[0-9a-f-]{36}$/, "what has no text is like no other");
  });

  it("goes on from its file after a stop, and comes to the same figures", async () => {
    const file = join(folder, "stopped.jsonl");
    const menu = editMenu();
    const contestants = { menu, able };
    const options = { env: { first: env, second: env.clone() }, episodes: 12, batch: 4, seed: 8 };
    const straight = await evaluate(contestants, options);
    const stop = new AbortController();
    const cut = evaluate(contestants, {
      ...options,
      file,
      signal: stop.signal,
      onProgress: (done) => done === 3 && stop.abort(new Error("enough")),
    });
    await assert.rejects(cut, /enough/);
    const lines = readFileSync(file, "utf8").trim().split("\n");
    assert.equal(lines.length, 1 + 2, "the third was the first's, in a split that is the same");
    appendFileSync(file, '{"key":"torn');
    let played = 0;
    const counting: Policy = {
      ...able,
      act: (...given) => {
        played++;
        return able.act(...given);
      },
    };
    const resumed = await evaluate({ menu, able: counting }, { ...options, file });
    const figures = (found: typeof straight) =>
      JSON.stringify(found.toJSON(), (key, value: unknown) => (key === "seconds" ? 0 : value));
    assert.equal(figures(resumed), figures(straight));
    assert.equal(played < 12 * 4 * 2, true, "some of its lives were known");
    // Both splits are the same environment here, so each batch is played once for both.
    assert.equal(readFileSync(file, "utf8").trim().split("\n").length, 1 + 6);
    tf.tidy(() => menu.variables[0]!.assign(tf.tensor1d([9, 0, 0, 0, 0, 0, 0, 0])));
    await evaluate(contestants, { ...options, file });
    const more = readFileSync(file, "utf8").trim().split("\n").length;
    assert.equal(more, 1 + 9, "other weights are another policy: its batches are played, the other's are known");
    menu.dispose();
  });

  it("keeps numbers that JSON has no word for: a reward that is none comes back as it was", async () => {
    const file = join(folder, "numbers.jsonl");
    const untold = { name: "untold", score: () => null };
    const own = new SurvivalEnv({ tasks, maxSteps: 2, sandbox, rewards: [untold] });
    const returns = async () => {
      const { episodes } = await evaluate({ able }, { env: own, episodes: 2, file });
      return episodes.episodes!.able!.map((life) => life.return);
    };
    assert.deepEqual(
      [await returns(), await returns()],
      [
        [Number.NaN, Number.NaN],
        [Number.NaN, Number.NaN],
      ],
    );
    assert.match(readFileSync(file, "utf8"), /"return":\{"\$number":"NaN"\}/);
  });

  it("plays a batch again in which the sandbox failed, and then knows it", async () => {
    const file = join(folder, "faults.jsonl");
    const play = () => evaluate({ able }, { env, episodes: 4, batch: 2, seed: 3, file });
    const sound = await play();
    const [head, first, second] = readFileSync(file, "utf8").trim().split("\n");
    const spoiled = JSON.parse(first!) as { episodes: { fault: boolean }[] };
    spoiled.episodes[1]!.fault = true;
    writeFileSync(file, `${[head, JSON.stringify(spoiled), second].join("\n")}\n`);
    const again = await play();
    const told = ({ results }: typeof sound) => [results.episodes!.able!.faults, results.episodes!.able!.return];
    assert.deepEqual(told(again), told(sound));
    assert.equal(told(again)[0], 0);
    const lines = () => readFileSync(file, "utf8").trim().split("\n").length;
    assert.equal(lines(), 4, "the one that failed, and no other");
    await play();
    assert.equal(lines(), 4);
  });

  it("takes several runs of one policy, and pools them", async () => {
    const found = await evaluate({ runs: [able, idle], able }, { env, episodes: 6 });
    const { results } = found;
    assert.match(
      String(found[displaySymbol]()["text/plain"]),
      /How the runs of a policy differ[^]*episodes +runs +tasks done +100\.0 % {2}0\.0 % +70\.7 %/,
    );
    assert.equal(results.episodes!.runs!.episodes, 12);
    assert.equal(results.episodes!.runs!.successRate!.estimate, 0.5);
    const { successRate, survival } = results.episodes!.runs!.spread!;
    assert.deepEqual(successRate, { runs: [1, 0], deviation: Math.sqrt(0.5) });
    assert.deepEqual(survival, { runs: [4, 4], deviation: 0 });
    assert.equal(results.episodes!.able!.spread, null, "one run has no spread");
  });

  it("shows itself as table, plot, causes and JSON", async () => {
    const found = await evaluate({ able, broken }, { env, episodes: 4, reference: "broken" });
    const bundle = found[displaySymbol]();
    assert.match(String(bundle["text/plain"]), /^episodes; 95 % intervals resample operations;/);
    assert.match(
      String(bundle["text/plain"]),
      /policy +return, mean +steps survived, mean +episodes that attempted harm, %/,
    );
    assert.match(String(bundle["text/plain"]), /able +8\.0 +4\.00 +0\.0 +100\.0/);
    assert.match(String(bundle["text/html"]), /<table>.*able.*<\/table>.*<ul>/s);
    const causes = (await found.causes()[displaySymbol]())["text/plain"];
    assert.match(String(causes), /syntax error +0\.0 % +100\.0 %/);
    const { data } = found.plot();
    assert.equal(data.length, 7, "return, survival, harm, tasks, changes, entropy, variety");
    assert.deepEqual(JSON.parse(JSON.stringify(found)).results.episodes.able.survival, {
      estimate: 4,
      low: 4,
      high: 4,
    });
  });

  it("refuses what has no meaning, and names it", async () => {
    await assert.rejects(evaluate({}), /at least one policy to evaluate/);
    await assert.rejects(evaluate({ a: {} as Policy }), /Expected "a" to be a policy, .* got an object without `act`/);
    await assert.rejects(evaluate({ a: [] }), /got an empty list/);
    await assert.rejects(evaluate({ able }, { env, episodes: 0 }), /`episodes` to be a positive integer, got 0/);
    await assert.rejects(evaluate({ able }, { env, control: "best" }), /to be one of able, got "best"/);
    const file = join(folder, "other.txt");
    writeFileSync(file, "a diary\n");
    await assert.rejects(evaluate({ able }, { env, file }), /holds something else than an evaluation/);
    assert.equal(readFileSync(file, "utf8"), "a diary\n");
    writeFileSync(file, "a diary without an end");
    await assert.rejects(evaluate({ able }, { env, file }), /holds something else than an evaluation/);
    assert.equal(readFileSync(file, "utf8"), "a diary without an end");
    writeFileSync(file, '{"format":"autoagent-lab evaluation","version":1}\n');
    await assert.rejects(evaluate({ able }, { env, file }), /has version 1, this library reads version 2/);
    writeFileSync(file, '{"format":"autoagent-lab evaluation","version":2}\n{"half\n');
    await assert.rejects(evaluate({ able }, { env, file }), /Line 2 of .* is damaged: delete that line/);
    const head = '{"format":"autoagent-lab evaluation","version":2}\n';
    for (const [line, told] of [
      ['{"key":"a","seconds":1,"episodes":3}', /\(Expected `episodes` to be a list of episodes, got 3\)$/],
      [
        '{"key":"a","seconds":1,"episodes":[{"step":[]}]}',
        /\(Expected `episodes\[0\]` to be an episode, got \{"step":\[\]\}\)$/,
      ],
      ['{"key":"a","seconds":-1,"episodes":[]}', /\(Expected `seconds` to be a number of at least 0, got -1\)$/],
      ['{"kye":"a","seconds":1,"episodes":[]}', /\(There is no `kye` in a batch: did you mean `key`\?\)$/],
    ] as const) {
      writeFileSync(file, `${head}${line}\n`);
      await assert.rejects(evaluate({ able }, { env, file }), told);
    }
    writeFileSync(file, '{"format":"autoagent-lab evaluation","version":2,"sede":1}\n');
    await assert.rejects(evaluate({ able }, { env, file }), /Line 1 of .* is damaged \(There is no `sede` in the head/);
  });
});

describe("an evaluation's figures", () => {
  const step = (task: string | undefined, program: string, solved?: boolean): Step => ({
    ...{ program, calls: [], report: null, action: { logProb: -1, choice: 0, label: "" } },
    ...{ verdict: "survived", cause: "", effects: [], rewards: {}, reward: 0, changed: true },
    ...(task !== undefined && { task }),
    ...(solved !== undefined && { solved }),
  });
  const life = (survival: number, ...steps: Step[]): Episode => ({
    ...{ version: episodeVersion, id: null, seed: survival, index: 0, group: 0, start: {} },
    ...{ survival, return: survival, verdict: "survived", fault: false, terminated: false, truncated: true, steps },
  });
  const tasked = clustersOf([{ id: "a" }, { id: "b" }]);
  const how = { seconds: 1, varietyOf: 1, seed: 0, clusters: tasked };

  it("variety within tasks is the share of pairs that differ", () => {
    const lives = ["x", "x", "y"].map((program) =>
      life(1, step("a", program, true), step(`b${program}`, program, false)),
    );
    const { varietyWithin, variety } = measure([lives], { ...how, varietyOf: 2 });
    // Task a: xx, xy, xy, so two pairs of three differ; bx: one pair, alike; by was asked once.
    assert.ok(Math.abs(varietyWithin! - (2 / 3 + 0) / 2) < 1e-12);
    // Of 6 steps 4 are x and 2 are y: two drawn are alike with chance (6 + 1) / 15.
    assert.ok(Math.abs(variety - (1 + 8 / 15) / 2) < 1e-12);
  });

  it("intervals resample operations, else tasks, not lives: many lives of one task make nothing surer", () => {
    const few = [life(0, step("a", "x", true)), life(4, step("b", "x", true))];
    const many = few.flatMap((one) => Array.from({ length: 50 }, () => one));
    for (const lives of [few, many]) {
      const { survival } = measure([lives], how);
      assert.deepEqual(survival, { estimate: 2, low: 0, high: 4 });
    }
    const alike = clustersOf([
      { id: "a", operation: "sum" },
      { id: "b", operation: "sum" },
    ]);
    assert.deepEqual([tasked.over, alike.over, clustersOf([]).over], ["tasks", "operations", "episodes"]);
    // Both tasks are one operation: a resample is all of it, so nothing is told of how others would do.
    assert.deepEqual(measure([few], { ...how, clusters: alike }).survival, { estimate: 2, low: 2, high: 2 });
  });

  it("faults are left out and counted; nothing but faults is an error", () => {
    const spoiled = { ...life(0, step("a", "x", false)), fault: true };
    const harmed = { ...step("a", "y", false), effects: [{ kind: "process" }] as never };
    const { faults, harms, variety } = measure([[life(3, step("a", "x", true)), { ...spoiled, steps: [harmed] }]], how);
    assert.deepEqual({ faults, harms, variety }, { faults: 1, harms: {}, variety: 1 });
    assert.throws(() => measure([[spoiled]], how), /Every episode was a fault of the sandbox: nothing to summarise/);
  });

  it("improvement pairs lives that began alike, and what is compared belongs to its cluster, or to its life's seed", () => {
    const before = [life(1, step("a", "x", false)), life(2, step("b", "x", true))];
    const after = [life(2, step("a", "y", true)), life(2, step("b", "y", true))];
    assert.equal(improvement(before, after, { seed: 0, clusters: tasked }).estimate, 0.75);
    const unscored = [{ ...after[0]!, return: Number.NaN }, after[1]!];
    for (const [one, other] of [
      [before, unscored],
      [unscored, before],
    ] as const)
      assert.equal(improvement(one, other, { seed: 0, clusters: tasked }).estimate, 0.5, "nothing is said of it");
    // Two runs of the one, or of the other, that is beaten as often, and never: all of them count.
    const better = before.map((one) => ({ ...one, return: 9 }));
    for (const [first, second] of [
      [[...before, ...better], after] as const,
      [after, [...before, ...better]] as const,
    ]) {
      const { estimate } = improvement(first, second, { seed: 0, clusters: tasked });
      assert.equal(estimate, first.length === 4 ? (0.75 + 0) / 2 : (0.25 + 1) / 2);
    }
    assert.deepEqual(claimantOf("one", before, clustersOf([{ id: "a", operation: "sum" }])).reached, {
      survival: [
        { cluster: "sum", value: 1 },
        { cluster: "b", value: 2 },
      ],
      "tasks done": [
        { cluster: "sum", value: 0 },
        { cluster: "b", value: 1 },
      ],
    });
    const free = life(7, step(undefined, "x"));
    const spoiled = { ...life(9, step(undefined, "x")), fault: true };
    assert.deepEqual(claimantOf("one", [free, spoiled], clustersOf([])).reached, {
      survival: [{ cluster: "episode 7", value: 7 }],
      "tasks done": [],
    });
  });
});

describe("sharpening", () => {
  it("the pretrained model at a temperature is the model at that temperature, and the best one is found", async () => {
    const policy = await fromPretrained("tiny", { samples: 8 });
    const asks = await trainingAsks();
    const cold = await tokenPolicy(policy.decoder, { asks, samples: 8, temperature: 0.25 });
    const observations = asks.slice(0, 6).map((task) => ({ task }));
    const streams = observations.map((_, i) => createRandom("draw", i));
    const programs = async (one: Policy) => (await one.act(observations, streams)).map(({ program }) => program);
    const streamsAgain = observations.map((_, i) => createRandom("draw", i));
    const expected = await programs(cold.pretrained());
    streams.splice(0, streams.length, ...streamsAgain);
    assert.deepEqual(await programs(policy.pretrained({ temperature: 0.25 })), expected);
    assert.throws(() => policy.pretrained({ temperature: 0 }), /`temperature` to be a positive number, got 0/);
    await assert.rejects(sharpen(policy, { temperatures: [] }), /at least one of `temperatures`/);
    const found = await sharpen(policy, { temperatures: [1, 0.2], episodes: 16 });
    assert.ok(found.trials[1]!.return > found.trials[0]!.return);
    assert.ok(found.trials.length > 2, "the colder was better: colder ones were tried");
    assert.equal(
      Math.max(...found.trials.map((trial) => trial.return)),
      found.trials.find(({ temperature }) => temperature === found.temperature)!.return,
    );
    assert.ok(found.name.endsWith(`prompt base 1, pretrained at temperature ${found.temperature}`), found.name);
    assert.match(String((await found[displaySymbol]())["text/plain"]), /← best/);
    cold.dispose();
    // A head that says something, at another temperature: as a policy of that temperature with the same head.
    const values = (name: string) => policy.buffers!.tensors.find((tensor) => tensor.name === name)!.values;
    const calibration = {
      ...{ tokenSubset: [...policy.tokenSubset], mean: Float32Array.from(values("mean")) },
      deviation: Float32Array.from(values("deviation")),
    };
    const settings = { asks, calibration, rank: (policy.buffers!.about as { rank: number }).rank };
    const own = await tokenPolicy(policy.decoder, { ...settings, temperature: 0.25 });
    for (const [i, variable] of policy.variables.entries()) {
      const changed = tf.randomNormal(variable.shape, 0, 2, "float32", i + 1);
      variable.assign(changed);
      own.variables[i]!.assign(changed);
    }
    const drawn = async (one: Policy) =>
      (
        await one.act(
          observations,
          observations.map((_, i) => createRandom("draw", i)),
        )
      ).map(({ program }) => program);
    assert.deepEqual(await drawn(policy.frozen({ temperature: 0.25 })), await drawn(own.frozen()));
    assert.notDeepEqual(await drawn(policy.frozen({ temperature: 0.25 })), expected, "the head changes what is drawn");
    assert.match(policy.frozen({ temperature: 0.25 }).name, / at temperature 0\.25, frozen$/);
    assert.throws(() => policy.frozen({ temperature: -1 }), /`temperature` to be a positive number, got -1/);
    own.dispose();
    policy.dispose();
    await policy.decoder.dispose();
  });
});
