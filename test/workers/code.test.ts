/** Code tasks whose questions and programs go through a shared folder: the same answers and scores as in one process. The queue: redis.test.ts. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type EvaluateCodeOptions, evaluateCode } from "../../src/coding/index.ts";
import { budget, type LanguageModel, models } from "../../src/llm/index.ts";
import { workers } from "../../src/workers/index.ts";
import { playParts } from "../../src/workers/play.ts";
import { knowing, problems } from "../coding/contestants.ts";
import { until } from "../waiting.ts";

const own = join(import.meta.dirname, "own.ts");

describe("code tasks through a shared folder", () => {
  const path = mkdtempSync(join(tmpdir(), "workers-code-"));
  after(() => rmSync(path, { recursive: true, force: true }));

  it("are asked of a model of one's own from its module, and their programs run, by whoever plays the parts", async () => {
    const echoing = await workers.module<LanguageModel>(own, "echoing");
    const on = workers.folder(join(path, "run"), { pollMs: 5 });
    const how = { problems, batch: 2, tasks: ["repair"] as const, quality: false, progress: false };
    const run = async (name: string, more: Partial<EvaluateCodeOptions>) => {
      await evaluateCode({ echoing }, { ...how, file: join(path, `${name}.jsonl`), ...more });
      return ["", ".scores"].map((kind) => readFileSync(join(path, `${name}${kind}.jsonl`), "utf8"));
    };
    let over = false;
    const going = run("over", { on }).finally(() => {
      over = true;
    });
    const index = join(path, "run", "spec.json");
    const lines: string[] = [];
    const onLine = (line: string) => void lines.push(line.replace(/ in .*/, ""));
    while (!over) {
      if (existsSync(index))
        await playParts(index, {
          ...{ part: 0, of: 1, children: 1, minimumLevel: 0 },
          modules: import.meta.dirname,
          onLine,
        });
      await sleep(5);
    }
    assert.deepEqual(await going, await run("alone", {}));
    const played = lines.filter((line) => line.includes("("));
    assert.deepEqual(played, ["part 0 (2 answers of echoing)", "part 1 (2 answers of echoing)", "part 2 (4 scores)"]);
  });

  it("say which part failed and why, and whom they cannot ask", async () => {
    const [none, mine] = [workers.folder(join(path, "none")), workers.folder(join(path, "mine"), { pollMs: 5 })];
    const how = { problems, tasks: ["repair"] as const, quality: false, progress: false };
    const cure =
      'Make it in a file of its own, by `await workers.module("./own.ts", "name of the export", ...arguments)`';
    const functions = "it is a function or an object of your own, and functions do not travel";
    await assert.rejects(evaluateCode({ first: models.random(), knowing }, { ...how, on: none }), {
      name: "WorkersFailure",
      message: `The contestant knowing cannot be sent to workers: ${functions}. ${cure}`,
    });
    await assert.rejects(evaluateCode({ metered: budget({ calls: 9 }).meter(models.random()) }, { ...how, on: none }), {
      message: `The contestant random cannot be sent to workers: ${functions}. ${cure}`,
    });
    assert.ok(!existsSync(join(path, "none")), "nothing was written");
    const echoing = await workers.module<LanguageModel>(own, "echoing");
    const going = evaluateCode({ echoing }, { ...how, on: mine }).catch((error: Error) => error.message);
    const index = join(path, "mine", "spec.json");
    await until(() => existsSync(index));
    await assert.rejects(playParts(index, { part: 0, children: 1, minimumLevel: 0, modules: null }));
    assert.match(
      String(await going),
      /^Part 0 \(4 answers of echoing\) failed on \S+: The module \S+own\.ts is not loaded: this worker was started without --modules FOLDER\. It can be done here: leave out `on`$/,
    );
  });
});
