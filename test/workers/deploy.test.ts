/** The files of `deploy/` start commands that there are, with options that these take. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { helpTexts } from "../../src/cli/help.ts";

const folder = join(import.meta.dirname, "../../deploy");

/** Words behind `autoagent` on a line, as a shell or a list in YAML has them. */
function commandOn(line: string): string[] | null {
  const [, rest] = /\bnpx[", ]+autoagent[", ]+(.*)/.exec(line) ?? [];
  return rest === undefined
    ? null
    : rest
        .replaceAll(/["',[\]]/g, " ")
        .split(/\s+/)
        .filter(Boolean);
}

describe("the files to deploy", () => {
  const commands = readdirSync(folder).flatMap((file) =>
    readFileSync(join(folder, file), "utf8")
      .split("\n")
      .flatMap((line) => {
        const words = commandOn(line);
        return words === null ? [] : [{ file, words }];
      }),
  );

  it("start workers and play parts, with options that the commands' help names", () => {
    assert.deepEqual([...new Set(commands.map(({ file }) => file))].sort(), [
      "Dockerfile",
      "compose.yaml",
      "kubernetes.yaml",
      "slurm.sh",
    ]);
    for (const { file, words } of commands) {
      const [name = "", ...rest] = words;
      const help = helpTexts[name as keyof typeof helpTexts];
      assert.ok(help !== undefined && (name === "worker" || name === "play"), `${file}: ${name}`);
      for (const option of rest.filter((word) => word.startsWith("--")))
        assert.ok(help.includes(`  ${option} `), `${file}: ${name} has no ${option}`);
    }
  });

  it("are refused nothing by a shell that reads them", () => {
    const { status, stderr } = spawnSync("bash", ["-n", join(folder, "slurm.sh")], { encoding: "utf8" });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
  });
});
