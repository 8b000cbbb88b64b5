/** A study keeps the runs that had ended when it was stopped or killed, and goes on from them. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { displaySymbol } from "../../src/display/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { editMenu } from "../../src/policy/index.ts";
import { mean } from "../../src/statistics/index.ts";
import { type Study, type StudyOptions, study } from "../../src/training/index.ts";
import { fakeSandbox, infrastructureError } from "../sandbox/fake.ts";
import { menu, nameEnv } from "./fixtures.ts";

const common: StudyOptions = {
  env: nameEnv(),
  makePolicy: () => editMenu(menu),
  variants: { mean: { estimator: "mean", updates: 3, episodes: 8 }, literal: { estimator: "raw-return", updates: 3 } },
  seeds: [1, 2],
  evaluationEpisodes: 10,
};

/** All that is known of the runs, weights included. */
const facts = ({ runs }: Study) => runs.map(({ policy, ...run }) => [run, [...policy.variables[0]!.dataSync()]]);

/** The file's runs, by variant and seed. */
const kept = (file: string): string[] =>
  readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const { run } = JSON.parse(line) as { run: { name: string; seed: number } };
      return `${run.name} ${run.seed}`;
    });

describe("a study", () => {
  let folder: string;
  let straight: unknown;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "study-"));
    straight = facts(await study(common));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("that is stopped keeps the runs that had ended, and a second call trains only the others", async () => {
    const file = join(folder, "deep", "stopped.jsonl");
    const stop = new AbortController();
    const onProgress = (done: number): void => {
      if (done === 8) stop.abort(new Error("enough"));
    };
    await assert.rejects(study({ ...common, file, signal: stop.signal, onProgress }), { message: "enough" });
    assert.deepEqual(kept(file), ["mean 1", "literal 1"]);
    const told: string[] = [];
    const again = await study({
      ...common,
      file,
      onProgress: (done, total, what) => told.push(`${done}/${total} ${what}`),
    });
    assert.deepEqual(told.slice(0, 2), ["3/12 mean, seed 1: from the file", "6/12 literal, seed 1: from the file"]);
    assert.match(told[2]!, /^7\/12 mean, seed 2: \d/);
    assert.deepEqual(facts(again), straight);
    assert.deepEqual(kept(file), ["mean 1", "literal 1", "mean 2", "literal 2"]);
  });

  it("counts the updates that a policy recommends where a variant says nothing of them, with and without a file", async () => {
    const recommended = { updates: 2, episodes: 4 };
    const makePolicy = () => ({ ...editMenu(menu), recommended });
    const variants = { ours: {}, brief: { updates: 1 }, literal: { estimator: "raw-return" as const, updates: 1 } };
    const file = join(folder, "recommended.jsonl");
    for (const expected of [
      ["1/8", "2/8", "3/8", "4/8", "5/8", "6/8", "7/8", "8/8"],
      ["2/8", "3/8", "4/8", "6/8", "7/8", "8/8"],
    ]) {
      const told: string[] = [];
      const onProgress = (done: number, total: number) => void told.push(`${done}/${total}`);
      await study({ ...common, makePolicy, variants, evaluationEpisodes: 2, file, onProgress });
      assert.deepEqual(told, expected);
    }
  });

  it("that is killed with kill -9 again and again ends as a straight one", async () => {
    const program = join(import.meta.dirname, "studied.ts");
    const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
    const run = (file: string | null, killAfter = Infinity) =>
      new Promise<string[]>((resolve, reject) => {
        const child = spawn(process.execPath, [...flags, program, ...(file ? [file] : [])], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        let text = "";
        child.stdout.setEncoding("utf8").on("data", (more: string) => {
          text += more;
          if (text.split("\n").length > killAfter) child.kill("SIGKILL");
        });
        child.on("error", reject).on("close", () => resolve(text.trim().split("\n")));
      });
    const whole = await run(null);
    const file = join(folder, "killed.jsonl");
    await run(file, 7);
    assert.ok(kept(file).length >= 1 && kept(file).length < 6, kept(file).join());
    appendFileSync(file, '{"format":"autoagent-lab stu'); // as a kill in the middle of a write leaves it
    await run(file, 8);
    assert.equal((await run(file)).at(-1), whole.at(-1));
    assert.equal(new Set(kept(file)).size, 6);
    assert.equal(kept(file).length, 6);
  });

  it("says whose gain is no more than the control's, and who is degenerate", async () => {
    const fixed = (logits: number[]) => () => editMenu(menu, { logits });
    const result = await study({
      ...common,
      variants: {
        head: { updates: 1, episodes: 2, learningRate: 1e-6, makePolicy: fixed([0, 0, 0]) },
        temperature: { updates: 1, episodes: 2, learningRate: 1e-6, makePolicy: fixed([0, 0, 0]) },
        stone: {
          updates: 1,
          episodes: 2,
          learningRate: 1e-6,
          makePolicy: async () => editMenu(menu, { logits: [30, 0, 0] }),
        },
      },
      evaluationEpisodes: 20,
    });
    assert.equal(result.claims.length, 3);
    const [degenerate, head, stone] = result.claims as [string, string, string];
    assert.equal(degenerate, "stone is degenerate: entropy 0.000 nats: it does one thing only.");
    assert.match(
      head,
      /^head does not beat temperature in steps survived \(.* steps\): no more than sharpening is shown \(95 % for all 2 comparisons together, 2 seeds\)\.$/,
    );
    // Each seed's difference by hand, and the paired t of two seeds at 97.5 %: scipy.stats.t.ppf(1 - 0.025 / 2, 1) = 25.4517
    const [one, other] = [0, 1].map((i) => result.of("stone")[i]!.survival - result.of("temperature")[i]!.survival);
    const [middle, half] = [(one! + other!) / 2, (25.4517 * Math.abs(one! - other!)) / 2];
    const text = (value: number) => `${value >= 0 ? "+" : "−"}${Math.abs(value).toFixed(2)}`;
    assert.ok(
      stone.includes(`in steps survived (${text(middle)}, ${text(middle - half)} to ${text(middle + half)} steps)`),
      stone,
    );
    const shown = result[displaySymbol]();
    const drawn = result.plot()[displaySymbol]();
    for (const claim of result.claims)
      for (const text of [shown["text/plain"], shown["text/html"], drawn["text/plain"]])
        assert.ok(String(text).includes(claim), claim);
    assert.match(String(shown["text/plain"]), /stone .* degenerate\n/);
    await assert.rejects(study({ ...common, control: "cold" }), {
      message: 'Expected `control` to be one of mean, literal, got "cold"',
    });
    const single = await study({ ...common, control: "literal", seeds: [1] });
    assert.equal(single.claims.length, 1);
    assert.match(single.claims[0]!, /\(95 %, 10 episodes of one seed\)\.$/);
    for (const { survival, episodes } of single.runs)
      assert.ok(Math.abs(mean(episodes.map((life) => life!.survival)) - survival) < 1e-12);
  });

  it("compares the tasks done too, where there are some: by seed, and of a single seed by life", async () => {
    /** Every step is asked something, which "good" does. */
    const asking = (inner = nameEnv()): ReturnType<typeof nameEnv> => ({
      ...inner,
      async step(program) {
        const transition = await inner.step(program);
        return { ...transition, info: { ...transition.info, task: "be good", solved: program === "good" } };
      },
      clone: () => asking(),
    });
    const fixed = (logits: number[]) => () => editMenu(menu, { logits });
    const still = { updates: 1, episodes: 2, learningRate: 1e-6 };
    const asked = {
      ...common,
      env: asking(),
      variants: {
        temperature: { ...still, makePolicy: fixed([0, 0, 0]) },
        head: { ...still, makePolicy: fixed([4, 0, 0]) },
      },
    };
    for (const [seeds, over] of [
      [[1, 2, 3], "3 seeds"],
      [[1], "10 episodes of one seed"],
    ] as const) {
      const { claims, of } = await study({ ...asked, seeds });
      assert.equal(claims.length, 1);
      const done = (name: string) => mean(of(name).map(({ successRate }) => successRate!));
      const gain = `tasks done (+${(100 * (done("head") - done("temperature"))).toFixed(1)}, `;
      assert.ok(claims[0]!.includes(gain), `${gain} ${claims[0]}`);
      assert.ok(
        claims[0]!.startsWith("head beats temperature in ") && claims[0]!.includes(`together, ${over})`),
        claims[0],
      );
      for (const { successRate, episodes } of of("head")) {
        const sum = (key: "asked" | "done") => episodes.reduce((all, life) => all + life![key], 0);
        assert.equal(successRate, sum("done") / sum("asked"));
      }
    }
  });

  it("leaves out of a run's figures what the sandbox spoiled, and keeps its place", async () => {
    const { sandbox } = fakeSandbox((_, { step, options }) =>
      step === 1 && options.seed! % 3 === 0 ? infrastructureError : {},
    );
    const env = new SurvivalEnv({ sandbox, maxSteps: 4 });
    const variants = { mean: { updates: 1, episodes: 6 } };
    const [run] = (await study({ env, makePolicy: () => editMenu(menu), variants, seeds: [1], evaluationEpisodes: 20 }))
      .runs;
    const spoiled = run!.episodes.filter((life) => life === null).length;
    assert.ok(spoiled > 0 && spoiled < 20, `${spoiled} of ${run!.episodes.length}`);
    assert.deepEqual([run!.survival, run!.survivalInterval], [4, { estimate: 4, low: 4, high: 4 }]);
  });

  it("refuses a file of other settings, and one that is something else", async () => {
    const file = join(folder, "other.jsonl");
    await study({ ...common, seeds: [1], file });
    const variants = { mean: { estimator: "mean" as const, updates: 4, episodes: 8 } };
    await assert.rejects(study({ ...common, seeds: [1], variants, file }), {
      message: `The study ${file} holds "mean" with seed 1 under other settings: give \`file\` another path, or the settings of then`,
    });
    const text = join(folder, "text.txt");
    writeFileSync(text, "hello\nworld");
    await assert.rejects(study({ ...common, file: text }), {
      message: `Line 1 of ${text} is no run of a study: give \`file\` another path`,
    });
    assert.equal(readFileSync(text, "utf8"), "hello\nworld");
    writeFileSync(text, '{"format":"autoagent-lab study 1","run":{}}\n');
    await assert.rejects(study({ ...common, file: text }), {
      message: `The study ${text} was kept by another version of this library, which kept other figures: give \`file\` another path`,
    });
  });
});
