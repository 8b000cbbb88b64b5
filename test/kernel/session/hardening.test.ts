/** What a client may send by mistake or in malice: the session answers and goes on. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createHistory } from "../../../kernel/session/history.ts";
import { kernelInfo } from "../../../kernel/session/kernel-info.ts";
import { usePeer } from "./use-peer.ts";

describe("a session whose client sends anything", () => {
  const kernel = usePeer({ environment: { AUTOAGENT_TYPES: "off" } });

  it("takes an answer of any type", async () => {
    const answers = ["text", { toString: 1 }, null, 5, [1, "a"], true, ""];
    const { shown } = await kernel.peer.run(
      `const all = []; for (let i = 0; i < ${answers.length}; i++) all.push(await input()); all.join("|")`,
      { answers },
    );
    assert.deepEqual(shown, [{ "text/plain": `'text|{"toString":1}||5|[1,"a"]|true|'` }]);
    kernel.peer.send("stdin", "input_reply", { value: { toString: 1, toJSON: 2 } });
    assert.equal((await kernel.peer.run("1")).status, "ok");
  });

  it("goes on after a comm with an id or a target that is no text, from either side", async () => {
    for (const odd of [{ toString: 1 }, null, 5]) {
      kernel.peer.send("shell", "comm_open", { comm_id: odd, target_name: odd, data: {} });
      await kernel.peer.run(`comms.open(${JSON.stringify(odd)} as never); 1`);
    }
    assert.equal((await kernel.peer.run("1")).status, "ok");
  });

  it("searches its history for any pattern in a time that the text's length sets", async () => {
    await kernel.peer.run(`/* ${"a".repeat(3000)} */ 1`);
    const pattern = `${"*a".repeat(40)}*b`;
    const { content } = await kernel.peer.ask("history_request", {
      hist_access_type: "search",
      pattern,
      output: false,
      raw: true,
    });
    assert.deepEqual(content.history, []);
  });

  it("finds what a pattern means", () => {
    const history = createHistory();
    for (const [i, source] of ["let x = 1", "x + [1]", "", "ünï 😀 a.b*c"].entries()) history.add(i, source);
    const search = (pattern: unknown): unknown[] =>
      (history.answer({ hist_access_type: "search", pattern }) as [number, number, string][]).map(([, line]) => line);
    const cases: [unknown, number[]][] = [
      ["*", [0, 1, 2, 3]],
      ["", [2]],
      ["*x*", [0, 1]],
      ["x*", [1]],
      ["let ? = ?", [0]],
      ["*[1]", [1]],
      ["**1**", [0, 1]],
      ["?*", [0, 1, 3]],
      ["*😀 a.b?c", [3]],
      ["*a?b*?c", [3]],
      ["let x = 1?", []],
      [{ toString: 1 }, [0, 1, 2, 3]],
    ];
    for (const [pattern, found] of cases) assert.deepEqual(search(pattern), found, String(JSON.stringify(pattern)));
  });
});

describe("the lessons", () => {
  it("carry exactly what the kernel says of its language, so that opening one in JupyterLab does not change it", () => {
    const { language_info } = kernelInfo() as { language_info: object };
    const notebooks = join(import.meta.dirname, "../../../notebooks");
    for (const name of readdirSync(notebooks).filter((one) => one.endsWith(".ipynb"))) {
      const { metadata } = JSON.parse(readFileSync(join(notebooks, name), "utf8")) as {
        metadata: { language_info: object };
      };
      assert.deepEqual(metadata.language_info, language_info, name);
    }
  });
});
