/** What the lock file brings in: checksums, licences, native code; and that security.md lists the last. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");
const script: string = "../../scripts/packages.mjs"; // plain JavaScript, for any Node: it has no types to check
interface Package {
  path: string;
  name: string;
  version: string;
  integrity?: string;
  license?: string;
}
const { faultsOf, isAccepted, nativePackages, packagesOf, withoutChecksum } = (await import(script)) as {
  faultsOf: (packages: readonly Package[]) => string[];
  isAccepted: (expression: string) => boolean;
  nativePackages: (folder?: string) => string[];
  packagesOf: (lock: object) => Package[];
  withoutChecksum: [RegExp, string][];
};
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as object;

describe("the packages of the lock file", () => {
  it("have a checksum each, or a reason, and a licence that is accepted", () => {
    assert.deepEqual(faultsOf(packagesOf(lock)), []);
    assert.ok(packagesOf(lock).length > 500);
  });

  it("have the same in the clients that tests run, and their lock file names no registry", () => {
    const text = readFileSync(join(root, "test/clients/node/package-lock.json"), "utf8");
    assert.deepEqual(faultsOf(packagesOf(JSON.parse(text) as object)), []);
    assert.doesNotMatch(text, /"resolved"|https?:\/\/[^"]*\.tgz/);
  });

  it("need no reason that excuses nothing any more", () => {
    const bare = packagesOf(lock).filter(({ integrity }) => integrity === undefined);
    for (const [pattern] of withoutChecksum)
      assert.ok(
        bare.some(({ name }) => pattern.test(name)),
        `${pattern} excuses no package: take it out`,
      );
  });

  it("are found out when one lacks a checksum, or has a licence that binds what is shipped", () => {
    const changed = packagesOf({
      packages: {
        "": { name: "us" },
        "node_modules/one": { version: "1.0.0", license: "MIT" },
        "node_modules/a/node_modules/@scope/two": { version: "2.0.0", integrity: "sha512-x", license: "GPL-3.0" },
        "node_modules/three": { version: "3.0.0", integrity: "sha512-x" },
        "node_modules/four": { version: "4.0.0", integrity: "sha512-x", license: "(GPL-2.0 OR MIT)" },
      },
    });
    assert.deepEqual(faultsOf(changed), [
      "one@1.0.0 has no checksum: `npm run audit:packages -- --write` asks for it",
      "@scope/two@2.0.0 has the licence GPL-3.0, which is not accepted",
      "three@3.0.0 names no licence: look, and add it to knownLicences",
    ]);
    assert.deepEqual(["MIT AND GPL-3.0", "MIT AND MPL-2.0", "AGPL-3.0 OR ISC", ""].map(isAccepted), [
      false,
      true,
      true,
      false,
    ]);
  });

  it("bring only native code that docs/security.md names, with its origin", () => {
    const security = readFileSync(join(root, "docs/security.md"), "utf8");
    for (const name of nativePackages().map((name) => name.replace(/-(linux|darwin|win32)-.*$/, "")))
      assert.ok(security.includes(`\`${name}`), `docs/security.md does not name ${name}, whose native code is loaded`);
  });
});
