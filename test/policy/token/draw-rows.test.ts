/** A policy that draws where the model runs, against the same policy that draws by the host. */

import assert from "node:assert/strict";
import type { Decoder, Drawn, DrawRequest } from "../../../src/model/index.ts";
import { type Action, openPretrained, type TokenPolicy, tf, tokenPolicy } from "../../../src/policy/index.ts";
import { type AdapterTrace, isAdapterTrace } from "../../../src/policy/token/adapter/trace.ts";
import { drawRows, emptyHead } from "../../../src/policy/token/draw-rows.ts";
import { isTrace, type Trace } from "../../../src/policy/token/trace.ts";
import { createRandom } from "../../../src/random/index.ts";

const asks = ["Add a method double(n) that returns n times two.", "Add a method greet() that returns hello.", "Stay."];
const seen = Array.from({ length: 12 }, (_, i) => ({ task: asks[i % 3] }));
const streams = () => seen.map((_, i) => createRandom(4, "row", i));

describe("a policy that draws on the device", () => {
  let host: TokenPolicy;
  let device: TokenPolicy;
  const decoders: Decoder[] = [];
  const open = async (draws: "host" | "device", options: object = {}) => {
    const decoder = await openPretrained("tiny", { draws, threads: 1 });
    decoders.push(decoder);
    const policy = await tokenPolicy(decoder, { asks, seed: 3, samples: 32, rank: 4, temperature: 0.7, ...options });
    const random = createRandom(9, "weights");
    for (const variable of policy.variables) {
      const values = Float32Array.from({ length: variable.size }, () => 0.5 * random.normal());
      variable.assign(tf.tensor(values, variable.shape));
    }
    return policy;
  };
  before(async () => {
    await tf.setBackend("cpu");
    host = await open("host");
    // Fewer rows at once than are asked for.
    device = await open("device", { batch: 5 });
  });
  after(async () => {
    for (const policy of [host, device]) policy.dispose();
    for (const decoder of decoders) await decoder.dispose();
  });

  it("writes the same programs with a trained head, and traces that agree to 1e-5", async () => {
    const [expected, found] = [await host.act(seen, streams()), await device.act(seen, streams())];
    for (const [i, action] of found.entries()) {
      const other = expected[i]!;
      assert.deepEqual(pick(action), pick(other));
      near([action.logProb!], [other.logProb!]);
      near([action.referenceLogProb!], [other.referenceLogProb!]);
      near(action.features!, other.features!);
      const [trace, wanted] = [traceOf(action.trace), traceOf(other.trace)];
      for (const name of ["hidden", "base", "logRest", "restEntropy", "chosen", "outside"] as const)
        near(trace[name], wanted[name], name);
    }
    assert.ok(new Set(found.map(({ program }) => program)).size > 3, "the programs differ");
    assert.ok(found.some(({ cut }) => !cut) && device.spent.tokens > 0);
  });

  it("runs each part of the rows with as many positions as its longest prompt has, and each row draws what it draws alone", async () => {
    const decoder = decoders[1]!;
    const lengths: number[] = [];
    const draw: Decoder["draw"] = (request, prefix) => {
      lengths.push(request.tokens.length / request.rows);
      return decoder.draw!(request, prefix);
    };
    const prompts = [9, 12, 40, 3, 5].map((count) => Array.from({ length: count }, (_, i) => 1 + ((i * 7) % 90)));
    const padTo = [16, 16, 48, 16, 16];
    const rows = (from: number, to: number) =>
      drawRows(
        { ...decoder, draw },
        { head: emptyHead(decoder.config.width) },
        {
          ...{
            prompts: prompts.slice(from, to),
            padTo: padTo.slice(from, to),
            maxTokens: 6,
            batch: 2,
            temperature: 1,
            stop: [],
          },
          streams: prompts.slice(from, to).map((_, i) => createRandom("alone", from + i)),
        },
      );
    const all = await rows(0, 5);
    assert.deepEqual(lengths, [16, 48, 16]);
    for (const [i, { ids }] of all.entries()) assert.deepEqual((await rows(i, i + 1))[0]!.ids, ids, `row ${i}`);
  });

  it("writes the same without the head, at its own temperature and at another, and frozen", async () => {
    for (const of of [
      (policy: TokenPolicy) => policy.pretrained(),
      (policy: TokenPolicy) => policy.pretrained({ temperature: 1.3 }),
      (policy: TokenPolicy) => policy.frozen(),
    ]) {
      const [expected, found] = [await of(host).act(seen, streams()), await of(device).act(seen, streams())];
      assert.deepEqual(found.map(pick), expected.map(pick));
      assert.ok(found.every(({ trace }) => trace === undefined));
    }
  });

  it("draws as the host where only the likeliest tokens may be drawn", async () => {
    const [expected, found] = [await open("host", { topK: 5 }), await open("device", { topK: 5 })];
    assert.deepEqual(
      (await found.act(seen.slice(0, 3), streams().slice(0, 3))).map(pick),
      (await expected.act(seen.slice(0, 3), streams().slice(0, 3))).map(pick),
    );
    for (const policy of [expected, found]) policy.dispose();
  });

  it("finds a stop text that lies across two tokens", async () => {
    const { prompt } = host;
    const stop = (await host.pretrained().act(seen, streams())).map(({ program }) => program.slice(12, 18));
    const design = { ...prompt, name: "cut", stop: [...prompt.stop, ...stop.filter((text) => text.length === 6)] };
    const [expected, found] = [await open("host", { prompt: design }), await open("device", { prompt: design })];
    const programs = await found.act(seen, streams());
    assert.deepEqual(programs.map(pick), (await expected.act(seen, streams())).map(pick));
    for (const policy of [expected, found]) policy.dispose();
  });

  it("ends a row on the device by a stop of two letters that two tokens hold, where there is one such", async () => {
    const decoder = decoders[1]!;
    const requests: DrawRequest[] = [];
    const drawn: Drawn[] = [];
    const draw: Decoder["draw"] = async (request, prefix) => {
      requests.push(request);
      drawn.push(await decoder.draw!(request, prefix));
      return drawn.at(-1)!;
    };
    const prompts = Array.from({ length: 6 }, (_, row) =>
      Array.from({ length: 8 }, (_, i) => 1 + ((i * 7 + row) % 90)),
    );
    const rows = (stop: string[]) =>
      drawRows(
        { ...decoder, draw },
        { head: emptyHead(decoder.config.width) },
        {
          ...{ prompts, padTo: prompts.map(() => 8), maxTokens: 24, batch: 6, temperature: 1, stop },
          streams: prompts.map((_, i) => createRandom("pair", i)),
        },
      );
    const free = await rows([]);
    const text = decoder.tokenizer.decode(free[0]!.ids);
    const piece = (id: number) => decoder.tokenizer.decode([id]);
    const at = free[0]!.ids.findIndex((id, i, ids) => i > 2 && isPair(piece(ids[i - 1]!).at(-1), piece(id)[0]));
    assert.ok(at > 0, text);
    const pair = piece(free[0]!.ids[at - 1]!).at(-1)! + piece(free[0]!.ids[at]!)[0]!;
    const ended = await rows([pair]);
    assert.equal(ended[0]!.ended, "stop");
    assert.equal(ended[0]!.text, text.slice(0, text.indexOf(pair)));
    const { opens, closes } = requests.at(-1)!.across!;
    assert.ok(
      opens.every((id) => piece(id).endsWith(pair[0]!)) && closes.every((id) => piece(id).startsWith(pair[1]!)),
    );
    assert.ok(opens.includes(free[0]!.ids[at - 1]!) && closes.includes(free[0]!.ids[at]!));
    assert.ok(drawn.at(-1)!.ids.length < drawn[0]!.ids.length, "rows left");
    // A text's first space may be dropped by a tokenizer, and of two pairs the device would end a row by the one's first and the other's second.
    for (const [stop, has] of [
      [[pair, pair], true],
      [[pair, "end"], true],
      [[pair, "zq"], false],
      [[` ${pair[1]}`], false],
      [["end"], false],
    ] as const) {
      const some = await rows([...stop]);
      assert.equal(requests.at(-1)!.across !== undefined, has, JSON.stringify(stop));
      for (const [row, { text }] of some.entries()) {
        const all = decoder.tokenizer.decode(free[row]!.ids);
        const cuts = stop.map((one) => all.indexOf(one)).filter((cut) => cut >= 0);
        assert.equal(text, cuts.length > 0 ? all.slice(0, Math.min(...cuts)) : all);
      }
    }
  });

  it("ends no row by a token alone whose stop a tokenizer drops at a text's beginning", async () => {
    const decoder = decoders[1]!;
    const decode = (ids: readonly number[]) => decoder.tokenizer.decode(ids).replace(/^ /, "");
    const dropping = { ...decoder, tokenizer: { ...decoder.tokenizer, decode } };
    const prompts = Array.from({ length: 24 }, (_, row) => Array.from({ length: 8 }, (_, i) => 1 + ((i + row) % 90)));
    const rows = (stop: string[]) =>
      drawRows(
        dropping,
        { head: emptyHead(decoder.config.width) },
        {
          ...{ prompts, padTo: prompts.map(() => 8), maxTokens: 12, batch: 24, temperature: 1.5, stop },
          streams: prompts.map((_, i) => createRandom("space", i)),
        },
      );
    const free = await rows([]);
    assert.ok(free.some(({ ids }) => decoder.tokenizer.decode(ids).startsWith(" ")));
    for (const [row, { text }] of (await rows([" "])).entries()) assert.equal(text, free[row]!.text.split(" ")[0]);
  });
});

