/**
 * What the pages say in numbers and names, read beside what the code and the kept files say: commands and their options,
 * lessons and folders, limits, sizes. Nothing is run here (`blocks.test.ts` does).
 */

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pages, root } from "./blocks.ts";

const textOf = (file: string) => readFileSync(join(root, file), "utf8");
const { scripts } = JSON.parse(textOf("package.json")) as { scripts: { [name: string]: string } };

/** Where people are told of commands: the pages, the lessons, and the heads of benches and scripts. */
const tellers = [
  ...pages,
  ...["notebooks", "bench", "scripts", "data/models"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((file) => /\.(ipynb|ts|mjs|md)$/.test(file) && !/(^|\/)(\.|runs\/|node_modules)/.test(file))
      .map((file) => join(folder, file)),
  ),
];

/** A figure that stands on a page and in the code: a pattern for each, whose groups must be equal. */
const pairs: [what: string, page: string, there: RegExp, file: string, here: RegExp][] = [
  [
    "a child's data",
    "docs/security.md",
    /`prlimit`: (\d+) MiB of data/,
    "src/sandbox/bodies/javascript/plan.ts",
    /dataBytes = (\d+) \* 1024 \* 1024/,
  ],
  [
    "the same where it is watched",
    "docs/security.md",
    /holds more than (\d+) MiB/,
    "src/sandbox/bodies/javascript/plan.ts",
    /dataBytes = (\d+) \* 1024 \* 1024/,
  ],
  [
    "a child's open files",
    "docs/security.md",
    /no core files, (\d+) files/,
    "src/sandbox/host/locks.ts",
    /--nofile=(\d+)/,
  ],
  [
    "a child's processor time",
    "docs/security.md",
    /(\d+) s of processor time/,
    "src/sandbox/host/locks.ts",
    /cpuSeconds = (\d+)/,
  ],
  ["lives of a child", "docs/security.md", /and after (\d+) lives/, "src/sandbox/create.ts", /livesPerChild = (\d+)/],
  [
    "lives in a child",
    "docs/security.md",
    /(\d+) at most\. A child/,
    "src/sandbox/host/places.ts",
    /livesAtOnce = (\d+)/,
  ],
  [
    "memory of the lives in a child",
    "docs/security.md",
    /as many as hold (\d+) MiB together/,
    "src/sandbox/host/places.ts",
    /heldTogether = (\d+) \* 2 \*\* 20/,
  ],
  [
    "a flood",
    "docs/security.md",
    /more than (\d+) MB sent/,
    "src/sandbox/host/child.ts",
    /floodBytes = (\d+) \* 1024 \* 1024/,
  ],
  [
    "grace of a step",
    "docs/security.md",
    /twice the limit \+ (\d+) ms/,
    "src/sandbox/host/step-sender.ts",
    /stepMs \* 2 \+ (\d+)/,
  ],
  [
    "looks at memory",
    "docs/security.md",
    /every (\d+) ms on Linux without `prlimit`, every (\d+) ms on macOS/,
    "src/sandbox/host/memory.ts",
    /linux \? (\d+) : (\d+)\)/,
  ],
  [
    "effects that are kept",
    "docs/security.md",
    /the (\d+)th of a step that are no worse/,
    "src/sandbox/bodies/javascript/child/main.ts",
    /effectsKept = (\d+)/,
  ],
  [
    "the stop button's patience",
    "README.md",
    /has not stopped after\s+(\d+) seconds/,
    "kernel/session/cells/process.ts",
    /patienceMs = (\d+)000;/,
  ],
  ["pretraining", "README.md", /over TensorFlow \((\d+) minutes/, "data/models/tiny/card.md", /; (\d+) minutes on/],
  [
    "pretraining in Python",
    "README.md",
    /begun from it \((\d+) minutes/,
    "data/models/tiny-python/card.md",
    /; (\d+) minutes\./,
  ],
  [
    "TensorFlow's wheel",
    "README.md",
    /Python wheel \((\d+) MB\)/,
    "scripts/setup-tensorflow.mjs",
    /about \$\{gpu \? 570 : (\d+)\} MB/,
  ],
  [
    "CUDA's wheel",
    "docs/gpu.md",
    /TensorFlow's wheel with pip first: (\d+) MB/,
    "scripts/setup-tensorflow.mjs",
    /gpu \? (\d+) : 275\} MB/,
  ],
  [
    "TensorFlow's version",
    "docs/gpu.md",
    /puts TensorFlow (\d+\.\d+) out/,
    "scripts/setup-tensorflow.mjs",
    /version = "(\d+\.\d+)\.\d+"/,
  ],
  [
    "SmolLM2's file",
    "README.md",
    /out of a Python package, (\d+) MB/,
    "scripts/setup-smollm2.ts",
    /with pip \((\d+) MB\)/,
  ],
  [
    "the record's format",
    "docs/formats.md",
    /## The record \(format (\d+)\)/,
    "src/record/schema.ts",
    /formatVersion = (\d+)/,
  ],
];

