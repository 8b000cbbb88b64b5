/** How an agent and the difference of two genomes are shown: what a notebook's reader sees of methods and of edits. */

import assert from "node:assert/strict";
import { AutonomousLLM, compareGenomes } from "../../src/agent/index.ts";
import { displaySymbol } from "../../src/display/index.ts";
import { models } from "../../src/llm/index.ts";
import type { GenomeMember } from "../../src/sandbox/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";

const htmlOf = (shown: object): string =>
  (shown as { [displaySymbol](): { "text/html": string } })[displaySymbol]()["text/html"];
const textOf = (shown: object): string =>
  (shown as { [displaySymbol](): { "text/plain": string } })[displaySymbol]()["text/plain"];
const method = (name: string, source: string): GenomeMember => ({ name, kind: "method", source });

describe("the card of an agent", () => {
  it("shows a method of several lines as it is laid out, one of a line in the line, and marks what the step changed", async () => {
    const genome = [method("self.one", "() => 1 < 2"), method("self.two", "() => {\n  return 2;\n}")];
    const { sandbox } = fakeSandbox((_, { step }) => ({ genome: step === 0 ? [genome[0]!] : genome }));
    const agent = new AutonomousLLM({ llm: models.scripted(["self.a = 1", "self.b = 1"]), query: "go", sandbox });
    await agent.run({ steps: 2 });
    const html = htmlOf(agent);
    assert.match(html, /<code>\(\) =&#62; 1 &#60; 2<\/code>/);
    assert.match(html, /<pre>\(\) =&#62; \{\n {2}return 2;\n\}<\/pre>/);
    assert.match(html, /self\.two <b>•<\/b>/);
    assert.doesNotMatch(html, /self\.one <b>/);
    assert.match(
      html,
      /<\/td><\/tr><tr><td>1<\/td>.*<\/td><\/tr><tr><td style="text-align:left">self\.two/,
      "row by row",
    );
    assert.match(html, /<\/tbody><\/table><details>/, "no line of costs without a budget, and none of what is lost");
    assert.equal(
      textOf(agent),
      [
        "AutonomousLLM (scripted), alive after 2 steps",
        "  0 ok  self.a = 1",
        "  1 ok  self.b = 1",
        "  genome: self.one, self.two",
      ].join("\n"),
    );
  });
});

describe("the end of an agent", () => {
  it("is told on its card, in its certificate and in its tree: what ended it, and by which program", async () => {
    const { sandbox } = fakeSandbox((program) =>
      program === "self.b = 1"
        ? { verdict: "fatal_self_edit", cause: "it has no executor", genome: [method("self.b", "1")] }
        : { genome: [method("self.a", "1")] },
    );
    const agent = new AutonomousLLM({ llm: models.scripted(["self.a = 1", "self.b = 1"]), query: "go", sandbox });
    await agent.run({ steps: 3 });
    assert.equal(
      textOf(agent),
      [
        "AutonomousLLM (scripted), dead: fatal self edit",
        "  0 ok  self.a = 1",
        "  1 END self.b = 1 → it has no executor",
        "  genome: self.b",
      ].join("\n"),
    );
    const rows = [
      ["survived", "1 steps"],
      ["verdict", "fatal self edit"],
      ["cause", "it has no executor"],
      ["the fatal program", "self.b = 1"],
      ["what it changed", `@@ -1,1 +1,1 @@\n${" ".repeat(20)}-self.a = 1\n${" ".repeat(20)}+self.b = 1`],
      ["last living genome", "self.a"],
      ["a fork", "agent.fork() begins again before step 1, with the 1 members above, asked: go"],
    ];
    assert.equal(
      textOf(agent.certificate!),
      ["Death certificate", ...rows.map(([name, value]) => `${name!.padEnd(20)}${value}`)].join("\n"),
    );
    const figure = agent.lineage.plot() as unknown as { data: { customdata?: string[] }[] };
    const hashes = agent.lineage.nodes.map(({ genome }) => `genome ${genome.slice(0, 8)}`);
    assert.deepEqual(figure.data.find(({ customdata }) => customdata !== undefined)!.customdata, [
      `born<br>${hashes[0]}`,
      `self.a = 1<br>${hashes[1]}`,
      `self.b = 1<br>it has no executor<br>${hashes[2]}`,
    ]);
  });

  it("in its first step is told as well, of one that was asked nothing", async () => {
    const { sandbox } = fakeSandbox(() => ({ verdict: "runtime_error", cause: "it threw", genome: [] }));
    const agent = new AutonomousLLM({ llm: models.scripted([]), sandbox });
    await agent.step("throw 1");
    const { survived, fork, edit } = agent.certificate!;
    assert.equal(fork, "agent.fork() begins again before step 0, with the 0 members above");
    assert.deepEqual([survived, edit.patch], [0, ""]);
    assert.doesNotMatch(textOf(agent.certificate!), /what it changed/);
    assert.match(textOf(agent.certificate!), /\nlast living genome +none\n/);
  });
});

describe("the card of an agent whose texts are long", () => {
  it("has the beginning of each: of a program in HTML and in text, of what was printed, of an attribute", async () => {
    const [program, output, source] = ["p", "o", "s"].map((letter) => letter.repeat(500)) as [string, string, string];
    const { sandbox } = fakeSandbox(() => ({
      output: `\n${output}`,
      genome: [{ name: "self.a", kind: "attribute", source }],
    }));
    const agent = new AutonomousLLM({ llm: models.scripted([program]), query: "go", sandbox });
    await agent.run({ steps: 1 });
    const shown = (agent as unknown as { [displaySymbol](): { [type: string]: string } })[displaySymbol]();
    const longest = (text: string, letter: string) =>
      Math.max(...[...text.matchAll(new RegExp(`${letter}+`, "g"))].map(([run]) => run.length));
    const html = shown["text/html"]!;
    assert.deepEqual([longest(html, "p"), longest(html, "o"), longest(html, "s")], [160, 120, 200]);
    assert.equal(longest(shown["text/plain"]!, "p"), 90);
  });
});

describe("the difference of two genomes", () => {
  it("has new lines on green, lost ones on red, and what only leads the eye pale", () => {
    const edit = compareGenomes([method("self.f", "() => 1")], [method("self.f", "() => 2")]);
    const lines = [...htmlOf(edit).matchAll(/<div style="([^"]*)">([^<]*)<\/div>/g)].map(([, style, text]) => [
      text,
      style,
    ]);
    const styleOf = (start: string) => lines.find(([text]) => text!.startsWith(start))?.[1];
    assert.match(styleOf("+self.f = () =&#62; 2")!, /^background:rgba\(0,158,115/);
    assert.match(styleOf("-self.f = () =&#62; 1")!, /^background:rgba\(213,94,0/);
    for (const mark of ["+++", "---", "@@"]) assert.equal(styleOf(mark), "opacity:.6");
  });
});
