/** Compiler options of cells: what a folder's tsconfig.json may say, what it may not, and where names of modules lead. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultOptions, forcedOptions, libraryName, mergeOptions } from "../../../kernel/language/service-options.ts";

describe("the compiler options of a folder's cells", () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "options-"));
  });
  after(() => rmSync(directory, { recursive: true }));
  const merged = (folder: object) => {
    const { paths, ...rest } = mergeOptions({ defaults: defaultOptions, forced: forcedOptions, directory }, folder);
    const { [libraryName]: library, ...own } = paths as { [pattern: string]: string[] };
    return { paths: own, library, rest };
  };

  it("are strict and newest without one, and modules that are only looked at, whatever it says", () => {
    const forced = {
      ...{ module: 199, moduleResolution: 100, moduleDetection: 3, noEmit: true, allowImportingTsExtensions: true },
      ...{ resolveJsonModule: true, jsx: 1, customConditions: ["autoagent-lab-source", "node"] },
      ...{ allowUnreachableCode: true, allowUnusedLabels: true, isolatedModules: false, verbatimModuleSyntax: false },
      ...{ erasableSyntaxOnly: false, noUnusedLocals: false, noUnusedParameters: false },
      ...{ composite: false, incremental: false, declaration: false },
    };
    const usual = { strict: true, target: 99, lib: ["lib.esnext.d.ts"], skipLibCheck: true, types: [] };
    assert.deepEqual(merged({}).rest, { ...usual, ...forced });
    const opposite = Object.fromEntries(Object.keys(forced).map((name) => [name, "other"]));
    assert.deepEqual(merged(opposite).rest, { ...usual, ...forced });
    const own = { strict: false, target: 9, lib: ["lib.dom.d.ts"], types: ["x"], noImplicitAny: true };
    assert.deepEqual(merged(own).rest, { ...usual, ...forced, ...own });
    const files = ["configFilePath", "outDir", "rootDir", "outFile", "tsBuildInfoFile", "isolatedDeclarations"];
    const elsewhere = Object.fromEntries([...files.map((name) => [name, "x"]), ["strict", null], ["lib", undefined]]);
    assert.deepEqual(merged(elsewhere).rest, { ...usual, ...forced });
  });

  it("lead names to their places, from the base that is given, else from where they are said, else from the folder", () => {
    const paths = { "@/*": ["./lib/*", "/abs/*"], "*": ["own/*"] };
    const at = (base: string) => ({ "@/*": [join(base, "lib/*"), "/abs/*"], "*": [join(base, "own/*")] });
    assert.deepEqual(merged({}).paths, {});
    assert.deepEqual(merged({ paths }).paths, at(directory));
    assert.deepEqual(merged({ paths, pathsBasePath: "/said" }).paths, at("/said"));
    const based = at("/base");
    const all = { ...based, "*": [...based["*"], "/base/*"] };
    assert.deepEqual(merged({ paths, pathsBasePath: "/said", baseUrl: "/base" }).paths, all);
    assert.deepEqual(merged({ baseUrl: "/base" }).paths, { "*": ["/base/*"] });
  });

  it("lead to the kernel's own library where the folder has none, unless it says where", () => {
    assert.match(merged({}).library![0]!, /index\.[jt]s$/);
    assert.deepEqual(merged({ paths: { [libraryName]: ["mine"] } }).library, [join(directory, "mine")]);
  });
});