describe("the pages", () => {
  it("name npm scripts that there are", () => {
    const unknown = tellers.flatMap((file) =>
      [...textOf(file).matchAll(/npm run ([a-z][\w:-]*)/g)]
        .filter(([, name]) => !(name! in scripts) && !/NAME|:$/.test(name!))
        .map(([text]) => `${file}: ${text}`),
    );
    assert.deepEqual(unknown, []);
  });

  it("name options that the commands take", () => {
    const unknown = tellers.flatMap((file) =>
      commandsIn(textOf(file)).flatMap(({ source, options, command }) =>
        options.filter((option) => !takes(source, option)).map((option) => `${file}: ${command} --${option}`),
      ),
    );
    assert.deepEqual(unknown, []);
    assert.ok(tellers.flatMap((file) => commandsIn(textOf(file))).length > 15, "the commands were not found");
  });

  for (const [what, page, there, file, here] of pairs)
    it(`say of ${what} what ${file} says`, () => {
      const [told, found] = [there.exec(textOf(page)), here.exec(textOf(file))];
      assert.ok(told, `${page} does not say it any more: ${there}`);
      assert.ok(found, `${file} does not hold it any more: ${here}`);
      assert.deepEqual(told.slice(1), found.slice(1));
    });

  it("list the lessons and the folders that there are", () => {
    const [, tree] = /^```\n(kernel\/ [^]*?)^```/m.exec(textOf("README.md"))!;
    const lessons = readdirSync(join(root, "notebooks"))
      .filter((file) => file.endsWith(".ipynb"))
      .map((file) => file.replace(".ipynb", ""));
    assert.deepEqual(tree!.match(/\d\d[a-z]?-[\w-]+/g), lessons.sort());
    const listed: string[] = [];
    let above = "";
    for (const line of tree!.split("\n")) {
      const [, indent, names] = /^( {0,3})((?:[a-z]+\/ *)+)/.exec(line) ?? [];
      if (names === undefined) continue;
      const folders = names.trim().split(/ +/);
      if (indent === "") above = folders[0]!;
      listed.push(...folders.map((name) => (indent === "" ? name : `${above}${name}`)));
    }
    assert.deepEqual(
      listed.filter((path) => !existsSync(join(root, path))),
      [],
    );
    for (const top of ["src", "kernel"]) {
      const inside = readdirSync(join(root, top), { withFileTypes: true }).filter((entry) => entry.isDirectory());
      const missing = inside.map(({ name }) => `${top}/${name}/`).filter((path) => !listed.includes(path));
      assert.deepEqual(
        missing.filter((path) => !["src/cli/", "src/data/", "kernel/labextension/"].includes(path)),
        [],
      );
    }
  });
});

/** Commands with options in a text: `npm run NAME -- --x`, `npx autoagent NAME --x`, `npx autoagent-kernel NAME --x`. */
function commandsIn(text: string): { command: string; source: string; options: string[] }[] {
  const found: { command: string; source: string; options: string[] }[] = [];
  for (const [, command, rest] of text.matchAll(
    /((?:npm run|npx autoagent(?:-kernel)?|autoagent(?:-kernel)?) [a-z][\w:-]*)((?: [^`\n#"\\(]*)?(?:\[-- [^\]]*\])?)/g,
  )) {
    const options = [...(rest ?? "").matchAll(/--([a-z][\w-]*)/g)].map(([, option]) => option!);
    const source = sourceOf(command!);
    if (options.length > 0 && source !== null) found.push({ command: command!, source, options });
  }
  return found;
}

/** The text in which a command's options stand. */
function sourceOf(command: string): string | null {
  const name = command.split(" ").at(-1)!;
  if (command.includes("autoagent-kernel")) return textOf("kernel/cli.ts");
  if (command.includes("autoagent")) return textOf("src/cli/help.ts");
  const path = scripts[name]?.split(" ").at(-1);
  return path === undefined || name === "lab" ? null : textOf(path);
}

function takes(source: string, option: string): boolean {
  const name = option.replaceAll("-", "\\-");
  return new RegExp(`--${name}\\b|^\\s+"?${name}"?: \\{|\\b${name}: \\d`, "m").test(source);
}
