/** What a notebook shows while a model writes: the words so far, in one display, and what came of the step. */

import assert from "node:assert/strict";
import { AutonomousLLM } from "../../src/agent/index.ts";
import { displaySymbol } from "../../src/display/index.ts";
import type { LanguageModel } from "../../src/llm/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";

describe("an agent in a notebook", () => {
  const scope = globalThis as { display?: unknown; kernel?: unknown };
  const shown: string[] = [];
  let displays = 0;
  const textOf = (value: unknown) =>
    String((value as { [displaySymbol](): { "text/plain": string } })[displaySymbol]()["text/plain"]);
  before(() => {
    scope.display = async (value: unknown) => {
      displays++;
      shown.push(textOf(value));
      return { update: async (next: unknown) => void shown.push(textOf(next)) };
    };
  });
  after(() => {
    delete scope.display;
    delete scope.kernel;
  });

  /** Writes two pieces with time between them. */
  const slow: LanguageModel = {
    name: "slow",
    async complete({ onText, signal }) {
      onText?.("self.a");
      await new Promise((resolve) => setTimeout(resolve, 120));
      signal?.throwIfAborted();
      onText?.(" = 1;");
      return { text: "self.a = 1;", usage: { promptTokens: 1, completionTokens: 2 }, model: "slow", finish: "stop" };
    },
  } as LanguageModel;

  it("shows the words as they are written, in one place", async () => {
    await using sandbox = await createSandbox({ workers: 1 });
    await new AutonomousLLM({ llm: slow, query: "set\n a", sandbox }).run({ steps: 2 });
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(displays, 1);
    assert.equal(shown[0], "Step 1 of 2, asked: set a");
    assert.ok(shown.includes("Step 1 of 2, asked: set a\nself.a = 1;"), shown.join(" | "));
    assert.ok(shown.includes("Step 2 of 2, asked: set a"), "each step from its beginning, with no word of the last");
    assert.equal(shown.at(-1), "Step 2 of 2: survived\nself.a = 1;");
    shown.length = 0;
    await new AutonomousLLM({ llm: slow, query: "a", sandbox }).run({ steps: 1, live: false });
    assert.deepEqual(shown, []);
  });

  it("is not drawn for each of many words that come at once", async () => {
    await using sandbox = await createSandbox({ workers: 1 });
    const pieces = Array.from({ length: 400 }, (_, i) => `self.a = ${i};\n`);
    const hasty = {
      name: "hasty",
      async complete({ onText }: Parameters<LanguageModel["complete"]>[0]) {
        for (const piece of pieces) onText?.(piece);
        return { text: pieces.join(""), usage: { promptTokens: 1, completionTokens: 2 }, model: "", finish: "stop" };
      },
    } as LanguageModel;
    shown.length = 0;
    await new AutonomousLLM({ llm: hasty, query: "a", sandbox }).run({ steps: 1 });
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(shown.length >= 2 && shown.length < 100, `${shown.length} drawings of 400 words`);
    assert.equal(shown.at(-1), `Step 1 of 1: survived\n${pieces.join("").trimEnd()}`);
  });

  it("ends at the stop button, and what was lived stays", async () => {
    await using sandbox = await createSandbox({ workers: 1 });
    const stop = new AbortController();
    scope.kernel = { signal: stop.signal };
    let asked = 0;
    const llm: LanguageModel = {
      ...slow,
      async complete(options) {
        // Between two words of the second answer.
        if (++asked === 2) setImmediate(() => stop.abort(new Error("stopped")));
        return slow.complete(options);
      },
    };
    const agent = new AutonomousLLM({ llm, query: "a", sandbox });
    await assert.rejects(agent.run({ steps: 50 }), /stopped/);
    assert.equal(agent.history.length, 1);
    assert.equal(agent.alive, true);
  });
});
