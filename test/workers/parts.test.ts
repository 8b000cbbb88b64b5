/** Parts in a shared folder without a sandbox: who plays which, what is told of them, and what becomes of a second result. */

import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { randomPolicy } from "../../src/policy/index.ts";
import { workers } from "../../src/workers/index.ts";
import {
  addBatch,
  indexedParts,
  keepContent,
  putResult,
  readContent,
  readIndex,
  resultPath,
} from "../../src/workers/index-file.ts";
import { originOf } from "../../src/workers/module.ts";
import { pack } from "../../src/workers/pack.ts";
import { playParts } from "../../src/workers/play.ts";
import { until } from "../waiting.ts";

describe("parts in a shared folder", () => {
  let folder: string;
  let index: string;
  const player = { children: 1, minimumLevel: 0, modules: null } as const;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "workers-parts-"));
    index = join(folder, "spec.json");
    mkdirSync(join(folder, "parts"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const addParts = (count: number) =>
    addBatch(index, {
      ...{ what: "texts", work: "w" },
      parts: Array.from({ length: count }, (_, i) => ({ given: `${i}`, count: 1 })),
    });

  it("are played each by one of so many, every so many from its own on", async () => {
    addParts(7);
    for (let part = 0; part < 7; part++) writeFileSync(resultPath(folder, part).result, "");
    const cases: [part: number, of: number | undefined, own: number[]][] = [
      [3, undefined, [3]],
      [0, 1, [0, 1, 2, 3, 4, 5, 6]],
      [2, 1, [2, 3, 4, 5, 6]],
      [0, 3, [0, 3, 6]],
      [1, 3, [1, 4]],
      [2, 3, [2, 5]],
      [1, 2, [1, 3, 5]],
      [5, 7, [5]],
      [6, 2, [6]],
    ];
    for (const [part, of, own] of cases) {
      const told: string[] = [];
      const onLine = (line: string) => void told.push(line);
      const done = await playParts(index, { ...player, part, ...(of !== undefined && { of }), onLine });
      assert.deepEqual(
        [done, told],
        [{ played: 0, differing: 0 }, own.map((one) => `part ${one} is there`)],
        `${part} of ${of}`,
      );
    }
  });

  it("are told of: those that are there, those that failed and are not there after all, those that are waited for", async () => {
    const on = workers.folder(folder);
    const status = async () => {
      const { line, rows } = await on.status();
      return [
        line.split(":")[0],
        ...rows.flatMap((row) => Object.entries(row).map(([name, count]) => `${name} ${count}`)),
      ];
    };
    assert.deepEqual(await status(), [`No batch has been written to ${folder} yet`]);
    addParts(5);
    assert.deepEqual(await status(), ["0 of 5 parts are there", "parts 5", "there 0", "failed 0", "waited for 5"]);
    writeFileSync(resultPath(folder, 0).result, "");
    for (const part of [1, 2]) writeFileSync(resultPath(folder, part).failure, "{}");
    writeFileSync(resultPath(folder, 2).result, "");
    assert.deepEqual(await status(), ["2 of 5 parts are there", "parts 5", "there 2", "failed 1", "waited for 2"]);
    for (const part of [1, 3, 4]) writeFileSync(resultPath(folder, part).result, "");
    assert.deepEqual(await status(), ["All 5 parts are there", "parts 5", "there 5", "failed 0", "waited for 0"]);
    rmSync(join(folder, "parts"), { recursive: true });
    assert.deepEqual((await status())[0], "0 of 5 parts are there");
  });

  it("are 64 of a batch at most where nobody says how many, and are added once", async () => {
    const cases: [episodes: number, parts: number | undefined, found: number][] = [
      [3, undefined, 3],
      [64, undefined, 64],
      [65, undefined, 33],
      [640, undefined, 64],
      [640, 10, 10],
    ];
    for (const [episodes, parts, found] of cases)
      for (let time = 0; time < 2; time++) {
        const own = join(folder, `${episodes}-${parts}`);
        const stop = new AbortController();
        const on = workers.folder(own, parts === undefined ? {} : { parts });
        const batch = { seed: 1, first: 0, episodes, group: 1 };
        const going = on.play(new SurvivalEnv(), randomPolicy(), batch, {
          traces: false,
          signal: stop.signal,
        } as never);
        const next = going[Symbol.asyncIterator]().next();
        assert.ok(await until(() => existsSync(join(own, "spec.json"))));
        stop.abort(new Error("enough"));
        await assert.rejects(next, { message: "enough" });
        assert.equal(indexedParts(readIndex(join(own, "spec.json"))).length, found, `${episodes} episodes`);
      }
  });

  it("keep their first result; of a second it is told whether it differs, and why it failed before says nothing any more", () => {
    const [one, same, other] = [pack("a", { beside: 1 }), pack("a", { beside: 2 }), pack("b")];
    const { result, failure } = resultPath(folder, 4);
    for (const [packed, put] of [
      [one, "first"],
      [same, "same"],
      [other, "differs"],
    ] as const) {
      writeFileSync(failure, "{}");
      assert.equal(putResult(folder, 4, packed), put);
      assert.deepEqual([readFileSync(result), existsSync(failure)], [one.bytes, false]);
    }
  });

  it("are counted by who plays them where another result came meanwhile", async () => {
    const file = join(folder, "meddling.ts");
    writeFileSync(
      file,
      `import { copyFileSync, existsSync } from "node:fs";
      export const meddling = (from: string, to: string) => ({
        name: "meddling",
        async complete() {
          if (existsSync(from)) copyFileSync(from, to);
          return { text: "a", model: "meddling", usage: { promptTokens: 1, completionTokens: 1 } };
        },
      });`,
    );
    const [from, { result }] = [join(folder, "before"), resultPath(folder, 0)];
    const module = originOf(await workers.module(file, "meddling", from, result))!;
    const [work, given] = [pack({ kind: "answers", contestant: { module } }), pack([{ prompt: "a" }])];
    const parts = [{ given: keepContent(folder, given), count: 1 }];
    addBatch(index, { what: "answers", work: keepContent(folder, work), parts });
    const play = async () => {
      rmSync(result, { force: true });
      const lines: string[] = [];
      const onLine = (line: string) => void lines.push(line.replace(/ in [\d.]+ s/, ""));
      const { played, differing } = await playParts(index, { ...player, part: 0, modules: folder, onLine });
      return [played, differing, ...lines];
    };
    assert.deepEqual(await play(), [1, 0, "part 0 (1 answers)"]);
    copyFileSync(result, from);
    assert.deepEqual(await play(), [1, 0, "part 0 (1 answers)"]);
    writeFileSync(from, pack("another").bytes);
    const told = "part 0 (1 answers): it differs from the result that was there, which stays";
    assert.deepEqual(await play(), [1, 1, told]);
  });

  it("are made of contents that are what their names say", () => {
    const [one, other] = [pack("a"), pack("b")];
    const name = keepContent(folder, one);
    assert.deepEqual([name, readContent(folder, name)], [one.hash, "a"]);
    const path = join(folder, "contents", `${name}.zst`);
    writeFileSync(path, other.bytes);
    assert.equal(keepContent(folder, one), name);
    assert.deepEqual(readFileSync(path), other.bytes, "what is there is not written again");
    assert.throws(() => readContent(folder, name), {
      name: "WorkersFailure",
      message: `What is called ${path} has another content (${other.hash}): it was changed or damaged; delete it, and it is sent again`,
    });
    const gone = join(folder, "contents", "gone.zst");
    assert.throws(() => readContent(folder, "gone"), {
      message: `${gone} is not there: it was deleted, or its time was over; start the rollout again`,
    });
  });
});
