/** What cannot be made of a module, which build a worker is of, and what is said where a content or a worker is missing. */

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describeWorkersError } from "../../src/workers/error.ts";
import { fromModule, originOf } from "../../src/workers/module.ts";
import { pack } from "../../src/workers/pack.ts";
import { fetchContent } from "../../src/workers/redis/worker.ts";

const root = join(import.meta.dirname, "../..");

describe("a module of one's own", () => {
  it("gives an object or a function by the name of its export, and else says what it gives", async () => {
    const folder = mkdtempSync(join(tmpdir(), "module-refused-"));
    const path = join(folder, "own.ts");
    writeFileSync(
      path,
      `export const [three, none, list, made] = [3, null, [1], { a: 1 }];
      export const call = (value: unknown) => () => value;
      export const later = async (value: unknown) => value;`,
    );
    writeFileSync(join(folder, "empty.ts"), "export {};");
    const refused = (name: string, why: string, args: unknown[] = [], file = path) =>
      assert.rejects(fromModule(file, name, ...args), { name: "WorkersFailure", message: `The module ${file} ${why}` });
    try {
      for (const name of ["list", "made", "call"]) {
        const own = await fromModule<object>(path, name);
        assert.deepEqual([typeof own === "object" || typeof own === "function", originOf(own)?.export], [true, name]);
      }
      assert.equal((await fromModule<() => number>(path, "call", 5))(), 5);
      assert.deepEqual(await fromModule(path, "later", { b: 2 }), { b: 2 });
      await refused("thre", "has no export thre: it has call, later, list, made, none, three");
      await refused("x", "has no export x: it has none", [], join(folder, "empty.ts"));
      for (const [name, shown, ...args] of [
        ["three", "3"],
        ["none", "null"],
        ["later", "7", 7],
        ["later", "null", null],
        ["later", "a text", "a text"],
      ] as const)
        await refused(name, `gives ${shown} as ${name}: an object or a function is needed`, args);
      await refused("made", "gives no function as made to call", [1]);
      const absent = join(folder, "absent.ts");
      const why = `ENOENT: no such file or directory, open '${absent}'`;
      await refused("made", `cannot be read (${why}): check its path`, [], absent);
      for (const value of [undefined, null, 3, "own", {}, () => 1]) assert.equal(originOf(value), undefined);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("a build", () => {
  it("is told by all files of the library that run, their names and their contents, and by no others", async () => {
    const folder = mkdtempSync(join(tmpdir(), "build-"));
    const here = join(folder, "src/workers");
    mkdirSync(here, { recursive: true });
    symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
    copyFileSync(join(root, "src/workers/build.ts"), join(here, "build.ts"));
    let times = 0;
    const build = async (files: { [path: string]: string }) => {
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "src", name), text);
      const { buildOf } = await import(`${pathToFileURL(join(here, "build.ts")).href}?${times++}`);
      const told: string = buildOf();
      for (const name of Object.keys(files)) rmSync(join(folder, "src", name));
      assert.match(told, /^[0-9a-f]{8}$/);
      return told;
    };
    try {
      const ran = { "a.ts": "1", "workers/b.js": "2" };
      const first = await build(ran);
      for (const same of [ran, { "workers/b.js": "2", "a.ts": "1" }, { ...ran, "a.d.ts": "1", "c.md": "1", ats: "1" }])
        assert.equal(await build(same), first, JSON.stringify(same));
      const others = [
        {},
        { "a.ts": "1" },
        { ...ran, "a.ts": "3" },
        { ...ran, "workers/b.js": "3" },
        { "a.ts": "2", "workers/b.js": "1" },
        { "b.ts": "1", "workers/b.js": "2" },
        { "a.ts": "1", "b.js": "2" },
        { ...ran, "c.ts": "" },
      ];
      const found: string[] = [];
      for (const files of others) found.push(await build(files as { [path: string]: string }));
      assert.equal(new Set([first, ...found]).size, others.length + 1);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe("a content on a queue", () => {
  it("is what its name says, looked for twice, and else said to be gone or another", async () => {
    const [one, other] = [pack("a"), pack("b")];
    const asked: string[] = [];
    const redis = (...answers: (Buffer | null)[]) => ({
      getBuffer: async (key: unknown) => {
        asked.push(String(key));
        return answers.shift() ?? null;
      },
    });
    const fetched = (...answers: (Buffer | null)[]) => fetchContent(redis(...answers) as never, one.hash, 1);
    assert.equal(await fetched(one.bytes), "a");
    assert.equal(await fetched(null, one.bytes), "a");
    assert.deepEqual([asked.length, new Set(asked).size], [3, 1]);
    const [key] = asked;
    await assert.rejects(fetched(null, null), {
      name: "WorkersFailure",
      message: `${key} is not there: it was deleted, or its time was over; start the rollout again`,
    });
    await assert.rejects(fetched(other.bytes), {
      message: `What is called ${key} has another content (${other.hash}): it was changed or damaged; delete it, and it is sent again`,
    });
  });
});

describe("no worker", () => {
  it("is told with the builds of those that are up, which are others", () => {
    const told = (others: string[]) =>
      describeWorkersError({ kind: "no-worker", url: "redis://queue", build: "aaaa", others });
    const start = "`npx autoagent worker --redis redis://queue`";
    assert.equal(told([]), `No worker is up: start one by ${start}`);
    const mine = "No worker of this build (aaaa) is up, only of";
    assert.equal(told(["b"]), `${mine} b: start workers of this version, by ${start}`);
    assert.equal(told(["b", "c"]), `${mine} b, c: start workers of this version, by ${start}`);
  });
});
