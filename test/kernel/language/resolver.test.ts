/** Where TypeScript finds a module for the loader: by the folder's tsconfig.json as it is now, or without one. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createFolderResolver } from "../../../kernel/language/resolver.ts";

describe("the modules of a folder, as TypeScript finds them", () => {
  let folder: string;
  let seconds = 1;
  const write = (path: string, text: string): void => {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    utimesSync(file, ++seconds, seconds); // each time another one
  };
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "resolver-")));
    for (const file of ["k.ts", "lib/index.ts", "lib/deep.ts", "types.d.ts", "both.d.ts", "both.js"])
      write(file, "export const value = 1;\nexport interface Shape {\n  side: number;\n}\nexport class Both {}\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("are paths alone where there is no tsconfig.json: with or without an extension, as JavaScript, as a folder", () => {
    const resolver = createFolderResolver(folder);
    assert.equal(resolver.hasPaths, false);
    for (const [name, file] of [
      ["./k", "k.ts"],
      ["./k.js", "k.ts"],
      ["./k.ts", "k.ts"],
      ["./lib", "lib/index.ts"],
      ["./both", "both.js"], // the code that the declarations speak for
    ] as const)
      assert.equal(resolver.resolve(name, folder), join(folder, file), name);
    for (const name of ["./none", "deep", "./types"]) assert.equal(resolver.resolve(name, folder), null, name);
    assert.equal(resolver.resolve("../k", join(folder, "lib")), join(folder, "k.ts"));
    resolver.close();
  });

  it("have the names that a tsconfig.json gives, from the next question after it was written, changed or taken away", () => {
    const resolver = createFolderResolver(folder);
    const find = (name: string): (string | boolean | null)[] => {
      const found = [resolver.hasPaths, resolver.resolve(name, folder)];
      resolver.close();
      return found;
    };
    assert.deepEqual(find("@/deep"), [false, null]);
    write("tsconfig.json", '{ "compilerOptions": { "paths": { "@/*": ["./lib/*"] } } }');
    assert.deepEqual(find("@/deep"), [true, join(folder, "lib/deep.ts")]);
    write("tsconfig.json", '{ "compilerOptions": { "paths": { "~/*": ["./lib/*"] } } }');
    assert.deepEqual(
      [find("@/deep"), find("~/deep")],
      [
        [true, null],
        [true, join(folder, "lib/deep.ts")],
      ],
    );
    write("tsconfig.json", '{ "compilerOptions": { "strict": true } }');
    assert.deepEqual(find("~/deep"), [false, null]);
    rmSync(join(folder, "tsconfig.json"));
    assert.deepEqual(find("./k"), [false, join(folder, "k.ts")]);
  });

  it("export types and values, and names that they do not have", () => {
    const resolver = createFolderResolver(folder);
    const names = ["value", "Shape", "Both", "none"];
    assert.deepEqual([...resolver.typesAmong("./k.ts", names)], ["Shape"]);
    assert.deepEqual([...resolver.typesAmong("./none", names)], []);
    resolver.close();
  });
});
