/** Pretraining in small: the loss falls, and a run that was broken off goes on as if it had not been. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectTokens, drawTexts } from "../../corpus/index.ts";
import { readCheckpoint, writeCheckpoint, writeModel } from "../../corpus/pretrain/files.ts";
import { evaluateLoss, type PretrainOptions, type PretrainState, pretrain } from "../../corpus/pretrain/train.ts";
import { generate, openModel, openTokenTable } from "../../src/model/index.ts";
import { tf } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { prepareBackend } from "../../src/training/index.ts";

describe("pretraining", () => {
  const folder = mkdtempSync(join(tmpdir(), "pretrain-"));
  const table = collectTokens(drawTexts(1, 100), { least: 4 });
  let options: PretrainOptions;
  before(async () => {
    await prepareBackend({ backend: "cpu" });
    const tokens = await openTokenTable(table);
    const size = { vocabulary: tokens.size, context: 24, width: 16, layers: 2, heads: 2 };
    options = { size, tokens, corpus: {}, seed: 3, steps: 14, batch: 3, peak: 1e-2, floor: 1e-3, warmup: 3 };
  });
  after(() => rmSync(folder, { recursive: true }));

  async function run(from?: PretrainState, until = Infinity): Promise<{ losses: number[]; state: PretrainState }> {
    const losses: number[] = [];
    let state: PretrainState | undefined;
    for await (const { step, loss, read } of pretrain(tf, options, from)) {
      losses.push(loss);
      state = read();
      if (step === until) break;
    }
    return { losses, state: state! };
  }

  it("lowers the loss; broken off and resumed through a file it ends in the same weights, to the last bit", async () => {
    const straight = await run();
    assert.ok(straight.losses.at(-1)! < straight.losses[0]! - 0.5, straight.losses.join());
    const file = join(folder, "deeper", "run.safetensors");
    const settings = { seed: 3 };
    writeCheckpoint(file, (await run(undefined, 6)).state, settings);
    // Compared here: to show all weights of a run that was found would take minutes.
    assert.ok((await readCheckpoint(file, { seed: 4 })) === null, "a run of other settings is taken for this one");
    const resumed = await run((await readCheckpoint(file, settings))!);
    assert.deepEqual(resumed.losses, straight.losses.slice(6));
    assert.deepEqual(resumed.state.weights, straight.state.weights);
  });

  it("writes a folder that opens on ONNX Runtime and gives the loss that training computed", async () => {
    const { state } = await run(undefined, 8);
    writeModel(join(folder, "model"), options.size, state.weights, table);
    const decoder = await openModel(join(folder, "model"));
    // Mean loss of one window, token by token, from the decoder's own logits.
    const window = { split: "held-out", windows: 1, seed: 9 } as const;
    const expected = evaluateLoss(tf, options, state.weights, window);
    const { drawWindow } = await import("../../corpus/windows.ts");
    const { ids, targets } = drawWindow(0, { ...options.corpus, ...window, length: 24, tokens: options.tokens });
    let total = 0;
    for (const [i, target] of targets.entries()) {
      const { logits } = await decoder.forward({ tokens: ids.slice(0, i + 1), batch: 1 });
      const most = Math.max(...logits);
      total += most + Math.log(logits.reduce((sum, l) => sum + Math.exp(l - most), 0)) - logits[target]!;
    }
    // Half precision on disk.
    assert.ok(Math.abs(total / 24 - expected) < 5e-3, `${total / 24}, in training ${expected}`);
    const [written] = await generate(decoder, { prompts: [[1]], streams: [createRandom(1)], maxTokens: 4 });
    assert.equal(written!.ids.length, 4);
    await decoder.dispose();
  });

  it("says a loss that is the mean of its windows, in however many batches they come", async () => {
    const { state } = await run(undefined, 1);
    const lossOf = (windows: number, batch: number) =>
      evaluateLoss(tf, { ...options, batch }, state.weights, { split: "held-out", windows, seed: 9 });
    const [whole, cut, one] = [lossOf(5, 5), lossOf(5, 3), lossOf(1, 3)];
    assert.ok(Math.abs(cut - whole) < 1e-5, `${cut} in two batches, ${whole} in one`);
    assert.ok(Math.abs(one - whole) > 1e-4, "the windows differ");
  });

  it("by the command: Ctrl-C between two steps keeps the run, and the same command goes on with it", async () => {
    const shape = {
      steps: 100_000,
      batch: 1,
      width: 8,
      layers: 1,
      heads: 1,
      context: 16,
      output: folder,
      work: folder,
    };
    const args = Object.entries(shape).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const first = await interrupted(args);
    const [, steps] = /step (\d+)\/100000/.exec(first)!;
    for (const [, step] of first.matchAll(/^step (\d+)/gm))
      assert.equal(Number(step) % 50, 0, "it tells of every fiftieth");
    assert.match(first, /stopped; the same command goes on with it\n$/);
    // So early a model says of no token much more than that it is one of the table's.
    const [, tokens] = /, (\d+) tokens; 100000 steps/.exec(first)!;
    const [, loss] = /^step 50\/100000 {2}loss (\S+)/m.exec(first)!;
    const even = Math.log(Number(tokens));
    assert.ok(Number(loss) > 0.8 * even && Number(loss) < 1.02 * even, `${loss}, and not about ${even}`);
    const second = await interrupted(args);
    const [, after] = /goes on after step (\d+)\n/.exec(second)!;
    assert.ok(Number(after) >= Number(steps), `${after} after ${steps}`);
  });

  it("by the command, to its end: a model that opens, and a card with the command that makes it again", async () => {
    const [output, work] = [join(folder, "made"), join(folder, "making")];
    const made = "--steps 3 --batch 1 --seed 5 --width 8 --layers 1 --heads 2";
    const printed = await typed([...made.split(" "), "--samples", "2", "--output", output, "--work", work]);
    const losses = /^loss training (\S+), combinations (\S+), families (\S+); \d+ s\n$/m.exec(printed)!.slice(1);
    const card = readFileSync(join(output, "card.md"), "utf8");
    assert.match(card, new RegExp(`^\`npm run pretrain -- ${made}\` on .*: 3 steps of 1 windows of 256 tokens`, "m"));
    assert.match(card, /, learning rate\n0\.003 after 1 steps of warm-up, cosine to 0\.0001/);
    assert.deepEqual(
      [...card.matchAll(/^\| [^|]+ \| (\d+\.\d{4}) \|$/gm)].map(([, loss]) => loss),
      losses,
    );
    // Weights that are nearly as they were drawn write any of the tokens.
    const decoder = await openModel(output);
    for (const loss of losses) assert.ok(Math.abs(Number(loss) - Math.log(decoder.config.vocabulary)) < 0.1, loss);
    await decoder.dispose();
    assert.match(card, /^2 asks of each sort, prompt design `data\/prompts\/base\.json`/m);
    assert.match(card, /\/\/ ask`.* carry types\./s);
  });

  it("by the command, from a model that is there: in Python, with what that model knew of the tokens they share", async () => {
    const [output, work] = [join(folder, "twin"), join(folder, "twin-making")];
    const made = `--body python --from ${join(folder, "made")} --steps 1 --batch 1 --seed 5 --width 8 --layers 1 --heads 2`;
    await typed([...made.split(" "), "--samples", "1", "--output", output, "--work", work]);
    const card = readFileSync(join(output, "card.md"), "utf8");
    assert.ok(card.includes(`\`npm run pretrain -- ${made}\` on `), card.slice(0, 1500));
    assert.match(card, /^1 asks of each sort, prompt design `data\/prompts\/base-python\.json`/m);
    assert.match(card, /# ask`.* carry type hints\./s);
    const [from, to] = await Promise.all([openModel(join(folder, "made")), openModel(output)]);
    assert.deepEqual([to.config.width, to.config.layers], [from.config.width, from.config.layers]);
    await Promise.all([from.dispose(), to.dispose()]);
  });

  it("by the command, is refused what makes no model, before anything is drawn", async () => {
    for (const [asked, message] of [
      ["--width 100 --heads 6", "Expected --width to be a multiple of --heads, got 100 and 6"],
      ["--steps 0", "Expected --steps to be a positive integer, got 0"],
      ["--body ruby", "Expected --body to be javascript or python, got ruby"],
    ] as const)
      await assert.rejects(typed(asked.split(" ")), (error: Error) => {
        assert.ok(error.message.includes(`RangeError: ${message}`), error.message);
        return true;
      });
  });
});

/** Runs the command until it has told of a step, presses Ctrl-C, and gives what it printed. */
const interrupted = (args: string[]): Promise<string> =>
  typed(args, (printed, child) => /^step /m.test(printed) && child.kill("SIGINT"));

/** Runs the command to its end, and gives what it printed; `press` is told of that until it says that it has pressed. */
async function typed(
  args: string[],
  press: (printed: string, child: ChildProcess) => boolean = () => true,
): Promise<string> {
  const script = join(import.meta.dirname, "../../corpus/pretrain.ts");
  const node = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning", script];
  const child = spawn(process.execPath, [...node, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let [printed, complaints, pressed] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    printed += text;
    if (!pressed) pressed = press(printed, child);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaints += text;
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  assert.equal(code, 0, complaints);
  return printed;
}
