/** The arguments of `autoagent-kernel`, what it prints and its exit codes; a kernel is started only where a cell has to run. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { testPython } from "../support.ts";
import { hangMs } from "../waiting.ts";
import { notebookOf } from "./notebook/notebook-of.ts";

const root = join(import.meta.dirname, "..", "..");
const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
const line = [...flags, join(root, "kernel", "cli.ts")];
const folder = mkdtempSync(join(tmpdir(), "autoagent-arguments-"));
const options = { cwd: folder, env: { ...process.env, JUPYTER_DATA_DIR: join(folder, "data") } };

function command(...args: string[]): { code: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, [...line, ...args], { ...options, encoding: "utf8", timeout: hangMs });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

function write(name: string, sources: string[], tags: string[] = []): void {
  writeFileSync(join(folder, name), JSON.stringify(notebookOf(sources, { tagsOf: () => tags })));
}

describe("the arguments of autoagent-kernel", () => {
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("help is asked for, or given with exit code 2 where no command is", () => {
    const asked = command("--help");
    assert.deepEqual([asked.code, asked.err], [0, ""]);
    for (const word of ["run NOTEBOOK", "install", "uninstall", "list", "--output", "--timeout", "--prefix"])
      assert.ok(asked.out.includes(word), word);
    for (const args of [["-h"], ["install", "--help"]]) assert.deepEqual(command(...args), asked);
    assert.deepEqual(command(), { ...asked, code: 2 });
    assert.ok(!existsSync(join(folder, "data")), "nothing was installed");
  });

  it("install, list and uninstall say where", () => {
    const prefix = join(folder, "prefix");
    const place = (base: string, name: string): string => join(base, "kernels", name);
    const data = join(prefix, "share", "jupyter");
    const renderer = join(data, "labextensions", "autoagent-lab-plotly");
    const none = { code: 0, out: "The kernel is not installed: run `autoagent-kernel install`.\n", err: "" };
    assert.deepEqual(command("list", "--prefix", prefix), none);
    assert.deepEqual(command("install", "--prefix", prefix, "--name", "mine"), {
      code: 0,
      out: `Installed the kernel in ${place(data, "mine")}\nand the plotly renderer in ${renderer}.\n`,
      err: "",
    });
    const own = place(join(folder, "data"), "autoagent");
    assert.ok(command("install", "--user").out.startsWith(`Installed the kernel in ${own}\n`));
    const spec = join(place(data, "mine"), "kernel.json");
    assert.equal(command("list", "--prefix", prefix).out, `mine  ${place(data, "mine")}\n`);
    writeFileSync(spec, readFileSync(spec, "utf8").replaceAll("main.ts", "gone/main.ts"));
    const gone = "  (what it starts is gone: install it again)";
    assert.equal(command("list", "--prefix", prefix).out, `mine  ${place(data, "mine")}${gone}\n`);
    assert.deepEqual(command("uninstall", "--prefix", prefix, "--name", "mine"), {
      code: 0,
      out: `Removed ${place(data, "mine")}.\nRemoved ${renderer}.\n`,
      err: "",
    });
    assert.ok(existsSync(own), "the other folder's kernel stays");
    assert.ok(command("uninstall").out.startsWith(`Removed ${own}.\n`));
  });

  it("what is wrong with the arguments is one sentence and exit code 2, before anything is started", () => {
    const seconds = (text: string): RegExp =>
      new RegExp(`^Expected --timeout to be seconds, from 0 to 2000000, got ${JSON.stringify(text)}\\.\n$`);
    const pair = (text: string): RegExp =>
      new RegExp(
        `^Expected --parameters to be KEY=VALUE with a variable's name as KEY, got ${JSON.stringify(text).replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}\\.\n$`,
      );
    const one = /^Give one notebook: autoagent-kernel run NOTEBOOK\.\n$/;
    const none = /^There is no notebook .*none\.ipynb\.\n$/;
    const cases: [args: string[], said: RegExp][] = [
      [["run"], one],
      [["run", "one.ipynb", "two.ipynb"], one],
      ...["0", "2000000"].map((text): [string[], RegExp] => [["run", "none.ipynb", "--timeout", text], none]),
      ...["2000001", "NaN", " "].map((text): [string[], RegExp] => [
        ["run", "none.ipynb", "--timeout", text],
        seconds(text),
      ]),
      [["run", "none.ipynb", "--timeout=-1"], seconds("-1")],
      ...["n", "=1", "a.b=1"].map((text): [string[], RegExp] => [
        ["run", "none.ipynb", "--parameters", text],
        pair(text),
      ]),
      [["run", "none.ipynb", "--parameters", "$n_1=2", "--parameters", "b="], none],
      [["install", "--user", "--prefix", "x"], /^Give --user or --prefix, not both\.\n$/],
      [["install", "--nam", "x"], /^Unknown option '--nam'/],
      [["install", "x"], /^Unexpected argument 'x'/],
      [["toString"], /^Unknown command "toString": it is one of run, install, uninstall, list\.\n$/],
    ];
    for (const [args, said] of cases) {
      const { code, out, err } = command(...args);
      assert.deepEqual([code, out], [2, ""], `${args.join(" ")}: ${err}`);
      assert.match(err, said, args.join(" "));
    }
    assert.ok(!existsSync(join(folder, "x")));
  });

  it("parameters are JSON or text; the limit is in seconds; a cell is told in one line of at most 99 letters", () => {
    write("values.ipynb", [
      `const said = "${"a long first line ".repeat(9)}";\nawait new Promise((done) => setTimeout(done, 400));`,
      "console.log(JSON.stringify([n, list, text, empty, both, last]));",
    ]);
    const pairs = ["n=3", 'list=[1,{"a":null}]', "text=[1", "empty=", "both=a=b", "last=1", "last=true"];
    const ran = command(
      "run",
      "values.ipynb",
      "--output",
      "out.ipynb",
      ...["--timeout", "45"],
      ...pairs.flatMap((pair) => ["--parameters", pair]),
    );
    assert.deepEqual([ran.code, ran.out], [0, ""], ran.err);
    const { cells } = JSON.parse(readFileSync(join(folder, "out.ipynb"), "utf8")) as {
      cells: { outputs: { text?: string[] }[] }[];
    };
    assert.deepEqual(cells.at(-1)!.outputs[0]!.text, ['[3,[1,{"a":null}],"[1","","a=b",true]\n']);
    const lines = ran.err.split("\n");
    assert.deepEqual([lines.length, lines.at(-1)], [4, ""]);
    assert.match(lines[1]!, /^\[2\/3\] {3}\d\.\d s {2}const said = "a long first line a long/);
    assert.equal(lines[1]!.length, 99);
  });

  it("a cell that fails is told, its control characters as pictures; exit code 1, and 0 where errors are allowed", () => {
    write("fails.ipynb", ['throw new Error("a\\u001b[2Jb\\u0007c\\u0085d");', "2"]);
    const ran = (...more: string[]) => command("run", "fails.ipynb", ...more);
    const [strict, lenient] = [ran(), ran("--allow-errors")];
    assert.deepEqual([strict.code, strict.out, lenient.code, lenient.out], [1, "", 0, ""]);
    for (const { err } of [strict, lenient]) {
      assert.match(err, /^Cell 1 failed: throw new Error\(/m);
      assert.match(err, /^.*Error: a␛\[2Jb␇c\ufffdd.*$/m);
      assert.doesNotMatch(err, /[^\P{Cc}\n\t]/u);
    }
    assert.doesNotMatch(strict.err, /^\[2\/2\]/m);
    assert.match(lenient.err, /^\[2\/2\]/m);
  });

  it("on a terminal the line of a cell is written over, and ends with the cell", function () {
    const slow = 'await display("half way"); await new Promise((done) => setTimeout(done, 1500));';
    write("lines.ipynb", [slow, "2 + 2"]);
    const python = testPython(this);
    const terminal = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    const args = ["-c", terminal, process.execPath, ...line, "run", "lines.ipynb"];
    const done = spawnSync(python, args, { ...options, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    assert.equal(done.status, 0, done.stdout);
    const lines = done.stdout.trimEnd().split("\r\n");
    assert.equal(lines.length, 2, done.stdout);
    const [first, second] = lines.map((states) => states.split("\r\x1b[K"));
    assert.deepEqual([first![0], second![0]], ["", ""], "each state is written over the one before");
    assert.ok(
      first!.some((state) => /^\[1\/2\] +\d\.\d s {2}'half way'$/.test(state)),
      "what the cell shows",
    );
    assert.match(first!.at(-1)!, /^\[1\/2\] +\d\.\d s {2}await display\("half way"\); await new/);
    assert.match(second!.at(-1)!, /^\[2\/2\] +\d\.\d s {2}2 \+ 2$/);
  });

  for (const [signal, tags] of [
    ["SIGINT", []],
    ["SIGTERM", []],
    ["SIGINT", ["raises-exception"]],
  ] as const)
    it(`${signal} stops the run with exit code 130, also where errors are allowed${tags.length > 0 ? " by the cell" : ""}`, async () => {
      write("long.ipynb", ["1", 'require("node:fs").writeFileSync("began", "");\nfor (;;) {}', "3"], [...tags]);
      const run = spawn(
        process.execPath,
        [...line, "run", "long.ipynb", "--allow-errors", "--output", "long-out.ipynb"],
        {
          ...options,
          stdio: ["ignore", "ignore", "pipe"],
        },
      );
      let err = "";
      run.stderr.setEncoding("utf8").on("data", (text: string) => {
        err += text;
      });
      const ended = new Promise<number | null>((done) => run.once("exit", (code) => done(code)));
      const began = join(folder, "began");
      while (!existsSync(began) && run.exitCode === null) await setTimeout(50);
      rmSync(began, { force: true });
      run.kill(signal);
      assert.equal(await ended, 130, err);
      // A cell that may fail has not failed, and yet the run is not done.
      assert.equal(/\nCell 2 failed: require\(/.test(err), tags.length === 0, err);
      assert.doesNotMatch(err, /^\[3\/3\]/m);
    });
});