/** Letters that two tokens hold, and no space. */
function isPair(first = "", second = ""): boolean {
  return /^[!-~]{2}$/.test(first + second);
}

describe("a policy with an adapter that draws on the device", () => {
  const open = async (draws: "host" | "device") => {
    const decoder = await openPretrained("tiny", { draws, threads: 1, adaptedBlocks: 2 });
    const policy = await tokenPolicy(decoder, { adapter: { blocks: 2, rank: 4 }, temperature: 0.7, batch: 5, seed: 3 });
    const random = createRandom(9, "weights");
    for (const variable of policy.variables) {
      const values = Float32Array.from({ length: variable.size }, () => 0.08 * random.normal());
      variable.assign(tf.tensor(values, variable.shape));
    }
    return policy;
  };
  let host: TokenPolicy;
  let device: TokenPolicy;
  before(async () => {
    await tf.setBackend("cpu");
    [host, device] = [await open("host"), await open("device")];
  });
  after(async () => {
    for (const policy of [host, device]) {
      policy.dispose();
      await policy.decoder.dispose();
    }
  });

  it("writes the same programs, and traces that agree to 1e-5: those of what entered, and of what was drawn from", async () => {
    const [expected, found] = [await host.act(seen, streams()), await device.act(seen, streams())];
    for (const [i, action] of found.entries()) {
      const other = expected[i]!;
      assert.deepEqual(pick(action), pick(other));
      near([action.logProb!], [other.logProb!]);
      near(action.features!, other.features!);
      const [trace, wanted] = [action.trace, other.trace] as [AdapterTrace, AdapterTrace];
      assert.ok(isAdapterTrace(trace));
      assert.equal(trace.asked, wanted.asked);
      for (const name of ["entering", "ids", "logProbs", "entropy"] as const) near(trace[name], wanted[name], name);
    }
    assert.notDeepEqual(found.map(pick), (await device.pretrained().act(seen, streams())).map(pick), "it changes much");
    assert.ok(new Set(found.map(({ program }) => program)).size > 3, "the programs differ");
    assert.ok(device.spent.tokens > 0);
  });

  it("writes the same frozen and without the adapter, at its own temperature and at another, and keeps nothing of it", async () => {
    for (const of of [
      (policy: TokenPolicy) => policy.frozen(),
      (policy: TokenPolicy) => policy.frozen({ temperature: 1.3 }),
      (policy: TokenPolicy) => policy.pretrained(),
      (policy: TokenPolicy) => policy.pretrained({ temperature: 0.4 }),
    ]) {
      const [expected, found] = [await of(host).act(seen, streams()), await of(device).act(seen, streams())];
      assert.deepEqual(found.map(pick), expected.map(pick));
      assert.ok(found.every(({ trace }) => trace === undefined));
    }
    const own = await device.act(seen, streams());
    assert.deepEqual((await device.frozen().act(seen, streams())).map(pick), own.map(pick), "frozen, with the adapter");
  });
});

/** What is the same to the last bit. */
function pick({ program, choice, cut, label, tokens }: Action): object {
  return { program, choice, cut, label, tokens };
}

function traceOf(trace: object | undefined): Trace {
  assert.ok(trace !== undefined && isTrace(trace));
  return trace;
}

function near(found: ArrayLike<number>, expected: ArrayLike<number>, name = ""): void {
  assert.equal(found.length, expected.length, name);
  for (let i = 0; i < found.length; i++) {
    const apart = Math.abs(found[i]! - expected[i]!) / (1 + Math.abs(expected[i]!));
    assert.ok(apart < 1e-5, `${name} ${i}: ${found[i]} is not ${expected[i]}`);
  }
}
