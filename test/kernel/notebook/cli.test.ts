/** The `autoagent-kernel` command: notebooks run without a front end, the kernel in Jupyter's folders, bad input. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { openPage, testPython } from "../../support.ts";
import { hangMs, until } from "../../waiting.ts";
import { notebookOf } from "./notebook-of.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
const folder = mkdtempSync(join(tmpdir(), "autoagent-cli-"));

function command(...args: string[]): { code: number | null; out: string; err: string } {
  const done = spawnSync(process.execPath, [...flags, join(root, "kernel", "cli.ts"), ...args], {
    cwd: folder,
    encoding: "utf8",
    timeout: hangMs,
    env: { ...process.env, JUPYTER_DATA_DIR: join(folder, "data") },
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

function write(
  name: string,
  sources: string[],
  kernelspec: object = { name: "autoagent", language: "typescript" },
): string {
  const tagsOf = (source: string) =>
    source.startsWith("let steps") ? ["parameters"] : source.startsWith("// fails") ? ["raises-exception"] : [];
  const { cells, ...rest } = notebookOf(sources, { kernelspec, tagsOf });
  const text = { cell_type: "markdown", id: "text", metadata: {}, source: "# A *small* run\n\n## Figures" };
  writeFileSync(join(folder, name), JSON.stringify({ ...rest, cells: [text, ...cells] }));
  return name;
}

interface Output {
  output_type: string;
  name?: string;
  text?: string[];
  data?: { [mimeType: string]: unknown };
}

function outputsOf(name: string): Output[][] {
  const { cells } = JSON.parse(readFileSync(join(folder, name), "utf8")) as { cells: { outputs?: Output[] }[] };
  return cells.flatMap(({ outputs }) => (outputs ? [outputs] : []));
}

describe("autoagent-kernel", () => {
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("runs a notebook: streams merged, results, figures and updates in place, a line a cell", () => {
    write("good.ipynb", [
      "let steps: number = 3;",
      'console.log("a");\nconsole.log("b");\nsteps * 2',
      'const place = await display("before");',
      'await place.update("after");',
      'plot({ data: [{ x: [1, 2], y: [3, 4] }], layout: { title: { text: "Rising" } } })',
    ]);
    const before = readFileSync(join(folder, "good.ipynb"), "utf8");
    const ran = command(
      "run",
      "good.ipynb",
      "--output",
      "out/good.ipynb",
      "--html",
      "out/good.html",
      "--parameters",
      "steps=21",
    );
    assert.deepEqual([ran.code, ran.out], [0, ""], ran.err);
    assert.match(ran.err, /^\[1\/6\] +\d+\.\d s {2}let steps: number = 3;\n\[2\/6\] .*steps = 21;\n/);
    assert.equal(readFileSync(join(folder, "good.ipynb"), "utf8"), before);
    const [, , second, third, , figure] = outputsOf("out/good.ipynb");
    assert.deepEqual(
      second!.map(({ output_type, text, data }) => [output_type, text ?? data]),
      [
        ["stream", ["a\n", "b\n"]],
        ["execute_result", { "text/plain": ["42"] }],
      ],
    );
    assert.deepEqual(
      third!.map(({ data }) => data),
      [{ "text/plain": ["'after'"] }],
    );
    assert.deepEqual(Object.keys(figure![0]!.data!), ["application/vnd.plotly.v1+json", "text/html", "text/plain"]);
  });

  it("what it writes is valid nbformat", function () {
    const python = testPython(this);
    const check = "import nbformat, sys; nbformat.validate(nbformat.read(sys.argv[1], 4)); print('valid')";
    const done = spawnSync(python, ["-W", "error", "-c", check, join(folder, "out", "good.ipynb")], {
      encoding: "utf8",
    });
    assert.equal(done.stdout, "valid\n", done.stderr);
  });

  for (const dark of [false, true])
    it(`its page draws the figure without a network or a complaint, ${dark ? "dark" : "light"}`, async function () {
      const { page, complaints, close } = await openPage(this, pathToFileURL(join(folder, "out", "good.html")).href, {
        dark,
      });
      try {
        await page.locator("[data-drawn=yes] .main-svg").first().waitFor();
        assert.equal(await page.title(), "A small run");
        assert.deepEqual(await page.locator("nav a").allInnerTexts(), ["Figures"]);
        assert.equal(await page.locator("[data-title*=Share]").count(), 0);
        assert.deepEqual(complaints, []);
      } finally {
        await close();
      }
    });

  it("a failing cell ends the run with its number and lines; what ran is written", () => {
    write("bad.ipynb", [
      "1 + 1",
      'const n: number = 1;\nthrow new Error("too far\\u001b[1m\\u001f\\u007f\\u0085");',
      "3",
    ]);
    const ran = command("run", "bad.ipynb", "--output", "bad-out.ipynb");
    assert.equal(ran.code, 1);
    assert.match(
      ran.err,
      /Cell 2 failed: const n: number = 1;\nError: too far␛\[1m␟\ufffd\ufffd\n[\s\S]*cell 2, line 2/,
    );
    assert.deepEqual(
      outputsOf("bad-out.ipynb").map((all) => all.map((o) => o.output_type)),
      [["execute_result"], ["error"], []],
    );
    const all = command("run", "bad.ipynb", "--output", "bad-out.ipynb", "--allow-errors");
    assert.equal(all.code, 0);
    assert.equal(outputsOf("bad-out.ipynb")[2]!.length, 1);
  });

  it("a cell tagged raises-exception may fail: the run goes on, and what it prints is one output", () => {
    write("raises.ipynb", [
      '// fails\nthrow new Error("shown to the reader");',
      "// fails\nlet x = ;",
      "for (let i = 0; i < 3; i++) { console.log(i); await new Promise((r) => setTimeout(r, 40)); }",
    ]);
    const ran = command("run", "raises.ipynb", "--output", "raises-out.ipynb");
    assert.equal(ran.code, 0, ran.err);
    const [first, second, third] = outputsOf("raises-out.ipynb");
    assert.deepEqual([first![0]!.output_type, second![0]!.output_type], ["error", "error"]);
    assert.deepEqual(third, [{ name: "stdout", output_type: "stream", text: ["0\n", "1\n", "2\n"] }]);
  });

  it("an error that nobody catches ends the run, and names its own cell, however late it comes", () => {
    const late = (ms: number, what: string): string => `setTimeout(() => { ${what} }, ${ms});`;
    const wait = "await new Promise((r) => setTimeout(r, 300));";
    const cases: [what: string, cells: string[], said: RegExp][] = [
      [
        "a rejection",
        ["1", 'Promise.reject(new Error("unseen")); 2', "3"],
        /Cell 2 failed: .*\nUncaught Error: unseen\n/,
      ],
      [
        "a rejection of a function that nobody awaits",
        ["const go = async () => { await null; throw new TypeError('late'); };", "go(); 1"],
        /Cell 2 failed: go\(\); 1\nUncaught TypeError: late\n {4}at go \(cell 1, line 1/,
      ],
      [
        "a timer's error, in a later cell",
        [late(100, "throw new Error('timer')"), wait, "4"],
        /Cell 1 failed: setTimeout.*\nUncaught Error: timer\n/,
      ],
      [
        "a rejection in a timer after the last cell",
        ["1", late(300, "Promise.reject(7)")],
        /Cell 2 failed: .*\nUncaught Thrown: 7\n/,
      ],
      [
        "a callback's error",
        [
          "import { EventEmitter } from 'node:events'; const e = new EventEmitter(); e.on('x', () => { throw new RangeError('heard'); });",
          "setImmediate(() => e.emit('x')); 1",
        ],
        /Cell \d failed: [^]*Uncaught RangeError: heard\n/,
      ],
      [
        "the end of the process between cells",
        [late(50, "process.exit(0)"), "1"],
        /Cell \d failed: [^]*The user process ended \(exit code 0\)/,
      ],
    ];
    for (const [what, cells, said] of cases) {
      write("uncaught.ipynb", cells);
      const ran = command("run", "uncaught.ipynb", "--output", "uncaught-out.ipynb");
      assert.equal(ran.code, 1, `${what}: ${ran.err}`);
      assert.match(ran.err, said, what);
    }
    write("uncaught.ipynb", [late(100, "throw new Error('timer')"), wait, "4"]);
    assert.equal(command("run", "uncaught.ipynb", "--output", "uncaught-out.ipynb", "--allow-errors").code, 0);
    const [first, second] = outputsOf("uncaught-out.ipynb");
    assert.deepEqual([first!.map(({ name }) => name).at(-1), second], ["stderr", []], "under its own cell");
  });

  it("an error that nobody catches is allowed in a cell tagged raises-exception; what is caught, or runs on, ends nothing", () => {
    write("allowed.ipynb", [
      '// fails\nPromise.reject(new Error("shown")); 1',
      "// fails\nsetTimeout(() => { throw new Error('shown later'); }, 100);",
      "await Promise.reject(new Error('caught')).catch(() => 1); await new Promise((r) => setTimeout(r, 200));",
      "const p = Promise.reject(1); try { await p; } catch {}",
      "import { createServer } from 'node:http'; createServer().listen(0); setInterval(() => {}, 10_000); 1",
    ]);
    const ran = command("run", "allowed.ipynb", "--output", "allowed-out.ipynb");
    assert.equal(ran.code, 0, ran.err);
    const told = outputsOf("allowed-out.ipynb").map((all) =>
      /Uncaught Error: shown.*/.exec(JSON.stringify(all))?.[0].slice(0, 27),
    );
    assert.deepEqual(
      [told[0]?.slice(0, 21), told[1]?.slice(0, 27), told[2]],
      ["Uncaught Error: shown", "Uncaught Error: shown later", undefined],
    );
  });

  it("a cell that takes too long is stopped, and the limit is told", () => {
    write("long.ipynb", ["for (;;) {}"]);
    const ran = command("run", "long.ipynb", "--timeout", "0.5");
    assert.equal(ran.code, 1);
    assert.match(ran.err, /Cell 1 failed: for \(;;\) \{\}/);
    assert.match(ran.err, /\nIt was stopped after 0\.5 s, the longest time for one cell\.\n$/);
  });

  it("a notebook says how strictly its types are checked", () => {
    write("strict.ipynb", ["const n: number = 'text';\nconsole.log('ran');"]);
    assert.equal(command("run", "strict.ipynb").code, 0);
    const notebook = JSON.parse(readFileSync(join(folder, "strict.ipynb"), "utf8")) as { metadata: object };
    Object.assign(notebook.metadata, { autoagent: { types: "error" } });
    writeFileSync(join(folder, "strict.ipynb"), JSON.stringify(notebook));
    const strict = command("run", "strict.ipynb");
    assert.equal(strict.code, 1);
    assert.match(strict.err, /1 type error: the cell was not run/);
  });

  it("what ran is written even if the kernel dies in the middle", () => {
    write("dies.ipynb", ["1 + 1", "process.kill(process.ppid, 'SIGKILL'); await new Promise(() => {});"]);
    const ran = command("run", "dies.ipynb", "--output", "out/dies.ipynb");
    assert.equal(ran.code, 2);
    assert.match(ran.err, /the kernel ended \(SIGKILL\)/);
    assert.deepEqual(outputsOf("out/dies.ipynb")[0]![0]!.data, { "text/plain": ["2"] });
  });

  it("leaves no process behind when it is killed with kill -9 in the middle of a cell", async () => {
    write("orphan.ipynb", [
      'const { writeFileSync } = await import("node:fs");\nwriteFileSync("pids.json", JSON.stringify([process.pid, process.ppid]));\nfor (;;) {}',
    ]);
    const runner = spawn(process.execPath, [...flags, join(root, "kernel", "cli.ts"), "run", "orphan.ipynb"], {
      cwd: folder,
      stdio: "ignore",
    });
    const pids = join(folder, "pids.json");
    await until(() => existsSync(pids));
    await setTimeout(100);
    const [user, kernel] = JSON.parse(readFileSync(pids, "utf8")) as [number, number];
    runner.kill("SIGKILL");
    const alive = (pid: number): boolean => {
      try {
        return process.kill(pid, 0);
      } catch {
        return false;
      }
    };
    await until(() => !alive(user) && !alive(kernel));
    assert.deepEqual([alive(user), alive(kernel)], [false, false]);
  });

  it("bad input is one sentence and exit code 2, and nothing is written over", () => {
    writeFileSync(join(folder, "text.ipynb"), "hello");
    write("python.ipynb", ["1"], { name: "python3", language: "python" });
    writeFileSync(join(folder, "kept.ipynb"), "kept");
    const cases: [string[], RegExp][] = [
      [["run", "none.ipynb"], /^There is no notebook .*none\.ipynb\.\n$/],
      [["run", "text.ipynb", "--output", "kept.ipynb"], /^.*text\.ipynb is not a notebook: it is not JSON \(.*\)\.\n$/],
      [
        ["run", "python.ipynb", "--output", "kept.ipynb"],
        /^.* is for a kernel of the language "python": this one runs TypeScript\.\n$/,
      ],
      [
        ["run", "good.ipynb", "--output", "kept.ipynb/x.ipynb"],
        /^.*kept\.ipynb cannot be written to \(E\w+\): choose a folder that you may write to\.\n$/,
      ],
      [
        ["run", "good.ipynb", "--timeout", "soon"],
        /^Expected --timeout to be seconds, from 0 to 2000000, got "soon"\.\n$/,
      ],
      [["run", "good.ipynb", "--parameters", "1=2"], /^Expected --parameters to be KEY=VALUE with .*, got "1=2"\.\n$/],
      [["run"], /^Give one notebook: autoagent-kernel run NOTEBOOK\.\n$/],
      [["fly"], /^Unknown command "fly": it is one of run, install, uninstall, list\.\n$/],
      [["install", "--name", "a/b"], /^Expected the kernel's name to be of letters, .*, got "a\/b"\.\n$/],
      [["uninstall"], /^There is no kernel .*autoagent: see `autoagent-kernel list` for those that are there\.\n$/],
    ];
    for (const [args, text] of cases) {
      const { code, out, err } = command(...args);
      assert.deepEqual([code, out], [2, ""], `${args.join(" ")}: ${err}`);
      assert.match(err, text);
    }
    assert.equal(readFileSync(join(folder, "kept.ipynb"), "utf8"), "kept");
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith(".tmp")),
      [],
    );
  });

  it("installs, lists and removes the kernel, and Jupyter finds it", function () {
    const prefix = join(folder, "prefix");
    const kernel = join(prefix, "share", "jupyter", "kernels", "lab-ts");
    const renderer = join(prefix, "share", "jupyter", "labextensions", "autoagent-lab-plotly");
    assert.equal(command("install", "--prefix", prefix, "--name", "lab-ts").code, 0);
    assert.equal(command("install", "--prefix", prefix, "--name", "other").code, 0);
    const spec = JSON.parse(readFileSync(join(kernel, "kernel.json"), "utf8")) as { [key: string]: unknown };
    assert.deepEqual(
      [spec.language, spec.interrupt_mode, spec.display_name],
      ["typescript", "message", "TypeScript (AutoAgent Lab)"],
    );
    assert.deepEqual(readdirSync(join(renderer, "static")).sort(), ["controls.js", "plotly.min.js", "remoteEntry.js"]);
    assert.equal(command("list", "--prefix", prefix).out.split("\n")[0], `lab-ts  ${kernel}`);
    assert.equal(command("uninstall", "--prefix", prefix, "--name", "other").code, 0);
    assert.ok(existsSync(renderer));
    try {
      const python = testPython(this);
      const find =
        "import sys; from jupyter_client.kernelspec import KernelSpecManager as K; m=K(); m.kernel_dirs=[sys.argv[1]]; print(m.get_kernel_spec('lab-ts').interrupt_mode)";
      const done = spawnSync(python, ["-c", find, join(prefix, "share", "jupyter", "kernels")], { encoding: "utf8" });
      assert.equal(done.stdout, "message\n", done.stderr);
    } finally {
      assert.equal(command("uninstall", "--prefix", prefix, "--name", "lab-ts").code, 0);
    }
    assert.deepEqual([existsSync(kernel), existsSync(renderer)], [false, false]);
    assert.match(command("list", "--prefix", prefix).out, /^The kernel is not installed/);
  });

  it("leaves a kernel of somebody else alone", () => {
    const theirs = join(folder, "data", "kernels", "deno");
    command("install", "--name", "deno");
    writeFileSync(join(theirs, "kernel.json"), '{"argv": ["deno"]}');
    for (const verb of ["install", "uninstall"])
      assert.match(
        command(verb, "--name", "deno").err,
        /deno is another kernel's: (choose another name|nothing was removed)/,
      );
    assert.equal(readFileSync(join(theirs, "kernel.json"), "utf8"), '{"argv": ["deno"]}');
  });
});
