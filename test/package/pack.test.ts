/**
 * The package as others get it: built, packed, unpacked into a TypeScript and a JavaScript project that lie outside the
 * repository, and used there without the kernel. The dependencies are links to the ones installed here.
 */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

describe("the packed library", () => {
  let project: string;
  before(() => {
    project = mkdtempSync(join(tmpdir(), "consumer-"));
    run(process.execPath, [join(root, "scripts/pack.mjs"), "--pack-destination", project], root);
    const tarball = readdirSync(project).find((name) => name.endsWith(".tgz"))!;
    const modules = join(project, "node_modules");
    mkdirSync(modules);
    run("tar", ["-xzf", tarball], project);
    for (const name of readdirSync(join(root, "node_modules")))
      if (!name.startsWith(".")) symlinkSync(join(root, "node_modules", name), join(modules, name));
    execFileSync("mv", [join(project, "package"), join(modules, "autoagent-lab")]);
  });
  after(() => rmSync(project, { recursive: true, force: true }));

  const program = `
    import { AutonomousLLM, SurvivalEnv, train, policies, returns } from "autoagent-lab";
    const env = new SurvivalEnv({ maxSteps: 3 });
    await env.reset({ seed: 1 });
    const { reward, terminated } = await env.step("self.state.n = 1;");
    const updates = [];
    for await (const update of train({ env, policy: policies.editMenu(), estimator: "leave-one-out", updates: 1, episodes: 4, seed: 1 }))
      updates.push(update.update);
    console.log(JSON.stringify({ reward, terminated, updates, returns: [...returns([1, 1], { gamma: 0.5 })], agent: typeof AutonomousLLM }));
    await env.close();
  `;
  const expected = { reward: 1, terminated: false, updates: [0], returns: [1.5, 1], agent: "function" };

  it("runs from a JavaScript project", () => {
    writeFileSync(join(project, "use.mjs"), program);
    assert.deepEqual(JSON.parse(run(process.execPath, ["use.mjs"], project)), expected);
  });

  it("runs from a TypeScript project, and its types are checked there", () => {
    writeFileSync(join(project, "use.ts"), program);
    writeFileSync(join(project, "package.json"), '{ "type": "module" }');
    const tsc = [
      join(root, "node_modules/typescript/bin/tsc"),
      "--noEmit",
      "--strict",
      "--skipLibCheck",
      "--module",
      "nodenext",
      "--target",
      "esnext",
      "--types",
      "node",
      "use.ts",
    ];
    run(process.execPath, tsc, project);
    assert.deepEqual(JSON.parse(run(process.execPath, ["use.ts"], project)), expected);
    writeFileSync(join(project, "wrong.ts"), program.replace("maxSteps: 3", 'maxSteps: "three"'));
    assert.throws(
      () => run(process.execPath, [...tsc.slice(0, -1), "wrong.ts"], project),
      (error: { stdout: string }) => /wrong\.ts\(3,.*TS2322.*string.*number/s.test(error.stdout),
    );
  });

  it("holds no file that names a path of the machine it was built on", () => {
    const packed = join(project, "node_modules/autoagent-lab");
    const offending = readdirSync(packed, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => readFileSync(file, "utf8").includes(root));
    assert.deepEqual(offending, []);
  });

  function run(file: string, args: string[], cwd: string): string {
    return execFileSync(file, args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }
});
