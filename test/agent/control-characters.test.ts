/** What a guest or a model writes reaches a terminal as characters that can be seen, in whatever shows it. */

import assert from "node:assert/strict";
import { AutonomousLLM, compareGenomes } from "../../src/agent/index.ts";
import { displaySymbol, type MimeBundle, tableBundle } from "../../src/display/index.ts";
import { models } from "../../src/llm/index.ts";
import { lineageTree } from "../../src/plot/index.ts";
import { useSandbox } from "../sandbox/shared.ts";

/** Retitles the window, moves up and clears the line (ESC and its one-character form), rings, overwrites, erases. */
const hostile = "\x1b]0;owned\x07\x1b[1A\x9b2K\rsafe\x7f";
const seen = "␛]0;owned␇␛[1A\ufffd2K␍safe␡";

function assertVisible(bundle: MimeBundle, kinds: string[]): void {
  assert.deepEqual(Object.keys(bundle).sort(), kinds);
  for (const [kind, text] of Object.entries(bundle)) {
    assert.doesNotMatch(String(text), /[^\P{Cc}\n\t]/u, kind);
    assert.ok(String(text).includes(seen), `${kind}: ${String(text)}`);
  }
}

describe("control characters of a guest", () => {
  const sandbox = useSandbox({ workers: 1 });

  it("are pictures in an agent's card, its certificate and its edit", async () => {
    const programs = [`self.note = 1; // ${hostile.replace("\r", "")}`, `throw new Error(${JSON.stringify(hostile)})`];
    const agent = new AutonomousLLM({ llm: models.scripted(programs), query: "go", sandbox: sandbox() });
    await agent.run({ steps: 2 });
    assert.equal(agent.alive, false);
    assertVisible(agent[displaySymbol]() as MimeBundle, ["text/html", "text/plain"]);
    assertVisible(agent.certificate![displaySymbol]() as MimeBundle, ["text/html", "text/plain"]);
    assert.doesNotMatch(String(agent.lineage), /[^\P{Cc}\n\t]/u);
    assert.match(String(agent.lineage), /␛\]0;owned␇/);
    const figures = [agent.lineage.plot(), lineageTree([{ id: 0, parent: null, label: hostile }])];
    for (const one of figures) {
      const shown = one[displaySymbol]();
      const texts: string[] = [];
      JSON.stringify(shown, (_, value) => {
        if (typeof value === "string") texts.push(value);
        return value;
      });
      assert.doesNotMatch(texts.join("\n"), /[^\P{Cc}\n\t]/u);
      assert.match(texts.join("\n"), /␛\]0;owned␇/);
    }
    await agent.dispose();
  });

  it("are pictures in the comparison of two genomes", () => {
    const member = { name: "self.note", kind: "attribute" as const, source: JSON.stringify("x") };
    const edit = compareGenomes([member], [{ ...member, source: `"${hostile}"` }]);
    assertVisible(edit[displaySymbol]() as MimeBundle, ["text/html", "text/plain"]);
  });

  it("are pictures in a table's cells, columns and caption; in text a row is one line, whatever is in it", () => {
    assertVisible(tableBundle([{ said: hostile }]), ["text/html", "text/plain"]);
    assertVisible(tableBundle([{ [hostile]: 1 }]), ["text/html", "text/plain"]);
    assertVisible(tableBundle([{ a: 1 }], { caption: hostile }), ["text/html", "text/plain"]);
    const { "text/plain": text, "text/html": html } = tableBundle([{ a: "one\r\ntwo\tthree" }]);
    assert.match(String(text), /^one two three$/m);
    assert.match(String(html), /one\ntwo\tthree/);
  });
});
