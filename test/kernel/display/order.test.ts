/** The order of what a cell shows and prints, over the real protocol: nothing older comes after anything newer. */

import assert from "node:assert/strict";
import { usePeer } from "../session/use-peer.ts";

describe("what a cell shows", () => {
  const kernel = usePeer({ environment: { AUTOAGENT_TYPES: "off" } });

  /** What came after the cell itself, a word each. */
  async function wire(code: string): Promise<string[]> {
    const { log, error } = await kernel.peer.run(code);
    assert.equal(error, null);
    return log
      .filter(({ type }) => type !== "execute_input" && type !== "status")
      .map(({ type, content }) => {
        const data = content.data as { "text/plain": string } | undefined;
        return `${type.replace(/_display_data|_data|_output/, "")} ${data?.["text/plain"] ?? content.text ?? ""}`.trim();
      });
  }
  const wait = "await new Promise((r) => setTimeout(r, 150));";

  it("is never overtaken by an older update of the same place", async () => {
    assert.deepEqual(
      await wire(`const h = await display(1, { id: "a" }); await h.update(2); await display(3, { id: "a" }); ${wait}`),
      ["display 1", "update 2", "display 3"],
    );
    assert.deepEqual(
      await wire(
        `const x = await display(1, { id: "b" }); const y = await display(2, { id: "b" }); await x.update(3); await new Promise((r) => setTimeout(r, 30)); await x.update(4); await y.update(5); ${wait}`,
      ),
      ["display 1", "display 2", "update 3", "update 5"],
      "two handles of one place share its turn",
    );
    const slow =
      'const slow = (n, ms) => ({ [Symbol.for("Jupyter.display")]: async () => { await new Promise((r) => setTimeout(r, ms)); return { "text/plain": String(n) }; } });';
    assert.deepEqual(
      await wire(`${slow} const s = await display(0, { id: "c" }); s.update(slow(1, 60)); await s.update(2); ${wait}`),
      ["display 0", "update 1", "update 2"],
      "one that takes longer to be made is not sent after a newer one",
    );
    assert.deepEqual(await wire(`display(slow(1, 60), { id: "d" }); await display(2, { id: "d" }); ${wait}`), [
      "display 1",
      "display 2",
    ]);
  });

  it("is sent before what is printed, cleared or asked later", async () => {
    // Of two updates that come close together, as on a busy machine, the newer one is sent alone.
    const sent = async (code: string) => (await wire(code)).filter((one) => one !== "update 1");
    const updates =
      'const p = await display(0, { id: "p" }); await p.update(1); await new Promise((r) => setTimeout(r, 30)); await p.update(2);';
    assert.deepEqual(await sent(`${updates} console.log("later"); ${wait}`), ["display 0", "update 2", "stream later"]);
    assert.deepEqual(await sent(`${updates} clear(); ${wait}`), ["display 0", "update 2", "clear"]);
    assert.deepEqual(await sent(`${updates} console.error("later"); display("x"); ${wait}`), [
      "display 0",
      "update 2",
      "stream later",
      "display 'x'",
    ]);
    assert.deepEqual(await sent(`import * as tslab from "tslab"; ${updates} tslab.display.text("later"); "last"`), [
      "display 0",
      "update 2",
      "display later",
      "execute_result 'last'",
    ]);
    const { log } = await kernel.peer.run(`${updates} await input("?")`, { answers: ["!"] });
    assert.deepEqual(
      [...new Set(log.map(({ type }) => type))].filter((type) => !/status|execute_input/.test(type)),
      ["display_data", "update_display_data", "input_request", "stream", "execute_result"],
    );
  });

  it("stays few messages when a loop prints between its updates, no update after what was printed later", async () => {
    const seen = await wire(
      'const loop = await display(0, { id: "loop" });\nfor (let i = 1; i <= 3000; i++) { await loop.update(i); console.log(`line ${i}`); }',
    );
    assert.ok(seen.length < 100, `${seen.length} messages`);
    let state = 0;
    let line = 0;
    for (const one of seen) {
      if (one.startsWith("stream"))
        for (const [, n] of one.matchAll(/line (\d+)/g)) {
          assert.equal(Number(n), ++line);
        }
      else {
        state = Number(one.split(" ")[1]);
        assert.ok(line < Math.max(1, state), `update ${state} came after line ${line}`);
      }
    }
    assert.deepEqual([state, line], [3000, 3000]);
  });
});
