/** Arguments of all commands: how many they take, the least and the most of each number, and what stands for one that is not given. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { runEnv } from "../../src/cli/env.ts";
import { helpTexts } from "../../src/cli/help.ts";
import { onInterrupt } from "../../src/cli/interrupted.ts";
import { readArguments, readLevel } from "../../src/cli/options.ts";
import { readWorkerOptions, runPlay, workerOptions } from "../../src/cli/play.ts";
import { runServe } from "../../src/cli/serve.ts";
import { runWorkerCommand } from "../../src/cli/worker.ts";

const launcher = join(import.meta.dirname, "../../scripts/autoagent.mjs");

/** What the command says of its arguments, as a user runs it; it must be refused by exit code 2. */
const refusalOf = (args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [launcher, ...args], (error, out, told) => {
      if (error?.code === 2 && out === "") resolve(told.trimEnd());
      else reject(new Error(`${args.join(" ")} ended with ${error?.code}: ${out}${told}`));
    }).stdin!.end();
  });

describe("the arguments of a command", () => {
  it("are as many as it takes", async () => {
    const here: [run: Promise<number>, told: string][] = [
      [runServe([]), "serve needs a MODEL: see autoagent serve --help"],
      [runServe(["a", "b"]), 'serve does not take "b": see autoagent serve --help'],
      [runPlay([]), "play needs a SPEC: see autoagent play --help"],
      [runPlay(["spec.json"]), "play needs --part, the number of a part: see autoagent play --help"],
      [runPlay(["a", "b", "--part", "1"]), 'play does not take "b": see autoagent play --help'],
      [runEnv(["serve", "a"]), 'env does not take "a": see autoagent env --help'],
      [runWorkerCommand(["a"]), 'worker does not take "a": see autoagent worker --help'],
    ];
    for (const [run, message] of here) await assert.rejects(run, { name: "CliFailure", message });
    const there: [args: string[], told: string][] = [
      [["judge", "a", "b"], 'judge does not take "b": see autoagent judge --help'],
      [["replay"], "replay needs a RECORD: see autoagent replay --help"],
      [["replay", "a", "1", "2"], 'replay does not take "2": see autoagent replay --help'],
      [["replay", "a.db", "one"], 'Expected `ID` to be an episode\'s number, got "one"'],
      [["export"], "export needs a RECORD: see autoagent export --help"],
      [["export", "a", "b"], 'export does not take "b": see autoagent export --help'],
      [["record", "list"], "record needs a RECORD: see autoagent record --help"],
      [["record", "verify", "a", "b"], 'record does not take "b": see autoagent record --help'],
    ];
    const told = await Promise.all(there.map(([args]) => refusalOf(args)));
    assert.deepEqual(
      told,
      there.map(([, text]) => text),
    );
  });

  it("are numbers within what makes sense, and the option is named", async () => {
    const commands = {
      serve: (args: string[]) => runServe(["tiny", ...args]),
      env: (args: string[]) => runEnv(["serve", ...args]),
      play: (args: string[]) => runPlay(["spec.json", "--part", "0", ...args]),
      worker: (args: string[]) => runWorkerCommand(["--redis", "redis://127.0.0.1:9", ...args]),
    };
    const numbers: [of: keyof typeof commands, option: string, least: number, most: number][] = [
      ["serve", "threads", 1, 256],
      ["serve", "port", 0, 65_535],
      ["serve", "batch", 1, 1024],
      ["env", "port", 0, 65_535],
      ["env", "sessions", 1, 4096],
      ["env", "idle", 1, 1_000_000],
      ["env", "max-steps", 1, 1_000_000],
      ["env", "workers", 1, 256],
      ["env", "minimum-level", 0, 3],
      ["play", "children", 1, 256],
      ["play", "minimum-level", 0, 3],
      ["play", "of", 1, Number.MAX_SAFE_INTEGER],
      ["worker", "children", 1, 256],
      ["worker", "minimum-level", 0, 3],
      ["worker", "lock-ms", 500, 600_000],
    ];
    for (const [of, option, least, most] of numbers)
      for (const value of [least - 1, most + 1, "", "1.5", "0x10", "1e2", "many"])
        await assert.rejects(commands[of]([`--${option}=${value}`]), {
          name: "CliFailure",
          message: `Expected --${option} to be an integer from ${least} to ${most}, got "${value}"`,
        });
    const told = await Promise.all([
      refusalOf(["judge", "--timeout", "0"]),
      refusalOf(["judge", "--timeout", "600001"]),
      refusalOf(["judge", "--workers", "257"]),
      refusalOf(["judge", "--minimum-level", "4"]),
    ]);
    assert.deepEqual(told, [
      'Expected --timeout to be an integer from 1 to 600000, got "0"',
      'Expected --timeout to be an integer from 1 to 600000, got "600001"',
      'Expected --workers to be an integer from 1 to 256, got "257"',
      'Expected --minimum-level to be an integer from 0 to 3, got "4"',
    ]);
  });

  it("that are not given are as the help has it, for who plays what was chosen elsewhere", () => {
    const read = (...args: string[]) =>
      readWorkerOptions(readArguments("worker", args, { options: workerOptions, least: 0, most: 0 }));
    const children = Math.min(4, availableParallelism());
    assert.deepEqual(read(), { children, minimumLevel: 3, modules: null });
    assert.deepEqual(read("--children", "7", "--minimum-level", "0", "--modules", "own"), {
      ...{ children: 7, minimumLevel: 0, modules: "own" },
    });
    for (const help of [helpTexts.worker, helpTexts.play]) {
      assert.match(help, /--children N +child processes \(default: processors, 4 at most\)/);
      assert.match(help, /--minimum-level N +refuse to run below this level of isolation, 0 to 3 \(default 3\)/);
    }
    const none = { values: {}, positionals: [] };
    assert.deepEqual([readLevel(none, 0), readLevel(none, 3)], [0, 3]);
  });

  it("are refused in one sentence, also where an option's value is left out before another", () => {
    const options = { workers: { type: "string" }, timeout: { type: "string" }, json: { type: "boolean" } } as const;
    for (const args of [["--workers", "--timeout", "5"], ["--workers"], ["--json=1"], ["-x"], ["--tmeout", "5"]])
      assert.throws(
        () => readArguments("judge", args, { options, least: 0, most: 1 }),
        (error: Error) => {
          assert.match(error.message, /^[^\n]+[^.\n]: see autoagent judge --help$/);
          return true;
        },
      );
  });
});

describe("an interrupt", () => {
  it("ends a command after what it is doing, a second one at once; what comes within half a second is the same one", () => {
    const told: string[] = [];
    let at = 0;
    const on = onInterrupt(() => told.push("stop"), { exit: () => told.push("exit"), now: () => at });
    for (const ms of [7000, 7010, 7500]) {
      at = ms;
      on();
    }
    assert.deepEqual(told, ["stop", "stop", "stop"]);
    at = 7501;
    on();
    assert.deepEqual(told.slice(3), ["exit", "stop"]);
  });
});
