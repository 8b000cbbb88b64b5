/** From evidence to a verdict, without a child: deaths, starvation, precedence at their edges. */

import assert from "node:assert/strict";
import { javascript } from "../../src/sandbox/bodies/javascript/index.ts";
import { defaultLimits } from "../../src/sandbox/host/limits.ts";
import {
  type Broke,
  type Opened,
  type Probed,
  type Ran,
  readOpened,
  readStepped,
  type Stepped,
} from "../../src/sandbox/host/reply.ts";
import {
  isStarved,
  type Ruling,
  rank,
  ruleAnswer,
  ruleBirth,
  ruleDeath,
  ruleFault,
} from "../../src/sandbox/host/verdict.ts";
import type { Death, Outcome } from "../../src/sandbox/host/worker.ts";
import { describeEffect } from "../../src/sandbox/index.ts";
import type { Effect } from "../../src/sandbox/types.ts";

const death = (more: Partial<Death> = {}): Death => ({ killed: null, code: null, signal: null, stderr: "", ...more });
const effect = (kind: Effect["kind"], severity: Effect["severity"], api: string): Effect => ({
  ...{ kind, severity, api },
  arguments: ["/"],
  step: 0,
});
const harm = effect("fs_delete", 3, "fs.rmSync");
const said = (ruling: Ruling): string =>
  "retry" in ruling ? `again: ${ruling.cause}` : `${ruling.verdict}: ${ruling.cause}`;
const terms = { limits: { ...defaultLimits, stepMs: 70, memoryMiB: 9 }, body: javascript };

describe("the death of a child", () => {
  const rulings: [Partial<Death>, string][] = [
    [{ killed: "wall", signal: "SIGKILL" }, "timeout: the step did not end within 70 ms and could not be interrupted"],
    [{ killed: "memory", signal: "SIGKILL" }, "out_of_memory: the step's process held more memory than any child may"],
    [{ killed: "flood", signal: "SIGKILL" }, "out_of_memory: the step sent more than 4 MB to the host"],
    [{ code: 0 }, "timeout: the step never ended: its process had nothing left to do"],
    [{ code: 1 }, "again: the child process ended with exit code 1"],
    [{ code: 134, stderr: "Assertion failed" }, "again: the child process ended with exit code 134"],
    [{ signal: "SIGKILL" }, "again: the child process ended with SIGKILL"],
    [{ signal: "SIGSEGV", code: null }, "again: the child process ended with SIGSEGV"],
    [{ killed: "protocol", signal: "SIGKILL" }, "again: the child process ended with SIGKILL"],
  ];
  for (const [evidence, ruling] of rulings)
    it(`with ${JSON.stringify(evidence)} is ${ruling.split(":")[0]}`, () =>
      assert.equal(said(ruleDeath(death(evidence), [], terms)), ruling));

  for (const stderr of [
    "<--- Last few GCs --->",
    "terminate called after throwing an instance of 'std::bad_alloc'",
    "RangeError: Array buffer allocation failed: out of memory",
    "fork: Resource temporarily unavailable",
    "FATAL ERROR: invalid size error",
    "is_heap_oom = 1",
  ])
    it(`that says "${stderr}" is out of memory, whatever it ended with`, () => {
      const cause = (how: string) => `out_of_memory: the step used more than 9 MiB: its process ended with ${how}`;
      assert.equal(said(ruleDeath(death({ stderr, signal: "SIGABRT" }), [], terms)), cause("SIGABRT"));
      assert.equal(said(ruleDeath(death({ stderr, code: 134 }), [], terms)), cause("134"));
      assert.equal(said(ruleDeath(death({ stderr, code: 0 }), [], terms)), cause("0"));
    });

  it("hides no harm and no escape that came before it, however it died: what is tried again keeps it", () => {
    for (const [evidence, alone] of rulings) {
      const kept = (effects: Effect[]): string => {
        const ruling = ruleDeath(death(evidence), effects, terms);
        assert.equal("retry" in ruling, alone.startsWith("again: "), alone);
        return said("retry" in ruling ? ruling.harm! : ruling);
      };
      assert.equal(kept([harm]), 'attempted_harm: it tried fs delete: fs.rmSync("/")');
      const both = [harm, effect("escape", 3, "process.binding")];
      assert.equal(kept(both), 'escape_attempt: it tried to leave the sandbox: process.binding("/")');
    }
  });

  it("while its genome is brought back is the genome's: harm, time, memory, else it cannot be restored", () => {
    const dead = (more: Partial<Death>, effects: Effect[] = []) =>
      said(ruleBirth({ kind: "death", death: death(more), effects, ms: 1 }, terms));
    const answered = (reply: object, effects: Effect[] = []) =>
      said(ruleBirth({ kind: "answer", reply: readOpened({ kind: "opened", ...reply })!, effects, ms: 1 }, terms));
    assert.match(dead({ killed: "wall" }), /^timeout: /);
    assert.match(dead({ killed: "wall" }, [harm]), /^attempted_harm: /);
    assert.match(dead({ signal: "SIGKILL" }), /^again: /);
    const fault: Outcome<Opened> = { kind: "fault", message: "no addon\nat line 1", effects: [harm], ms: 1 };
    assert.equal(said(ruleBirth(fault, terms)), "again: no addon");
    assert.match(answered({}, [harm]), /^attempted_harm: /);
    const broke = { phase: "birth", ms: 200, limit: 200, outOfMemory: false, cpuMs: 200, message: "" };
    assert.equal(answered({ broke }), "timeout: restoring the genome did not end in time");
    assert.equal(
      answered({ broke: { ...broke, outOfMemory: true } }),
      "out_of_memory: restoring the genome used more than 9 MiB",
    );
    assert.equal(answered({}), "fatal_self_edit: the genome that it began from could not be restored");
  });
});

