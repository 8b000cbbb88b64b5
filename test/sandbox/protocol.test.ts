/** A child that says what it should not, or dies, as its parent sees it: a stand-in process, no sandbox behind it. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter } from "node:events";
import { PassThrough } from "node:stream";
import { processorMs, wasKept } from "../../src/sandbox/host/processor.ts";
import { startWorker } from "../../src/sandbox/host/start.ts";
import type { Outcome, Worker } from "../../src/sandbox/host/worker.ts";

/** Any record is a reply here: what replies must be is another's affair. */
const read = (reply: unknown) => (typeof reply === "object" ? (reply as { [field: string]: unknown } | null) : null);
const request = (wallMs: number) => ({ read, wallMs });
const effect = (api: string) => ({ kind: "network", api, arguments: "[]", severity: 2, step: 0 });

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A child that is there and says what the test lets it say. */
async function start(greets = true, pid = 4_000_000) {
  const child = Object.assign(new EventEmitter(), {
    ...{ pid, stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() },
    killed: [] as string[],
    ref() {},
    unref() {},
    kill(signal: string) {
      child.killed.push(signal);
      end(null, signal);
      return true;
    },
  });
  let over = false;
  const end = (code: number | null, signal: string | null): void => {
    if (over) return;
    over = true;
    setImmediate(() => {
      child.emit("exit", code, signal);
      setImmediate(() => child.emit("close", code, signal));
    });
  };
  const asked: { id: number; [name: string]: unknown }[] = [];
  const heard: string[] = [];
  child.stdin.setEncoding("utf8").on("data", (text: string) => {
    for (const line of text.split("\n").filter((one) => one !== "")) {
      heard.push(line);
      if (line.startsWith("{")) asked.push(JSON.parse(line) as (typeof asked)[number]);
    }
  });
  const say = async (...messages: (object | string)[]): Promise<void> => {
    for (const one of messages) child.stdout.write(typeof one === "string" ? one : `${JSON.stringify(one)}\n`);
    await turn();
    await turn();
  };
  const starting = startWorker({ start: () => child as unknown as ChildProcess, greeting: "hello", watchBytes: null });
  if (greets) await say({ ready: true });
  return {
    starting,
    worker: greets ? await starting : (undefined as unknown as Worker),
    child,
    asked,
    heard,
    say,
    end,
  };
}

const deathOf = (outcome: Outcome<unknown>) => {
  assert.equal(outcome.kind, "death");
  return outcome as Extract<typeof outcome, { kind: "death" }>;
};

