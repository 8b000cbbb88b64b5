import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { architecturePage, drawn } from "../../scripts/architecture.ts";

const root = resolve(import.meta.dirname, "../..");

describe("the page of the architecture", () => {
  const page = readFileSync(architecturePage, "utf8");

  it("has the picture that the imports give now", () => {
    assert.equal(page, drawn(page), "npm run draw:architecture");
  });

  it("names only files and folders that there are", () => {
    const paths = [...page.matchAll(/`((?:src|kernel|test|scripts)\/[\w./-]+)`/g)].map(([, path]) => path!);
    const named = paths.filter((path) => !path.includes("NAME"));
    assert.ok(named.length > 20, "the page names its files");
    assert.deepEqual(
      named.filter((path) => !existsSync(join(root, path))),
      [],
    );
  });
});
