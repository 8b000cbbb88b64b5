/** Where the kernel is put, listed and removed: in temporary folders, and in the folders of each platform by its environment. */

import assert from "node:assert/strict";
import fs, { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { InstallFailure, install, kernelSpec, listInstalled, uninstall } from "../../kernel/install.ts";
import { nodeFlags } from "../../kernel/session/node-flags.ts";

const top = mkdtempSync(join(tmpdir(), "autoagent-install-"));
const variables = [
  "HOME",
  "JUPYTER_DATA_DIR",
  "JUPYTER_PATH",
  "XDG_DATA_HOME",
  "APPDATA",
  "PROGRAMDATA",
  "VIRTUAL_ENV",
  "CONDA_PREFIX",
];
const before = Object.fromEntries(variables.map((name) => [name, process.env[name]]));
const platform = process.platform;

/** Sets the variables that decide about folders to these and no others. */
function surroundings(given: { [name: string]: string }, on: string = platform): void {
  for (const name of variables) delete process.env[name];
  Object.assign(process.env, { HOME: join(top, "home"), ...given });
  Object.defineProperty(process, "platform", { value: on });
}

function restore(): void {
  for (const [name, value] of Object.entries(before))
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  Object.defineProperty(process, "platform", { value: platform });
}

/** A folder that nobody else in this file uses. */
function fresh(): string {
  return mkdtempSync(join(top, "prefix-"));
}

const dataOf = (prefix: string): string => join(prefix, "share", "jupyter");
const kernelOf = (prefix: string, name = "autoagent"): string => join(dataOf(prefix), "kernels", name);
const rendererOf = (prefix: string): string => join(dataOf(prefix), "labextensions", "autoagent-lab-plotly");
const refused = (message: string | RegExp) => ({ name: "InstallFailure", message });

describe("the kernel in Jupyter's folders", () => {
  afterEach(restore);
  after(() => rmSync(top, { recursive: true, force: true }));

  it("is a specification, a logo and the renderer with its files, whatever was there of an older one", () => {
    const prefix = fresh();
    assert.deepEqual(install({ prefix }), { kernel: kernelOf(prefix), renderer: rendererOf(prefix) });
    const text = readFileSync(join(kernelOf(prefix), "kernel.json"), "utf8");
    assert.deepEqual(JSON.parse(text), kernelSpec());
    assert.match(text, /^\{\n "argv": \[\n {2}".*\n\}\n$/s, "lines that a person can read");
    assert.deepEqual(readdirSync(kernelOf(prefix)).sort(), ["kernel.json", "logo-svg.svg"]);
    assert.match(readFileSync(join(kernelOf(prefix), "logo-svg.svg"), "utf8"), /<svg/);
    assert.deepEqual(readdirSync(rendererOf(prefix)).sort(), ["install.json", "package.json", "static"]);
    const files = join(rendererOf(prefix), "static");
    assert.deepEqual(readdirSync(files).sort(), ["controls.js", "plotly.min.js", "remoteEntry.js"]);
    const plotly = createRequire(import.meta.url).resolve("plotly.js/dist/plotly.min.js");
    assert.ok(readFileSync(join(files, "plotly.min.js")).equals(readFileSync(plotly)));

    writeFileSync(join(kernelOf(prefix), "kernel.json"), text.replace(/"argv": \[[^\]]*\]/, '"argv": ["old"]'));
    install({ prefix });
    assert.equal(readFileSync(join(kernelOf(prefix), "kernel.json"), "utf8"), text);
  });

  it("starts this Node on the kernel's main file, with the connection file last, and stops by message", () => {
    const { argv, ...rest } = kernelSpec() as { argv: string[] };
    const main = argv.at(-2)!;
    assert.deepEqual([argv[0], argv.at(-1)], [process.execPath, "{connection_file}"]);
    assert.equal(relative(join(import.meta.dirname, "..", ".."), main), join("kernel", "main.ts"));
    assert.ok(existsSync(main));
    assert.deepEqual(argv.slice(1, -2), nodeFlags({ typed: true, small: true }));
    assert.deepEqual(rest, {
      display_name: "TypeScript (AutoAgent Lab)",
      language: "typescript",
      interrupt_mode: "message",
      metadata: { debugger: false, package: "autoagent-lab" },
    });
  });

  it("the renderer goes with the last kernel, and what went is told", () => {
    const prefix = fresh();
    for (const name of ["one", "two"]) install({ prefix, name });
    assert.deepEqual(uninstall({ prefix, name: "one" }), [kernelOf(prefix, "one")]);
    assert.deepEqual([existsSync(kernelOf(prefix, "one")), existsSync(rendererOf(prefix))], [false, true]);
    assert.deepEqual(uninstall({ prefix, name: "two" }), [kernelOf(prefix, "two"), rendererOf(prefix)]);
    assert.deepEqual([existsSync(kernelOf(prefix, "two")), existsSync(rendererOf(prefix))], [false, false]);
    install({ prefix });
    rmSync(rendererOf(prefix), { recursive: true });
    assert.deepEqual(uninstall({ prefix }), [kernelOf(prefix)], "a renderer that is gone already");
  });

  it("what is not there, or is another's, is refused by its folder and stays", () => {
    const prefix = fresh();
    const none = refused(
      `There is no kernel ${kernelOf(prefix)}: see \`autoagent-kernel list\` for those that are there.`,
    );
    assert.throws(() => uninstall({ prefix }), none);
    for (const text of ['{"argv": ["deno"]}', '{"metadata": {"package": "deno"}}', "half writ"]) {
      mkdirSync(kernelOf(prefix, "deno"), { recursive: true });
      writeFileSync(join(kernelOf(prefix, "deno"), "kernel.json"), text);
      const folder = kernelOf(prefix, "deno");
      assert.throws(
        () => install({ prefix, name: "deno" }),
        refused(`${folder} is another kernel's: choose another name with --name.`),
      );
      assert.throws(
        () => uninstall({ prefix, name: "deno" }),
        refused(`${folder} is another kernel's: nothing was removed.`),
      );
      assert.equal(readFileSync(join(folder, "kernel.json"), "utf8"), text);
      assert.deepEqual(listInstalled({ prefix }), []);
    }
    assert.ok(!existsSync(rendererOf(prefix)));
  });

  it("names are letters, digits, dots, dashes and underscores; others are refused before anything is written or removed", () => {
    const prefix = fresh();
    for (const name of ["a", "Lab-7.2_x", "..a"]) {
      install({ prefix, name });
      uninstall({ prefix, name });
    }
    mkdirSync(join(prefix, "share", "kept"), { recursive: true });
    writeFileSync(join(prefix, "share", "kept", "kernel.json"), JSON.stringify(kernelSpec()));
    for (const name of ["", ".", "..", "a/b", "../../kept", "a b", "é", "a\n"])
      for (const act of [install, uninstall])
        assert.throws(
          () => act({ prefix, name }),
          refused(
            `Expected the kernel's name to be of letters, digits, ".", "_" and "-", got ${JSON.stringify(name)}.`,
          ),
        );
    assert.deepEqual(readdirSync(join(dataOf(prefix), "kernels")), []);
    assert.ok(existsSync(join(prefix, "share", "kept", "kernel.json")));
  });

  it("a place that cannot be written is named, with the reason and the cure", () => {
    const prefix = fresh();
    writeFileSync(join(prefix, "share"), "a file");
    assert.throws(
      () => install({ prefix }),
      (error: Error) =>
        error instanceof InstallFailure &&
        error.message === `${dataOf(prefix)} cannot be written (ENOTDIR): choose another place with --prefix.` &&
        (error.cause as NodeJS.ErrnoException).code === "ENOTDIR",
    );
    // The code of a full disk and of an error without one, at the seam: no disk here is full.
    for (const [cause, why] of [
      [Object.assign(new Error("ENOSPC: no space"), { code: "ENOSPC" }), "the disk is full"],
      [new Error("odd"), "odd"],
    ] as const)
      withFake(
        "mkdirSync",
        () =>
          assert.throws(
            () => install({ prefix: join(top, "full") }),
            refused(`${dataOf(join(top, "full"))} cannot be written (${why}): choose another place with --prefix.`),
          ),
        () => {
          throw cause;
        },
      );
    const there = fresh();
    install({ prefix: there });
    withFake(
      "rmSync",
      () =>
        assert.throws(() => uninstall({ prefix: there }), refused(`${kernelOf(there)} cannot be removed (EACCES).`)),
      () => {
        throw Object.assign(new Error("no"), { code: "EACCES" });
      },
    );
  });

  it("the list tells a kernel whose Node or main file is gone from one that works", () => {
    const prefix = fresh();
    assert.deepEqual(listInstalled({ prefix }), []);
    const told = (argv: string[] | undefined): boolean => {
      install({ prefix });
      writeFileSync(join(kernelOf(prefix), "kernel.json"), JSON.stringify({ ...kernelSpec(), argv }));
      const [one, ...others] = listInstalled({ prefix });
      assert.deepEqual([one!.name, one!.folder, others], ["autoagent", kernelOf(prefix), []]);
      return one!.works;
    };
    const main = join(import.meta.dirname, "..", "..", "kernel", "main.ts");
    const built = join(prefix, "main.js");
    writeFileSync(built, "");
    const { argv } = kernelSpec() as { argv: string[] };
    const cases: [what: string, argv: string[] | undefined, works: boolean][] = [
      ["as installed", argv, true],
      ["the built one", [process.execPath, built, "{connection_file}"], true],
      ["Node is gone", [join(prefix, "node"), main], false],
      ["the main file is gone", [process.execPath, join(prefix, "main.ts")], false],
      ["no main file", [process.execPath, "{connection_file}"], false],
      ["no command", [], false],
      ["no line at all", undefined, false],
    ];
    for (const [what, line, works] of cases) assert.equal(told(line), works, what);
  });

  it("goes into the user's own folder on each platform, where no prefix is given", () => {
    const home = join(top, "home");
    const cases: [on: string, given: { [name: string]: string }, data: string][] = [
      ["linux", {}, join(home, ".local", "share", "jupyter")],
      ["linux", { XDG_DATA_HOME: "" }, join(home, ".local", "share", "jupyter")],
      ["linux", { XDG_DATA_HOME: join(top, "xdg") }, join(top, "xdg", "jupyter")],
      ["darwin", { XDG_DATA_HOME: join(top, "xdg") }, join(home, "Library", "Jupyter")],
      ["win32", {}, join(home, "AppData", "Roaming", "jupyter")],
      ["win32", { APPDATA: join(top, "roaming") }, join(top, "roaming", "jupyter")],
      ...["linux", "darwin", "win32"].map((on): [string, { [name: string]: string }, string] => [
        on,
        { JUPYTER_DATA_DIR: join(top, on), APPDATA: "/none", XDG_DATA_HOME: "/none" },
        join(top, on),
      ]),
    ];
    for (const [on, given, data] of cases) {
      surroundings(given, on);
      assert.equal(install().kernel, join(data, "kernels", "autoagent"), `${on} ${JSON.stringify(given)}`);
      const [kernel] = uninstall();
      assert.equal(kernel, join(data, "kernels", "autoagent"));
    }
  });

  it("is looked for where Jupyter looks, in its order, and told once", () => {
    const [mine, extra, environment, conda] = [fresh(), fresh(), fresh(), fresh()];
    const given = {
      JUPYTER_DATA_DIR: dataOf(mine),
      JUPYTER_PATH: `:${dataOf(extra)}::${dataOf(mine)}`,
      VIRTUAL_ENV: environment,
      CONDA_PREFIX: conda,
    };
    surroundings(given, "linux");
    for (const prefix of [conda, environment, extra]) install({ prefix });
    install();
    const folders = (): string[] => listInstalled().map(({ folder }) => folder);
    const odd = fresh();
    mkdirSync(dataOf(odd), { recursive: true });
    writeFileSync(join(dataOf(odd), "kernels"), "no folder");
    assert.deepEqual(listInstalled({ prefix: odd }), []);
    assert.deepEqual(
      folders(),
      [extra, mine, environment, conda].map((prefix) => kernelOf(prefix)),
    );
    assert.deepEqual(
      listInstalled({ prefix: conda }).map(({ folder }) => folder),
      [kernelOf(conda)],
    );
    const asked = [extra, mine, environment, conda].map(dataOf);
    assert.deepEqual(lookedIn(folders), [...asked, "/usr/local/share/jupyter", "/usr/share/jupyter"]);
    surroundings({ ...given, PROGRAMDATA: join(top, "programs") }, "win32");
    assert.deepEqual(lookedIn(folders), [...asked, join(top, "programs", "jupyter")]);
    surroundings(given, "win32");
    assert.deepEqual(lookedIn(folders), [...asked, join("C:\\ProgramData", "jupyter")]);
    surroundings({ JUPYTER_DATA_DIR: dataOf(mine), VIRTUAL_ENV: "", CONDA_PREFIX: "" }, "linux");
    assert.deepEqual(lookedIn(folders), [dataOf(mine), "/usr/local/share/jupyter", "/usr/share/jupyter"]);
  });
});

/** Runs an act while a function of the file system is another one. */
function withFake<T>(name: "mkdirSync" | "readdirSync" | "rmSync", act: () => T, fake: (path: string) => unknown): T {
  const real = fs[name];
  Object.assign(fs, { [name]: fake });
  syncBuiltinESMExports();
  try {
    return act();
  } finally {
    Object.assign(fs, { [name]: real });
    syncBuiltinESMExports();
  }
}

/** The data folders whose kernels an act asks for, in order. */
function lookedIn(act: () => unknown): string[] {
  const found: string[] = [];
  const real = fs.readdirSync;
  withFake("readdirSync", act, (path) => {
    if (basename(path) === "kernels") found.push(dirname(path));
    return real(path);
  });
  return found;
}