describe("a child and its parent", () => {
  it("greet, and then speak in turn: one request at a time, its answer by its number", async () => {
    const { worker, asked, heard, say } = await start();
    assert.deepEqual([heard, worker.alive, worker.thinking], [["hello"], true, false]);
    const began = performance.now();
    const [first, second] = [worker.request({ op: "a" }, request(1000)), worker.request({ op: "b" }, request(1000))];
    await turn();
    assert.deepEqual(asked, [{ id: 1, op: "a" }]);
    await say({ id: 1, reply: { n: 1 } });
    const { ms, ...rest } = await first;
    assert.deepEqual(rest, { kind: "answer", reply: { n: 1 }, effects: [] });
    assert.ok(ms >= 0 && ms <= performance.now() - began);
    assert.deepEqual(asked[1], { id: 2, op: "b" });
    await say({ id: 2, fault: "of its own" });
    const { message } = (await second) as { message?: string };
    assert.equal(message, "of its own");
    worker.kill();
    assert.equal(worker.alive, false, "before it is gone, too");
    await worker.gone;
  });

  it("that greets again is only that: it is asked and answers as before", async () => {
    const { worker, asked, say } = await start();
    const asking = worker.request({ op: "a" }, request(10_000));
    await turn();
    await say({ ready: true });
    assert.deepEqual([worker.alive, asked.length], [true, 1]);
    await say({ id: 1, reply: { n: 1 } });
    assert.equal((await asking).kind, "answer");
    worker.kill();
    await worker.gone;
  });

  const garbled: [what: string, said: (object | string)[]][] = [
    ["what is no JSON", ["hello\n"]],
    ["half of one", ['{"id":1,\n']],
    ["another request's answer", [{ id: 7, reply: {} }]],
    ["an answer that nobody asked for twice", [{ id: 1, reply: {}, more: true }, { id: 2 }]],
    ["a question where there is no model", [{ ask: "q" }]],
    ["nothing that it knows", [{ other: 1 }]],
    ["JSON that is no message", ["null\n"]],
    ["a list", ["[]\n"]],
    ["an answer that is no reply", [{ id: 1, reply: 5 }]],
    ["no reply at all", [{ id: 1 }]],
    ["a fault that is no text", [{ id: 1, fault: {} }]],
    ["more answers than it was asked for", [{ id: 1, reply: {}, more: true }]],
    ["an effect that is none", [{ effect: 1 }]],
    ["an effect of no kind", [{ effect: { ...effect("x"), kind: "kindness" } }]],
    ["an effect without a call", [{ effect: { ...effect("x"), api: null } }]],
    ["an effect whose arguments are no text", [{ effect: { ...effect("x"), arguments: [] } }]],
    ["an effect of another severity", [{ effect: { ...effect("x"), severity: 9 } }]],
    ["the arguments of an effect that it never told", [{ effect: effect("x"), of: 0 }]],
    ["a question that is no text", [{ ask: {} }]],
  ];
  for (const [what, said] of garbled)
    it(`that says ${what} is killed for its protocol, and the request ends with that`, async () => {
      const { worker, child, say } = await start();
      const began = performance.now();
      const asking = worker.request({ op: "a" }, request(10_000));
      await say(...said);
      const { death, ms } = deathOf(await asking);
      const elapsed = performance.now() - began;
      assert.deepEqual([death.killed, death.signal, child.killed], ["protocol", "SIGKILL", ["SIGKILL"]]);
      assert.ok(ms >= 0 && ms <= elapsed, `${ms} of ${elapsed}`);
      assert.equal(worker.alive, false);
      const { death: lost, effects, ms: none } = deathOf(await worker.request({ op: "b" }, request(1000)));
      assert.deepEqual([lost.killed, effects, none], ["lost", [], 0], "the next request finds it gone");
    });

  it("that writes more than 4 MiB without an end is killed for the flood, and not before", async () => {
    const { worker, say } = await start();
    const asking = worker.request({ op: "a" }, request(10_000));
    const half = "x".repeat(2 * 1024 * 1024);
    await say(half, half);
    assert.equal(worker.alive, true);
    await say("x");
    assert.equal(deathOf(await asking).death.killed, "flood");
  });

  it("that answers too late is killed by the wall clock, which begins anew with each of many answers", async () => {
    const { worker, say } = await start();
    const parts: unknown[] = [];
    const asking = worker.request(
      { op: "a" },
      { ...request(400), answers: 4, onAnswer: (one) => parts.push((one as { reply: object }).reply) },
    );
    for (let i = 0; i < 3; i++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      await say({ effect: effect(`e${i}`) }, { id: 1, reply: { i }, more: true });
    }
    assert.deepEqual(parts, [{ i: 0 }, { i: 1 }, { i: 2 }]);
    await say({ effect: effect("last") });
    const { death, effects } = deathOf(await asking);
    assert.deepEqual([death.killed, effects.map(({ api }) => api)], ["wall", ["last"]]);
  });

  it("that was kept from the processor while it was late is known to have been, where that can be told", async () => {
    const sleeper = spawn("sleep", ["50"], { stdio: "ignore" });
    try {
      for (const [pid, starved] of [
        [sleeper.pid!, process.platform === "linux" ? true : undefined],
        [4_000_000, undefined], // no process has this id
      ] as const) {
        const { worker } = await start(true, pid);
        const { death } = deathOf(await worker.request({ op: "a" }, request(200)));
        assert.deepEqual([death.killed, death.starved], ["wall", starved]);
      }
    } finally {
      sleeper.kill("SIGKILL");
    }
  });

  it("was kept from the processor if it had less than half of the time on one", () => {
    const kept = (had: number | null, has: number | null) => wasKept({ had, has, passed: 100 });
    assert.deepEqual([kept(0, 49), kept(0, 50), kept(930, 979), kept(930, 980)], [true, false, true, false]);
    assert.deepEqual([kept(null, 5), kept(5, null), kept(null, null)], [false, false, false], "nobody can tell");
    assert.equal(processorMs(4_000_000), null);
    const own = processorMs(process.pid);
    if (process.platform === "linux") assert.ok(own! > 0 && own! % 10 === 0, `${own}`);
    else assert.equal(own, null);
  });

  it("that ends takes everyone along who waits for a turn: their requests never reached it", async () => {
    const { worker, asked, end } = await start();
    const outcomes = ["a", "b", "c", "d"].map((op) => worker.request({ op }, request(60_000)));
    await turn();
    end(3, null);
    const deaths = (await Promise.all(outcomes)).map((outcome) => deathOf(outcome).death);
    assert.deepEqual(
      deaths.map(({ killed, code }) => [killed, code]),
      [
        [null, 3],
        ["lost", 3],
        ["lost", 3],
        ["lost", 3],
      ],
    );
    assert.deepEqual(
      asked.map(({ op }) => op),
      ["a"],
    );
  });

  it("tells what was touched at once, and again with its arguments in the same place", async () => {
    const { worker, say } = await start();
    const asking = worker.request({ op: "a" }, request(10_000));
    await say(
      { effect: effect("x") },
      { effect: effect("y") },
      { effect: effect("x(1)"), of: 0 },
      { id: 1, reply: {} },
    );
    assert.deepEqual(
      (await asking).effects.map(({ api }) => api),
      ["x(1)", "y"],
    );
    await say({ effect: effect("z") }); // between two requests: nobody's
    const next = worker.request({ op: "b" }, request(10_000));
    await say({ id: 2, reply: {} });
    assert.deepEqual((await next).effects, []);
    worker.kill();
    await worker.gone;
  });

  it("while the model thinks, who waits goes elsewhere, a closing waits, and the wall clock stands still", async () => {
    const { worker, asked, say } = await start();
    let answer: (text: string) => void = () => {};
    let free = 0;
    worker.onFree = () => void free++;
    const ask = (query: string): Promise<string> => {
      assert.equal(query, "why?");
      return new Promise((resolve) => {
        answer = resolve;
      });
    };
    const asking = worker.request({ op: "a" }, { ...request(150), ask });
    const waiting = worker.request({ op: "b" }, request(1000));
    await say({ ask: "why?" });
    assert.equal(worker.thinking, true);
    assert.equal(deathOf(await waiting).death.killed, "lost");
    assert.equal(deathOf(await worker.request({ op: "c" }, request(1000))).death.killed, "lost");
    const closing = worker.request({ op: "close" }, request(1000));
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual([worker.alive, asked.map(({ op }) => op)], [true, ["a"]]);
    answer("because");
    await turn();
    await turn();
    assert.deepEqual([worker.thinking, free, asked.at(-1)], [false, 1, { op: "answer", text: "because" }]);
    await say({ id: 1, reply: {} });
    assert.equal((await asking).kind, "answer");
    assert.equal(asked.at(-1)!.op, "close");
    await say({ id: asked.at(-1)!.id, reply: {} });
    assert.equal((await closing).kind, "answer");
    const failing = worker.request(
      { op: "d" },
      { ...request(1000), ask: async () => Promise.reject(new Error("secret")) },
    );
    await say({ ask: "why?" });
    assert.deepEqual(asked.at(-1), { op: "answer", text: null }, "a model's error tells the guest nothing");
    worker.kill();
    assert.equal(deathOf(await failing).death.killed, "doubt");
  });

  it("that ends by itself tells its code and the last 8 KB of what it complained of", async () => {
    const { worker, child, end } = await start();
    const asking = worker.request({ op: "a" }, request(10_000));
    child.stderr.write(`${"a".repeat(9000)}the end`);
    await turn();
    end(3, null);
    const { death } = deathOf(await asking);
    assert.deepEqual(
      [death.killed, death.code, death.stderr.length, death.stderr.endsWith("athe end")],
      [null, 3, 8192, true],
    );
    await worker.gone;
  });

  it("that ends before it has greeted is told by its last three lines", async () => {
    const { starting, child, end } = await start(false);
    child.stderr.write("one\ntwo\nthree\nfour\n");
    await turn();
    end(9, null);
    await assert.rejects(starting, { message: /^A sandbox process did not start: exit code 9: two three four(\W|$)/ });
  });
});
