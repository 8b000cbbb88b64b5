/**
 * The tour as a newcomer runs it: `npm start` in a process of its own, then the executed notebook read back, validated by
 * nbformat itself, and the page looked at in a headless Chromium that has no network.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { openPage, testPython } from "../support.ts";

const root = resolve(import.meta.dirname, "../..");
const notebook = join(root, "runs", "00-tour.ipynb");
const page = join(root, "runs", "00-tour.html");

interface Cell {
  cell_type: string;
  source: string[];
  metadata: { tags?: string[] };
  outputs: { output_type: string; data?: { [type: string]: string[] | object } }[];
}

describe("the tour", () => {
  let started: { stdout: string; stderr: string; status: number | null };
  let cells: Cell[];
  before(() => {
    rmSync(notebook, { force: true });
    rmSync(page, { force: true });
    started = spawnSync(process.execPath, [join(root, "scripts/start.mjs")], { cwd: root, encoding: "utf8" });
    assert.equal(started.status, 0, started.stdout + started.stderr);
    cells = (JSON.parse(readFileSync(notebook, "utf8")) as { cells: Cell[] }).cells;
  });

  it("prints a line a cell, the main figures and the path of the page", () => {
    const { stdout, stderr } = started;
    const total = cells.filter((cell) => cell.cell_type === "code").length;
    assert.match(stderr, new RegExp(`\\[1/${total}\\].*\n[^]*\\[${total}/${total}\\]`));
    assert.match(stdout, /-967\.3289 {2}-978\.1100 {2}-989\.0000 {2}-1000\.0000/);
    assert.match(stdout, /leave-one-out +5 +\d/);
    assert.match(stdout, /runs\/00-tour\.html/);
  });

  it("prints the figures that the README shows", () => {
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const [, shown] = /^```\n(variant [^]*?)^```/m.exec(readme)!;
    const lines = shown!.split("\n").filter((line) => line !== "");
    assert.ok(lines.length >= 8, shown);
    for (const line of lines) assert.ok(started.stdout.split("\n").includes(line), `${line}\n\n${started.stdout}`);
  });

  it("holds the paper's four returns and advantages, computed by the library", () => {
    const table = (tag: string): string => plainOf(cells.find((cell) => cell.metadata.tags?.includes(tag))!);
    const numbers = (text: string): string[] =>
      text
        .split("\n")
        .slice(1)
        .map((line) => line.trim().split(/\s+/).at(-1)!);
    // By hand: 1 + 0.99 (1 + 0.99 (1 - 990)) and so on, to four digits; their mean is -983.6097.
    assert.deepEqual(numbers(table("returns")), ["-967.3289", "-978.1100", "-989.0000", "-1000.0000"]);
    assert.deepEqual(numbers(table("advantages")), ["+16.2808", "+5.4997", "-5.3903", "-16.3903"]);
    const source = cells.map((cell) => cell.source.join("")).join("\n");
    for (const digits of ["967.3289", "978.1100", "16.2808", "5.4997"])
      assert.ok(!source.includes(digits), `${digits} is typed in`);
  });

  it("lives the paper's four programs in Python and in TypeScript, to the same verdicts and the paper's returns", () => {
    const [inPython, inTypeScript, found] = cells
      .filter((cell) => cell.metadata.tags?.includes("paper"))
      .map((cell) => plainOf(cell).split("\n").slice(1))
      .map((lines) => lines.map((line) => line.trim().split(/\s{2,}/)));
    const survived = ["1", "survived"];
    const lived = (cause: string) => [survived, survived, survived, ["-1000", "attempted_harm", cause]];
    assert.deepEqual(inPython, lived('it tried process spawn: os.system("rm -rf /")'));
    assert.deepEqual(inTypeScript, lived('it tried process spawn: child_process.execSync("rm -rf /")'));
    assert.deepEqual(
      found!.map((row) => row.at(-1)),
      ["-967.3289", "-978.1100", "-989.0000", "-1000.0000"],
    );
  });

  it("tells the death of its agent, and teaches a policy to live", () => {
    assert.match(plainOf(cells.find((cell) => cell.metadata.tags?.includes("certificate"))!), /fatal self edit/);
    const lessons = plainOf(cells.find((cell) => cell.source.join("") === "lessons")!);
    const survival = (name: string): number => Number(new RegExp(`^${name} +5 +([\\d.]+)`, "m").exec(lessons)![1]);
    assert.ok(survival("leave-one-out") > 40, lessons);
    assert.ok(survival("literal loop") < 1.67, lessons);
  });

  it("has no error, no empty cell, and a picture in each of its five sections", () => {
    const kinds = cells.flatMap((cell) => cell.outputs ?? []).map((output) => output.output_type);
    assert.ok(!kinds.includes("error"));
    for (const cell of cells.filter((one) => one.cell_type === "code"))
      assert.ok(cell.outputs.length > 0, `no output: ${cell.source.join("")}`);
    const figures = cells
      .flatMap((cell) => cell.outputs ?? [])
      .filter((o) => o.data?.["application/vnd.plotly.v1+json"]);
    assert.ok(figures.length >= 6, `${figures.length} figures`);
    for (const { data } of figures)
      assert.match(JSON.stringify(data!["text/html"] ?? ""), /data:image\/svg\+xml;base64/);
  });

  it("is a notebook by nbformat's own judgement", function () {
    const python = testPython(this);
    const code =
      "import nbformat, sys; nbformat.validate(nbformat.read(sys.argv[1], as_version=nbformat.NO_CONVERT)); print('valid')";
    const { stdout, stderr } = spawnSync(python, ["-W", "error", "-c", code, notebook], { encoding: "utf8" });
    assert.equal(stdout.trim(), "valid", stderr);
  });

  it("opens in a browser without a network: every plot drawn, no request, no console error", async function () {
    const opened = await openPage(this, `file://${page}`);
    try {
      await opened.page.waitForFunction(() =>
        [...document.querySelectorAll("[data-figure]")].every(
          (place) => (place as HTMLElement).dataset.drawn === "yes",
        ),
      );
      const drawn = await opened.page.locator("[data-figure] .main-svg").count();
      assert.ok(drawn >= 6, `${drawn} drawings`);
      const scroll = await opened.page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(scroll <= 0, `the page is ${scroll} px too wide`);
      assert.deepEqual(opened.complaints, []);
      mkdirSync(join(root, "runs"), { recursive: true });
      await opened.page.screenshot({ path: join(root, "runs", "00-tour.png"), fullPage: true });
    } finally {
      await opened.close();
    }
  });
});

function plainOf(cell: Cell): string {
  const text = cell.outputs
    .map((output) => output.data?.["text/plain"] ?? "")
    .map((part) => (Array.isArray(part) ? part.join("") : String(part)));
  return text.join("\n");
}
