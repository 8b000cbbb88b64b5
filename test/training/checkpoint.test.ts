import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { packSafetensors, readSafetensorsHeader, readTensor } from "../../src/model/index.ts";
import { type EditMenu, editMenu, tf, tokenPolicy } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import {
  type Checkpoint,
  type Estimator,
  estimators,
  readCheckpoint,
  type TrainOptions,
  train,
  trainedPolicy,
  writeCheckpoint,
} from "../../src/training/index.ts";
import { toyDecoder } from "../policy/token/toy.ts";
import { menu, nameEnv } from "./fixtures.ts";

const common = { episodes: 8, seed: 21 };

/** Trains to the end, or breaks off after `until` updates and gives the checkpoint of the last. */
async function learn(policy: EditMenu, options: Partial<TrainOptions>, until = Infinity): Promise<Checkpoint> {
  let last: Checkpoint | undefined;
  for await (const { update, checkpoint } of train({ env: nameEnv(), policy, ...common, ...options })) {
    last = await checkpoint();
    if (update + 1 >= until) break;
  }
  return last!;
}

const weightsOf = (policy: EditMenu): number[] => [...policy.variables[0]!.dataSync()];

describe("a checkpoint", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "checkpoint-"));
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const optimizer of ["adam", "sgd"] as const)
    it(`resumes ${optimizer} in a fresh policy, through a file, equal to a straight run to the last bit`, async () => {
      const straight = editMenu(menu);
      const end = await learn(straight, { updates: 12, optimizer });
      const broken = editMenu(menu);
      const path = join(folder, `${optimizer}.json`);
      await writeCheckpoint(path, await learn(broken, { updates: 12, optimizer }, 5));
      assert.notDeepEqual(weightsOf(broken), weightsOf(straight));
      const fresh = editMenu(menu);
      const resumed = await learn(fresh, { updates: 12, optimizer, resume: await readCheckpoint(path) });
      assert.deepEqual(weightsOf(fresh), weightsOf(straight));
      assert.deepEqual(resumed, end);
      assert.deepEqual([resumed.update, resumed.episodesSoFar], [12, 96]);
      for (const policy of [straight, broken, fresh]) policy.dispose();
    });

  it("that is not there is said so", async () => {
    await assert.rejects(readCheckpoint("no/such.safetensors"), {
      name: "CheckpointFailure",
      message: "There is no checkpoint no/such.safetensors: `train({ save })` writes one",
    });
  });

  it("makes its folder; a place that cannot be written, or read as a file, is named with the cure", async () => {
    const policy = editMenu(menu);
    const last = await learn(policy, { updates: 1 });
    policy.dispose();
    const inside = join(folder, "new", "deeper", "x.safetensors");
    await writeCheckpoint(inside, last);
    assert.equal((await readCheckpoint(inside)).update, 1);
    await assert.rejects(readCheckpoint(folder), {
      name: "CheckpointFailure",
      message: `The checkpoint ${folder} is a folder: give the file in it`,
    });
    for (const [path, code] of [
      [folder, "EISDIR"],
      [join(inside, "below.safetensors"), "EEXIST"],
    ] as const)
      await assert.rejects(writeCheckpoint(path, last), {
        name: "DiskFailure",
        message: `${path} cannot be a file (${code}): it is a folder, or lies below a file; choose another path by \`save\``,
      });
    const shared = join(folder, "shared.safetensors");
    await Promise.all(Array.from({ length: 8 }, () => writeCheckpoint(shared, last)));
    assert.equal((await readCheckpoint(shared)).update, 1);
  });

  it("leaves no tensor behind, with Adam and with SGD", async () => {
    for (const optimizer of ["adam", "sgd"] as const) {
      const policy = editMenu(menu);
      const counts: number[] = [];
      const save = join(folder, "leak.safetensors");
      for await (const _ of train({ env: nameEnv(), policy, ...common, updates: 6, optimizer, save }))
        counts.push(tf.memory().numTensors);
      assert.equal(counts[5], counts[1], String(counts));
      policy.dispose();
    }
  });

  it("of a run beside another on another backend, both cold, is what each gives alone", async () => {
    const run = async (backend: "cpu" | "wasm") => {
      const policy = editMenu(menu);
      const { weights } = await learn(policy, { updates: 4, backend });
      policy.dispose();
      return weights;
    };
    // Nothing in this process has asked for wasm before.
    const together = await Promise.all([run("wasm"), run("cpu"), run("wasm")]);
    const alone = [await run("wasm"), await run("cpu")];
    assert.deepEqual(together, [...alone, alone[0]]);
    await learn(editMenu(menu), { updates: 1, backend: "cpu" });
  });

  it("is written to where a link leads, which stays", async () => {
    const [path, link] = [join(folder, "elsewhere.safetensors"), join(folder, "link.safetensors")];
    const saved = await learn(editMenu(menu), { updates: 2 }, 1);
    await writeCheckpoint(path, saved);
    symlinkSync(path, link);
    await writeCheckpoint(link, { ...saved, episodesSoFar: 5 });
    assert.deepEqual([lstatSync(link).isSymbolicLink(), (await readCheckpoint(path)).episodesSoFar], [true, 5]);
  });

  it("leaves no half-written file beside it", async () => {
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith(".part")),
      [],
    );
  });

  it("that is cut off, altered or not one at all is refused by name", async () => {
    const path = join(folder, "bad.json");
    const policy = editMenu(menu);
    await writeCheckpoint(path, await learn(policy, { updates: 1 }));
    policy.dispose();
    const whole = readFileSync(path);
    const flipped = Buffer.from(whole);
    flipped[whole.length - 3]! ^= 1;
    const altered = Buffer.from(
      whole.toString("latin1").replace('\\"episodesSoFar\\":8', '\\"episodesSoFar\\":9'),
      "latin1",
    );
    const tries: [Buffer, string][] = [
      [flipped, "its checksum does not fit its content"],
      [altered, "its checksum does not fit its content"],
      [whole.subarray(0, 5), "it has 5 bytes, a safetensors file has at least 8"],
      [whole.subarray(0, 60), `its header claims ${whole.readBigUInt64LE(0)} bytes, the file has 60`],
      [
        Buffer.from("hello, this is no checkpoint at all"),
        "its header claims 8367736964726416744 bytes, the file has 35",
      ],
      [packSafetensors([]), "it is not a checkpoint: its header does not speak of one"],
    ];
    assert.notDeepEqual(altered, whole);
    for (const [bytes, reason] of tries) {
      writeFileSync(path, bytes);
      const message = `The checkpoint ${path} is damaged (${reason}): use an earlier one`;
      await assert.rejects(readCheckpoint(path), { name: "CheckpointFailure", message });
    }
    writeFileSync(path, whole);
    const read = await readCheckpoint(path);
    for (const [change, reason] of [
      [{ update: "2" }, 'Expected `update` to be 0 or a positive integer, got "2"'],
      [{ episodesSoFar: -1 }, "Expected `episodesSoFar` to be 0 or a positive integer, got -1"],
      [{ optimizer: "lion" }, 'Expected `optimizer` to be adam or sgd, got "lion"'],
      [{ seed: undefined }, "Expected `seed` to be an integer, got undefined"],
    ] as const) {
      await writeCheckpoint(path, { ...read, ...(change as object) });
      const message = `The checkpoint ${path} is damaged (${reason}): use an earlier one`;
      await assert.rejects(readCheckpoint(path), { name: "CheckpointFailure", message });
    }
    writeFileSync(path, whole.subarray(0, -4));
    await assert.rejects(
      readCheckpoint(path),
      /tensor "[^"]+" lies at \d+ to \d+, outside of the file's \d+ bytes of data/,
    );
  });

  it("is a safetensors file: its tensors are there by name for any other program", async () => {
    const path = join(folder, "open.safetensors");
    const policy = editMenu(menu);
    await writeCheckpoint(path, await learn(policy, { updates: 1 }));
    const { places, metadata } = await readSafetensorsHeader(path);
    const weights = places.get("weights/weights 0")!;
    assert.deepEqual([weights.dtype, weights.shape], ["F32", [3]]);
    assert.deepEqual([...(await readTensor(weights))], weightsOf(policy));
    assert.equal(JSON.parse(metadata.checkpoint!).update, 1);
    policy.dispose();
  });

  it("is saved after each update, so that kill -9 loses the update in flight and no more", async () => {
    const program = join(import.meta.dirname, "killed.ts");
    const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
    const run = (path: string, killAfter = Infinity) =>
      new Promise<string[]>((resolve, reject) => {
        const child = spawn(process.execPath, [...flags, program, path, "30"], {
          stdio: ["ignore", "pipe", "inherit"],
        });
        let text = "";
        child.stdout.setEncoding("utf8").on("data", (more: string) => {
          text += more;
          if (text.split("\n").length > killAfter) child.kill("SIGKILL");
        });
        child.on("error", reject).on("close", () => resolve(text.trim().split("\n")));
      });
    const straight = await run(join(folder, "straight.safetensors"));
    const path = join(folder, "killed.safetensors");
    const seen = new Set<number>();
    let last: string[] = [];
    for (const after of [4, 7, Infinity]) {
      last = await run(path, after);
      const updates = last.filter((line) => /^\d+$/.test(line)).map(Number);
      assert.ok(seen.size === 0 || updates[0]! >= Math.max(...seen), `began again at ${updates[0]} after ${[...seen]}`);
      for (const update of updates) seen.add(update);
    }
    assert.equal(seen.size, 30);
    assert.equal(last.at(-1), straight.at(-1));
  });

  it("of another run changes nothing, and says what differs", async () => {
    const policy = editMenu(menu);
    const resume = await learn(policy, { updates: 2 });
    const other = editMenu(menu.slice(0, 2));
    await assert.rejects(learn(other, { resume }), {
      message: "The checkpoint is of another run: its shape is [3], expected [2]",
    });
    assert.deepEqual(weightsOf(other), [0, 0]);
    await assert.rejects(learn(policy, { resume, seed: 22 }), {
      message: "The checkpoint is of another run: its seed is 21, expected 22",
    });
    await assert.rejects(learn(policy, { resume, optimizer: "sgd" }), /its optimizer is adam, expected sgd/);
    policy.dispose();
    other.dispose();
  });

  it("goes on under other settings only when told to; the refusal names each with what it was", async () => {
    const policy = editMenu(menu);
    const path = join(folder, "settings.safetensors");
    await writeCheckpoint(path, await learn(policy, { updates: 2 }));
    const resume = await readCheckpoint(path);
    const before = weightsOf(policy);
    const own: Estimator = (episodes, { gamma }) => estimators["raw-return"](episodes, { gamma });
    const tries: [Partial<TrainOptions>, RegExp][] = [
      [
        { env: { ...nameEnv(), reset: () => nameEnv().reset() } },
        /`environment` was code of its own [0-9a-f]{8} and is code of its own [0-9a-f]{8}\./,
      ],
      [
        { env: new SurvivalEnv({ maxSteps: 3 }) },
        /`environment` was code of its own [0-9a-f]{8} and is body javascript, maxSteps 3\./,
      ],
      [{ gamma: 0.5 }, /`gamma` was 0\.99 and is 0\.5\./],
      [{ group: 4 }, /`group` was 1 and is 4\./],
      [{ episodes: 16 }, /`episodes` was 8 and is 16\./],
      [{ learningRate: 0.1 }, /`learningRate` was 0\.3 and is 0\.1\./],
      [{ lrSchedule: "linear" }, /`lrSchedule` was none and is linear\./],
      [{ maxGradNorm: Infinity }, /`maxGradNorm` was 1 and is Infinity\./],
      [{ entropyBonus: 0, klCoef: 1 }, /`entropyBonus` was 0\.02 and is 0, `klCoef` was 0 and is 1\./],
      [{ klIn: "reward" }, /`klIn` was loss and is reward\./],
      [{ mask: ["truncated", "cut"] }, /`mask` was none and is cut and truncated\./],
      [{ loss: ({ logProbs }) => tf.mean(logProbs) }, /`loss` was the policy gradient's and is function [0-9a-f]{8}\./],
      [{ estimator: "mean" }, /`estimator` was leave-one-out and is mean\./],
      [{ estimator: own }, /`estimator` was leave-one-out and is function [0-9a-f]{8}\./],
    ];
    for (const [options, differs] of tries)
      await assert.rejects(learn(policy, { resume, updates: 3, ...options }), (error: Error) => {
        assert.equal(error.name, "CheckpointFailure");
        assert.match(error.message, differs);
        assert.match(error.message, /^The checkpoint's run had other settings: `/);
        return error.message.endsWith('Give those of then, or go on with these by `resumeWith: "changed settings"`');
      });
    assert.deepEqual(weightsOf(policy), before, "nothing was changed");
    await assert.rejects(learn(policy, { resume, resumeWith: "any" as never }), {
      message: 'Expected `resumeWith` to be same settings or changed settings, got "any"',
    });
    const told = await learn(policy, { resume, updates: 3, gamma: 0.5, group: 4, resumeWith: "changed settings" });
    assert.deepEqual([told.update, told.settings!.gamma, told.settings!.group], [3, "0.5", "4"]);
    // What is the same by another name, what only ends later, and a checkpoint of before settings were kept.
    await learn(policy, { resume, updates: 4, estimator: estimators["leave-one-out"], concurrency: 2 });
    const { settings: _, ...older } = resume;
    await learn(policy, { resume: older, updates: 3, gamma: 0.5 });
    policy.dispose();
  });

  it("of a rate that falls to the last update is refused where that is another", async () => {
    const policy = editMenu(menu);
    const resume = await learn(policy, { updates: 4, lrSchedule: "linear" }, 2);
    await assert.rejects(learn(policy, { resume, updates: 8, lrSchedule: "linear" }), /`updates` was 4 and is 8\./);
    await learn(policy, { resume, updates: 4, lrSchedule: "linear" });
    policy.dispose();
  });

  it("of another model, or of a head of another shape, is refused by name", async () => {
    const prompt = {
      name: "toy",
      version: 1,
      examples: [],
      before: "/",
      after: "\n",
      separator: "",
      primed: "a",
      stop: [";"],
      maxTokens: 4,
    };
    const make = (seed: number, rank = 2) =>
      tokenPolicy(toyDecoder({ seed }), { asks: ["a"], prompt, rank, samples: 16, tokenSubset: "all" });
    const one = await make(1);
    let resume: Checkpoint | undefined;
    const common = { env: nameEnv(), updates: 2, episodes: 4, seed: 1, backend: "cpu" as const };
    for await (const update of train({ ...common, policy: one })) resume ??= await update.checkpoint();
    for (const other of [await make(2), await make(1, 3)]) {
      const before = other.variables.map((variable) => [...variable.dataSync()]);
      await assert.rejects(Array.fromAsync(train({ ...common, policy: other, resume: resume! })), {
        message:
          /^The checkpoint is of another run: its policy is toy-1-6 rank 2 scale 1 words 15 prompt toy 1, expected toy-/,
      });
      assert.deepEqual(
        other.variables.map((variable) => [...variable.dataSync()]),
        before,
      );
      other.dispose();
    }
    one.dispose();
  });

  it("of a head is opened as it was, through a file, without calibrating; a foreign one is refused", async () => {
    const prompt = {
      ...{ name: "toy", version: 1, examples: [], before: "/", after: "\n", separator: "\n", primed: "a." },
      ...{ stop: [";"], maxTokens: 6 },
    };
    const own = { asks: ["a", "bc"], prompt, rank: 3, scale: 0.5, samples: 16, seed: 5, temperature: 0.7 };
    const policy = await tokenPolicy(toyDecoder(), own);
    const path = join(folder, "head.safetensors");
    // No program earns anything here: what the head learns is the entropy bonus, which a group of equals would be left out of.
    const how = {
      updates: 2,
      episodes: 8,
      group: 1,
      seed: 1,
      learningRate: 1,
      entropyBonus: 0.1,
      backend: "cpu" as const,
    };
    const run = train({ env: nameEnv(), policy, ...how });
    for await (const update of run) await writeCheckpoint(path, await update.checkpoint());
    const decoder = toyDecoder();
    const opened = await trainedPolicy(decoder, await readCheckpoint(path));
    // Only the prompt's prefix may have been run.
    assert.ok(decoder.cost.positions <= 1, `${decoder.cost.positions} positions`);
    assert.deepEqual([opened.temperature, opened.tokenSubset], [0.7, policy.tokenSubset]);
    const observations = ["a", "bc", "a"].map((task) => ({ task }));
    const draw = async (one: { act: typeof policy.act }) =>
      (
        await one.act(
          observations,
          observations.map((_, i) => createRandom("draw", i)),
        )
      ).map(({ program, logProb }) => [program, logProb]);
    assert.deepEqual(await draw(opened), await draw(policy));
    assert.notDeepEqual(await draw(policy.pretrained()), await draw(policy), "the head does something");
    await assert.rejects(trainedPolicy(toyDecoder({ seed: 2 }), await readCheckpoint(path)), {
      name: "CheckpointFailure",
      message: /^The checkpoint is of another run: its policy is toy-1-6 rank 3 .*, expected toy-2-6 rank 3/,
    });
    await assert.rejects(trainedPolicy({ ...toyDecoder(), hash: "toy-1-6-q8" }, await readCheckpoint(path)), {
      message:
        /^The head was trained on the model with dtype fp32, and it is open with q8: open it with \{ dtype: "fp32" \}, or serve/,
    });
    await assert.rejects(trainedPolicy(decoder, await learn(editMenu(menu), { updates: 1 })), {
      message: /its policy is edit menu.*, expected a head with its calibration$/,
    });
    const elsewhere = await tokenPolicy(toyDecoder(), { ...own, tokenSubset: policy.tokenSubset, seed: 6 });
    const again = train({ env: nameEnv(), policy: elsewhere, updates: 3, resume: await readCheckpoint(path), seed: 1 });
    await assert.rejects(again.next(), {
      message: /^The checkpoint is of another run: its calibration is [0-9a-f]{8}/,
    });
    for (const one of [policy, opened, elsewhere]) one.dispose();
  });
});