describe("what a child answered", () => {
  const nothing = readStepped({ kind: "stepped" })!;
  const rule = (reply: Partial<Stepped>, effects: Effect[] = [], program = "a\nb") =>
    said(ruleAnswer({ ...nothing, ...reply }, effects, terms, program));
  const broke: Broke = { phase: "step", ms: 70, limit: 70, outOfMemory: false, cpuMs: 70, message: "boom" };
  const ran = (more: Partial<Ran>): Ran => ({ error: null, waiting: false, ended: false, ...more });
  const missing = (is: string): Probed => ({ kind: "missing", is });
  const error = { name: "TypeError", message: "no", line: 2 };

  it("is ruled by what ranks highest, in the order of the ranks", () => {
    // All at once; then without the highest, and so on.
    const evidence: [string, Partial<Stepped>][] = [
      ["out_of_memory", { broke: { ...broke, outOfMemory: true } }],
      ["timeout", { broke }],
      ["fatal_self_edit", { probe: missing("a number") }],
      ["inert", { probe: { kind: "effectless" } }],
      ["runtime_error", { ran: ran({ error }) }],
      ["ended_by_choice", { ran: ran({ ended: true }) }],
      ["survived", {}],
    ];
    assert.match(rule(evidence[0]![1], [harm, effect("escape", 3, "x")]), /^escape_attempt: /);
    assert.match(rule(evidence[0]![1], [harm]), /^attempted_harm: /);
    for (const [i, [verdict]] of evidence.entries()) {
      const all = Object.assign(
        {},
        ...evidence
          .slice(i)
          .map(([, reply]) => reply)
          .reverse(),
      ) as Partial<Stepped>;
      assert.match(rule(all), new RegExp(`^${verdict}: `));
      assert.ok(i === 0 || rank.indexOf(verdict as never) > rank.indexOf(evidence[i - 1]![0] as never), verdict);
    }
    assert.equal(said(ruleFault("a bug\nat x", [], terms)), "again: a bug", "a fault of ours proves nothing");
  });

  it("is told in words that name the limit as it was asked for, and the phase", () => {
    assert.equal(rule({ broke: { ...broke, ms: 300, limit: 300 } }), "timeout: the step did not end within 70 ms");
    for (const [phase, during] of [
      ["settling", "the step"],
      ["setup", "the task's setup"],
      ["after", "the work after the step"],
    ] as const)
      assert.equal(rule({ broke: { ...broke, phase } }), `timeout: ${during} did not end in time`);
    const early = { ...broke, ms: 66, limit: 70 };
    assert.equal(rule({ broke: early }), "runtime_error: an error that nothing caught: boom", "66 is below 0.95 of 70");
    assert.match(rule({ broke: { ...early, ms: 66.5 } }), /^timeout/);
    const after = rule({ broke: { ...early, phase: "after" } });
    assert.equal(after, "fatal_self_edit: the work after the step could not be run: the agent's own functions fail");
    assert.match(rule({ ran: ran({ waiting: true }) }), /^timeout: the step awaits something/);
    assert.match(rule({ probe: missing("an object") }), /is an object, no longer a function$/);
    assert.match(rule({ probe: missing("null") }), /is null, no longer a function$/);
    assert.match(rule({ probe: missing("a number"), ran: ran({ error }) }), /\(after TypeError: no\)$/);
  });

  it("has an error's line in the program's own count, and none outside of it", () => {
    const at = (line: number | null) => rule({ ran: ran({ error: { ...error, line } }) });
    assert.equal(at(2), "runtime_error: TypeError on line 1: no");
    assert.equal(at(3), "runtime_error: TypeError on line 2: no");
    for (const line of [null, 1, 4, -3]) assert.equal(at(line), "runtime_error: TypeError: no", `${line}`);
    const parsed = { name: "SyntaxError", message: "Unexpected token (2:5)", line: 9 };
    const refused = { ran: ran({ error: parsed }), refused: parsed.message };
    assert.match(rule(refused), /^syntax_error: SyntaxError on line 2: /);
    assert.match(rule({ ...refused, refused: null }), /^runtime_error: /, "a guest can throw the same words");
  });

  it("is starved where time ran out on less than half of it on a processor, and only there", () => {
    const starved = (more: Partial<Broke>) => isStarved({ ...broke, ms: 100, limit: 100, cpuMs: 0, ...more });
    assert.equal(starved({}), true);
    assert.equal(starved({ cpuMs: 49.9 }), true);
    assert.equal(starved({ cpuMs: 50 }), false);
    // A body that goes by its own processor time, and gives up when far more than that has passed.
    assert.equal(starved({ ms: 400, cpuMs: 94 }), true);
    assert.equal(starved({ ms: 400, cpuMs: 96 }), false, "it had all that it was given");
    assert.equal(starved({ ms: 95 }), true);
    assert.equal(starved({ ms: 94.9 }), false);
    assert.equal(starved({ outOfMemory: true }), false);
    assert.equal(isStarved(null), false);
  });
});

describe("an attempt in words", () => {
  it("is a call, a reading, or what was set; the worst of a step is told, the first of equals", () => {
    assert.equal(describeEffect(harm), 'fs.rmSync("/")');
    assert.equal(describeEffect({ ...harm, api: "process.env.KEY", arguments: [] }), "process.env.KEY");
    assert.equal(
      describeEffect({ ...harm, api: "environment.reward =", arguments: ["9"] }),
      'environment.reward = "9"',
    );
    const list = [effect("host_info", 1, "a"), effect("network", 2, "b"), effect("network", 2, "c")];
    assert.equal(said(ruleDeath(death({ code: 0 }), list, terms)), 'attempted_harm: it tried network: b("/")');
  });
});
