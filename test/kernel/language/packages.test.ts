/** What brings a module that is not found: told only where it is known. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { adviceFor, packageOf } from "../../../kernel/language/packages.ts";

describe("a module that is not found", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "packages-"));
    for (const name of ["there", "@scope/there"]) mkdirSync(join(folder, "node_modules", name), { recursive: true });
    mkdirSync(join(folder, "deep", "er"), { recursive: true });
  });
  after(() => rmSync(folder, { recursive: true }));

  it("is of a package by its name, but for paths, addresses and Node's own", () => {
    const cases: [name: string, of: string | null][] = [
      ["lodash", "lodash"],
      ["lodash/fp", "lodash"],
      ["@scope/name/part", "@scope/name"],
      ["left-pad.js", "left-pad.js"],
      ...["./a", "../a", "/a", "node:fs", "fs", "fs/promises", "https://a.b/c.js", "npm:a", "#inner", "@scope", ""].map(
        (name): [string, null] => [name, null],
      ),
    ];
    for (const [name, of] of cases) assert.equal(packageOf(name), of, name);
  });

  it("is brought by one command, in the notebook's folder, where its package is nowhere above", () => {
    const inDeep = join(folder, "deep", "er");
    const install = (name: string): string => `\`npm install ${name}\` in ${inDeep}`;
    const named = (plain: string): string => `Cells name packages as Node does: write "${plain}"`;
    const cases: [name: string, advice: string | null][] = [
      ["gone", `Install it with ${install("gone")}.`],
      ["@scope/gone/part", `Install it with ${install("@scope/gone")}.`],
      ["there", null],
      ["@scope/there/part", null],
      ["./gone", null],
      ["node:gone", null],
      ["npm:gone@4/fp", `${named("gone/fp")}, after ${install("gone")}.`],
      ["npm:/@scope/gone@1.2.3", `${named("@scope/gone")}, after ${install("@scope/gone")}.`],
      ["npm:there@1", `${named("there")}.`],
      ["jsr:@std/path@1", null],
      ["jsr:there", null],
      ["npm:", null],
    ];
    for (const [name, advice] of cases) assert.equal(adviceFor(name, inDeep), advice, name);
  });
});
