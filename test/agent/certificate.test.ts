/** A death certificate line by line: what ended a life, what that changed, what the agent was before, and how to go on. */

import assert from "node:assert/strict";
import { type CertificateEnding, certificateOf, certify } from "../../src/agent/index.ts";
import { displaySymbol } from "../../src/display/index.ts";
import { type GenomeMember, newbornGenome, type StepReport } from "../../src/sandbox/index.ts";

const member = (name: string, source: string): GenomeMember => ({ name, kind: "attribute", source });
const reportOf = (more: Partial<StepReport>): StepReport =>
  ({ alive: true, verdict: "alive", cause: "", effects: [], genome: [], query: "", ...more }) as StepReport;
const effect: StepReport["effects"][number] = {
  ...{ kind: "fs_read", api: "fs.readFileSync", arguments: ["/etc/passwd"], severity: 2, step: 1 },
};

describe("a death certificate", () => {
  const ending: CertificateEnding = {
    ...{ alive: false, survived: 3, verdict: "fatal_self_edit", cause: "it <broke> itself" },
    program: "self.a = 2;\ndelete self.b",
    effects: [effect],
    lastLiving: [member("a", "1"), member("b", "1")],
    after: [member("a", "2")],
    fork: "agent.fork() begins again",
  };

  it("has a line for everything that is known, in this order, with markup as text in its HTML", () => {
    const certificate = certificateOf(ending);
    assert.deepEqual([certificate.edit.changed, certificate.edit.deleted], [["a"], ["b"]]);
    const shown = certificate[displaySymbol]();
    const lines = String(shown["text/plain"]).split("\n");
    const heads = lines.map((line) => line.slice(0, 20).trimEnd());
    assert.deepEqual(lines.slice(0, 6), [
      "Death certificate",
      "survived            3 steps",
      "verdict             fatal self edit",
      "cause               it <broke> itself",
      "the fatal program   self.a = 2;",
      "                    delete self.b",
    ]);
    assert.deepEqual(lines.slice(-3), [
      'attempted           fs_read: fs.readFileSync("/etc/passwd"), severity 2',
      "last living genome  a, b",
      "a fork              agent.fork() begins again",
    ]);
    const at = heads.indexOf("what it changed");
    const patch = lines.slice(at, -3).map((line) => line.slice(20));
    assert.deepEqual(
      patch.filter((line) => /^[-+]/.test(line)).map((line) => line.replace(/\s+/g, " ")),
      ["-a = 1", "-b = 1", "+a = 2"],
    );
    const html = String(shown["text/html"]);
    assert.ok(html.includes("it &#60;broke&#62; itself") && !html.includes("<broke>"));
    assert.ok(html.includes("<code>self.a = 2;\ndelete self.b</code>"), "programs are code");
    assert.equal(html.split("<code>").length - 1, 2, "and so is what they changed, and nothing else");
  });

  it("leaves out what there is none of; a step that left nothing to read has deleted nothing", () => {
    const certificate = certificateOf({ ...ending, program: "", effects: [], after: [], lastLiving: [] });
    assert.deepEqual(certificate.edit.deleted, []);
    assert.deepEqual(String(certificate[displaySymbol]()["text/plain"]).split("\n"), [
      "Death certificate",
      "survived            3 steps",
      "verdict             fatal self edit",
      "cause               it <broke> itself",
      "last living genome  none",
      "a fork              agent.fork() begins again",
    ]);
    assert.deepEqual(certificateOf({ ...ending, after: [] }).edit.deleted, []);
  });

  it("is none of an agent that is alive, which says for how long, nor of one that has done nothing", () => {
    const alive = certificateOf({ ...ending, alive: true });
    assert.deepEqual([alive.program, alive.fork], ["", ""]);
    assert.deepEqual(alive[displaySymbol](), { "text/plain": "Alive after 3 steps." });
    assert.equal(certify([]), null);
  });

  it("of a life counts the steps survived, and says from where a fork would begin", () => {
    const first = { program: "1", report: reportOf({ genome: [member("x", "1")], query: "go on" }) };
    const last = {
      program: "2",
      report: reportOf({ alive: false, verdict: "timeout", cause: "too long", genome: [member("x", "2")] }),
    };
    const told = certify([first, last])!;
    assert.deepEqual(
      [told.survived, told.verdict, told.cause, told.program, told.lastLiving],
      [1, "timeout", "too long", "2", [member("x", "1")]],
    );
    assert.equal(told.fork, "agent.fork() begins again before step 1, with the 1 members above, asked: go on");
    const alone = certify([last])!;
    assert.deepEqual(alone.lastLiving, newbornGenome);
    assert.equal(alone.fork, `agent.fork() begins again before step 0, with the ${newbornGenome.length} members above`);
    assert.deepEqual(certify([last], { born: [member("y", "1")] })!.lastLiving, [member("y", "1")]);
    const before = { genome: [member("z", "1")], query: "q".repeat(130) };
    const moved = certify([first, last], { before })!;
    assert.deepEqual(moved.lastLiving, before.genome);
    assert.ok(moved.fork.endsWith(`asked: ${"q".repeat(120)}`));
  });
});
