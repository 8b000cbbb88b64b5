/** What an error of the file system becomes, and writing all or nothing. */

import assert from "node:assert/strict";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { appendWhole, DiskFailure, diskFailure, partOf, replaceTogether, replaceWhole } from "../../src/data/write.ts";

const systemError = (code: string): Error => Object.assign(new Error(code), { code, errno: -1 });

describe("an error of the file system", () => {
  it("is a sentence with its cure, with and without the option that the path came from", () => {
    const cases: [codes: string[], plain: string, chosen: string, folder?: string][] = [
      [
        ["ENOSPC", "EDQUOT", "EFBIG"],
        "No space left on the disk of /p: free some and go on; what was written before is kept",
        "No space left on the disk of /p: free some, or choose another place by `save`, and go on; what was written before is kept",
      ],
      [
        ["EACCES", "EPERM", "EROFS"],
        "/p may not be written here (CODE): choose a place that you may write to, or change its rights",
        "/p may not be written here (CODE): choose a place that you may write to by `save`, or change its rights",
      ],
      [
        ["EISDIR", "ENOTDIR", "EEXIST", "ENOTEMPTY"],
        "/p cannot be a file (CODE): it is a folder, or lies below a file; choose another path",
        "/p cannot be a file (CODE): it is a folder, or lies below a file; choose another path by `save`",
        "/p cannot be a folder (CODE): it is a file, or lies below one; choose another path",
      ],
      [
        ["EIO", "ENOENT"],
        "/p could not be written (CODE): check the path and its disk; what was written before is kept",
        "/p could not be written (CODE): check the path and its disk, or choose another place by `save`; what was written before is kept",
      ],
    ];
    for (const [codes, plain, chosen, folder = plain] of cases)
      for (const code of codes) {
        const cause = systemError(code);
        const told = (options?: object): string => {
          const failure = diskFailure("/p", cause, options) as DiskFailure;
          assert.ok(failure instanceof DiskFailure && failure.cause === cause && failure.error.path === "/p");
          return failure.message.replace(`(${code})`, "(CODE)");
        };
        assert.deepEqual(
          [told(), told({ chosenBy: "`save`" }), told({ wanted: "file" }), told({ wanted: "folder" })],
          [plain, chosen, plain, folder],
          code,
        );
      }
  });

  it("is of a file unless a folder was wanted, as the system itself reports it", () => {
    const folder = mkdtempSync(join(tmpdir(), "write-"));
    const errorOf = (work: () => void): unknown => {
      try {
        work();
      } catch (error) {
        return error;
      }
      return assert.fail("it was written");
    };
    try {
      const file = join(folder, "file");
      writeFileSync(file, "");
      const asFile = errorOf(() => writeFileSync(folder, ""));
      assert.match(String(diskFailure(folder, asFile)), /cannot be a file \(EISDIR\): it is a folder/);
      const below = join(file, "below");
      const notFolder = errorOf(() => writeFileSync(below, ""));
      assert.match(String(diskFailure(below, notFolder)), /cannot be a file \(ENOTDIR\)/);
      const asFolder = errorOf(() => mkdirSync(below, { recursive: true }));
      assert.match(String(diskFailure(below, asFolder, { wanted: "folder" })), /cannot be a folder \(ENOTDIR\)/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("is nothing else: any other value comes back as it is", () => {
    const own = diskFailure("/p", systemError("EIO"));
    const others = [
      null,
      undefined,
      "ENOSPC",
      new Error("no code"),
      Object.assign(new Error("a number"), { code: 5, errno: 1 }),
      Object.assign(new Error("not of the system"), { code: "ERR_INVALID_ARG_TYPE" }),
      { code: "ENOSPC", errno: -28 },
      own,
    ];
    for (const value of others) assert.equal(diskFailure("/other", value), value);
  });
});

describe("writing all or nothing", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "write-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("appends, and gives the new length; where it cannot, it says why", () => {
    const path = join(folder, "log");
    assert.equal(appendWhole(path, Buffer.from("ab"), 0), 2);
    assert.equal(appendWhole(path, Buffer.from("cde"), 2), 5);
    assert.equal(appendWhole(path, new Uint8Array(), 5), 5);
    assert.equal(readFileSync(path, "utf8"), "abcde");
    assert.throws(
      () => appendWhole(folder, Buffer.from("x"), 0),
      (error) => error instanceof DiskFailure && error.error.kind === "folder",
    );
  });

  it("what stood there stays until the new is whole; nothing half is left, and the reason is the writer's own", () => {
    const path = join(folder, "made", "file");
    replaceWhole(path, (part) => {
      assert.match(part, new RegExp(`^${path}\\.${process.pid}-[0-9a-f]{8}\\.part$`));
      writeFileSync(part, "one");
    });
    assert.throws(
      () =>
        replaceWhole(path, (part) => {
          writeFileSync(part, "ha");
          assert.equal(readFileSync(path, "utf8"), "one");
          throw new Error("the writer's own");
        }),
      { message: "the writer's own" },
    );
    assert.throws(
      () =>
        replaceWhole(path, () => {
          throw new Error("before anything was written");
        }),
      { message: "before anything was written" },
    );
    assert.deepEqual([readFileSync(path, "utf8"), readdirSync(join(folder, "made"))], ["one", ["file"]]);
    replaceWhole(path, (part) => writeFileSync(part, "two"));
    assert.deepEqual([readFileSync(path, "utf8"), readdirSync(join(folder, "made"))], ["two", ["file"]]);
    assert.notEqual(partOf(path), partOf(path), "two writers do not meet");
  });

  it("files that belong together are all new or all as they were", async () => {
    const at = join(folder, "made");
    const files = (texts: readonly (string | null)[]) =>
      texts.map((text, i) => ({
        name: `file ${i}`,
        async write(part: string) {
          if (text === null) throw new Error("the writer's own");
          writeFileSync(part, text);
        },
      }));
    const found = () => readdirSync(at).map((name) => [name, readFileSync(join(at, name), "utf8")]);
    await replaceTogether(at, files(["a", "b"]));
    await assert.rejects(replaceTogether(at, files(["c", null])), { message: "the writer's own" });
    assert.deepEqual(found(), [
      ["file 0", "a"],
      ["file 1", "b"],
    ]);
    const elsewhere = join(folder, "elsewhere");
    writeFileSync(elsewhere, "");
    rmSync(join(at, "file 1"));
    symlinkSync(elsewhere, join(at, "file 1"));
    await replaceTogether(at, files(["c", "d"]));
    assert.deepEqual(found(), [
      ["file 0", "c"],
      ["file 1", "d"],
    ]);
    assert.equal(readFileSync(elsewhere, "utf8"), "d", "a link leads where it did");
  });

  it("a link goes on pointing where it did, and what is no plain file is written to as it is", () => {
    const [real, link] = [join(folder, "real"), join(folder, "link")];
    writeFileSync(real, "old");
    symlinkSync(real, link);
    replaceWhole(link, (part) => writeFileSync(part, "new"));
    assert.deepEqual([readFileSync(real, "utf8"), lstatSync(link).isSymbolicLink()], ["new", true]);
    const asked: string[] = [];
    replaceWhole("/dev/null", (part) => void asked.push(part));
    assert.deepEqual(asked, ["/dev/null"]);
    mkdirSync(join(folder, "place"));
    assert.throws(
      () => replaceWhole(join(folder, "place"), (part) => writeFileSync(part, "x")),
      (error) => error instanceof DiskFailure && error.error.kind === "folder",
    );
  });
});
