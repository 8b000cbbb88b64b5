import assert from "node:assert/strict";
import { budget, completeAll, type LanguageModel, models, priceOf, prices } from "../../src/llm/index.ts";
import { hangMs } from "../waiting.ts";

const display = Symbol.for("Jupyter.display");
/** Answers after a while; stops when it is told to. */
const thinking: LanguageModel = {
  name: "thinking",
  complete: ({ signal }) =>
    new Promise((_, reject) => {
      // It answers only when it is stopped: whoever does not stop it hangs until the test is given up.
      const timer = setTimeout(() => reject(new Error("never stopped")), hangMs);
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
};

describe("a budget", () => {
  const spent = (message: string) => ({ name: "LanguageModelFailure", code: "budget_exhausted", message });

  it("counts calls, and refuses the next one", async () => {
    const own = budget({ calls: 2 });
    const model = own.meter(models.scripted(["a", "b", "c"]));
    await model.complete({ prompt: "hello world" });
    assert.equal(own.exhausted(), null);
    await model.complete({ prompt: "hello world" });
    assert.equal(own.exhausted(), "calls");
    const refused = spent("The budget of 2 calls is spent (2 calls): give a larger one to go on.");
    await assert.rejects(model.complete({ prompt: "x" }), refused);
    const { calls, tokens } = own.view();
    assert.deepEqual(
      [calls, tokens],
      [
        { spent: 2, limit: 2 },
        { spent: 6, limit: null },
      ],
    );
  });

  it("lets no more through when many ask at once, and is shared by models", async () => {
    const own = budget({ calls: 3 });
    const [one, other] = [own.meter(models.random()), own.meter(models.random({ seed: 1 }))];
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => (i % 2 ? one : other).complete({ prompt: "x" })),
    );
    assert.equal(answers.filter(({ status }) => status === "fulfilled").length, 3);
  });

  it("does not ask what cannot fit, and cuts the longest answer to what is left", async () => {
    const own = budget({ tokens: 10 });
    const asked: (number | undefined)[] = [];
    const brief: LanguageModel = {
      name: "x",
      complete: async ({ maxTokens }) => {
        asked.push(maxTokens);
        return { text: "", model: "x", usage: { promptTokens: 2, completionTokens: 3 } };
      },
    };
    const model = own.meter(brief);
    await model.complete({ prompt: "hello world" });
    await model.complete({ prompt: "hello world", maxTokens: 2 });
    assert.deepEqual(asked, [8, 2]);
    await assert.rejects(
      model.complete({ prompt: "x" }),
      spent("The budget of 10 tokens is spent (10 tokens): give a larger one to go on."),
    );
    // Whatever a token costs: nothing limits the dollars.
    const priced = budget({ tokens: 10, price: { prompt: 2, completion: 4 } });
    await priced.meter(brief).complete({ prompt: "hello world" });
    assert.equal(asked.at(-1), 8);
    const small = budget({ tokens: 3 }).meter(models.scripted(["never"]));
    await assert.rejects(
      small.complete({ prompt: "one two three four five" }),
      spent("The budget of 3 tokens is spent (0 tokens): give a larger one to go on."),
    );
  });

  it("counts dollars by the dated list, or by a price that is given", async () => {
    const { asOf, models: list } = prices();
    assert.match(asOf, /^\d{4}-\d{2}-\d{2}$/);
    for (const [name, { prompt, completion }] of Object.entries(list))
      assert.ok(prompt > 0 && completion > prompt, name);
    assert.deepEqual(priceOf("gpt-4o-mini-2024-07-18"), list["gpt-4o-mini"]);
    const answer = { text: "", model: "gpt-4o-mini", usage: { promptTokens: 1000, completionTokens: 500 } };
    const own = budget({ dollars: 0.001 });
    const model = own.meter({ name: "gpt-4o-mini", complete: async () => answer });
    await model.complete({ prompt: "x" });
    const dollars = (1000 * 0.15 + 500 * 0.6) / 1e6;
    assert.ok(Math.abs(own.view().dollars.spent - dollars) < 1e-12);
    for (let i = 0; i < 2; i++) await model.complete({ prompt: "x" });
    await assert.rejects(
      model.complete({ prompt: "x" }),
      spent("The budget of $0.001000 is spent ($0.001350): give a larger one to go on."),
    );
    const unknown: LanguageModel = { name: "house model", complete: async () => ({ ...answer, model: "house" }) };
    await assert.rejects(budget({ dollars: 1 }).meter(unknown).complete({ prompt: "x" }), {
      message: new RegExp(`^There is no price for the model "house model" in the list of ${asOf} \\(it has gpt-5, `),
    });
    const priced = budget({ dollars: 1, price: { prompt: 2, completion: 4 } });
    await priced.meter(unknown).complete({ prompt: "x" });
    assert.ok(Math.abs(priced.view().dollars.spent - 0.004) < 1e-12);
  });

  it("counts what a recorded model costs, and nothing for what costs nothing", async () => {
    const dear: LanguageModel = {
      name: "gpt-4o",
      complete: async () => ({ text: "", model: "gpt-4o", usage: { promptTokens: 1e6, completionTokens: 1e6 } }),
    };
    const free = { prompt: 0, completion: 0 };
    assert.deepEqual(priceOf(models.recording(models.recording(dear)).name), prices().models["gpt-4o"]);
    for (const model of [models.scripted([]), models.random(), models.random({ body: "python" }), models.recorded([])])
      for (const name of [model.name, models.recording(model).name]) assert.deepEqual(priceOf(name), free, name);
    const own = budget({ dollars: 100 });
    await own.meter(models.recording(dear)).complete({ prompt: "x", maxTokens: 5 });
    assert.equal(own.view().dollars.spent, 12.5);
    // One on this machine, whatever its name, is in no list.
    const here = { ...dear, name: "smollm2", open: async () => null };
    const local = budget({ dollars: 1 });
    await local.meter(here).complete({ prompt: "x" });
    assert.equal(local.view().dollars.spent, 0);
    assert.equal(local.view().tokens.spent, 2e6);
  });

  it("settles a question once, though whoever is told of it throws", async () => {
    const waits: number[] = [];
    const own = budget({
      tokens: 100,
      onSpend: ({ view }) => {
        waits.push(view().seconds.spent);
        throw new Error("the meter broke");
      },
    });
    await assert.rejects(own.meter(models.scripted(["one two"])).complete({ prompt: "x" }), {
      message: "the meter broke",
    });
    const { calls, tokens, seconds } = own.view();
    assert.deepEqual([calls.spent, tokens.spent, [seconds.spent]], [1, 3, waits]);
  });

  it("counts by itself where a model tells no usage, or nonsense", async () => {
    for (const told of [
      undefined,
      null,
      {},
      { promptTokens: Number.NaN, completionTokens: "7" },
      { promptTokens: -5 },
    ]) {
      const own = budget({ tokens: 100, price: { prompt: 1e6, completion: 1e6 } });
      const mute = { name: "mute", complete: async () => ({ text: "one two three", model: "mute", usage: told }) };
      await own.meter(mute as unknown as LanguageModel).complete({ prompt: "hello world" });
      assert.deepEqual([own.view().tokens.spent, own.view().dollars.spent], [5, 5], JSON.stringify(told));
    }
  });

  it("cancels a question when its seconds are over", async () => {
    const own = budget({ seconds: 0.15 });
    await assert.rejects(own.meter(thinking).complete({ prompt: "x" }), {
      code: "budget_exhausted",
      message: /^The budget of 0.1 seconds is spent|^The budget of 0.2 seconds is spent/,
    });
    assert.equal(own.exhausted(), "seconds");
    const stop = new AbortController();
    setTimeout(() => stop.abort(new Error("by hand")), 20);
    await assert.rejects(budget({ seconds: 5 }).meter(thinking).complete({ prompt: "x", signal: stop.signal }), {
      message: "by hand",
    });
  });

  describe("that many lives share", () => {
    /** Answers as long as it may, after a while, and counts how many it thinks about at once. */
    const chatty = (maxTokens?: number) => {
      const seen = { most: 0, now: 0, lengths: [] as (number | undefined)[] };
      const model: LanguageModel = {
        name: "chatty",
        ...(maxTokens !== undefined && { maxTokens }),
        async complete(asked) {
          seen.most = Math.max(seen.most, ++seen.now);
          seen.lengths.push(asked.maxTokens);
          await new Promise((resolve) => setTimeout(resolve, 10));
          seen.now--;
          const usage = { promptTokens: 2, completionTokens: asked.maxTokens ?? 100 };
          return { text: "", model: "chatty", usage };
        },
      };
      return { model, seen };
    };
    const askAtOnce = async (model: LanguageModel, count: number, more: { maxTokens?: number } = {}) => {
      const all = Array.from({ length: count }, () => model.complete({ prompt: "hello world", ...more }));
      return (await Promise.allSettled(all)).map(({ status }) => status === "fulfilled");
    };

    it("is never overrun in tokens: each question reserves its prompt and its longest answer", async () => {
      const { model, seen } = chatty(10);
      const own = budget({ tokens: 100 });
      const answered = await askAtOnce(own.meter(model), 20);
      // Eight of 12 tokens, then one that is cut to what is left.
      assert.equal(answered.filter(Boolean).length, 9);
      assert.deepEqual(seen.lengths, [10, 10, 10, 10, 10, 10, 10, 10, 2]);
      assert.equal(own.view().tokens.spent, 100);
      assert.equal(seen.most, 8, "what fits is asked at once");
    });

    it("is never overrun in dollars", async () => {
      const { model } = chatty();
      const own = budget({ dollars: 1, price: { prompt: 1000, completion: 10_000 } });
      const answered = await askAtOnce(own.meter(model), 30, { maxTokens: 9 });
      assert.equal(answered.filter(Boolean).length, 11, "ten of 9.2 cents, and one for what was left");
      const { spent } = own.view().dollars;
      assert.ok(spent <= 1 + 1e-12 && spent > 0.98, `${spent}`);
    });

    it("gives what was reserved and not used back, to those who wait for it", async () => {
      const own = budget({ tokens: 30 });
      let asked = 0;
      const short: LanguageModel = {
        name: "short",
        async complete() {
          asked++;
          await new Promise((resolve) => setTimeout(resolve, 5));
          if (asked === 2) throw new Error("the server fell over");
          return { text: "", model: "short", usage: { promptTokens: 2, completionTokens: 1 } };
        },
      };
      const answered = await askAtOnce(own.meter(short), 8);
      assert.deepEqual(answered, [true, false, true, true, true, true, true, true]);
      assert.equal(own.view().tokens.spent, 21);
    });

    it("spends its seconds for all that wait at once, and cancels all when they are over", async () => {
      const own = budget({ seconds: 0.4 });
      // What is counted lies between the waits as the model and as the asker see them, on the same clock.
      const waited = { model: 0, asker: 0 };
      const timed = async <T>(whose: keyof typeof waited, work: () => Promise<T>): Promise<T> => {
        const began = performance.now();
        return work().finally(() => {
          waited[whose] += (performance.now() - began) / 1000;
        });
      };
      const metered = own.meter({
        ...thinking,
        complete: (prompt) => timed("model", () => thinking.complete(prompt)),
      });
      const asks = Array.from({ length: 4 }, () => timed("asker", () => metered.complete({ prompt: "x" })));
      const all = await Promise.allSettled(asks);
      assert.ok(all.every((one) => one.status === "rejected" && one.reason.code === "budget_exhausted"));
      const { spent } = own.view().seconds;
      assert.ok(spent >= 0.4, `${spent} s`);
      assert.ok(waited.model <= spent && spent <= waited.asker, `${spent} s, ${JSON.stringify(waited)}`);
    });

    it("has all that wait at once spend its seconds that much faster", async () => {
      const real = globalThis.setTimeout;
      const armed: number[] = [];
      const clock = (work: () => void, ms: number): unknown => {
        armed.push(Math.round(ms / 10_000) * 10); // to ten seconds: a busy machine spends some before the last is asked
        return real(work, ms);
      };
      const stop = new AbortController();
      const own = budget({ seconds: 3600 });
      const quiet: LanguageModel = {
        name: "quiet",
        complete: ({ signal }) => new Promise((_, no) => signal!.addEventListener("abort", no)),
      };
      const metered = own.meter(quiet);
      Object.assign(globalThis, { setTimeout: clock });
      const asks = [1, 2, 3, 4].map(() => metered.complete({ prompt: "x", signal: stop.signal }).catch(() => null));
      await new Promise((resolve) => setImmediate(resolve));
      Object.assign(globalThis, { setTimeout: real });
      stop.abort();
      await Promise.all(asks);
      assert.deepEqual(armed, [3600, 1800, 1200, 900]);
    });

    it("sets no clock that would ring at once, however many seconds there are", async () => {
      const real = globalThis.setTimeout;
      const armed: number[] = [];
      const clock = (work: () => void, ms: number): unknown => {
        armed.push(ms);
        return real(work, ms);
      };
      Object.assign(globalThis, { setTimeout: clock });
      try {
        await budget({ seconds: 1e9 })
          .meter(models.scripted(["a"]))
          .complete({ prompt: "x" });
      } finally {
        Object.assign(globalThis, { setTimeout: real });
      }
      // A timer counts milliseconds in 31 bits, and takes what is more for one.
      assert.deepEqual(armed, [2 ** 31 - 1]);
    });

    it("lets a question that waits be cancelled, and the next one take its turn", async () => {
      const { model } = chatty(50);
      const metered = budget({ tokens: 120 }).meter(model);
      const stop = new AbortController();
      const first = metered.complete({ prompt: "hello world" });
      const second = metered.complete({ prompt: "hello world" });
      const given = metered.complete({ prompt: "hello world", signal: stop.signal });
      const last = metered.complete({ prompt: "hello world", maxTokens: 5 });
      stop.abort(new Error("not needed any more"));
      await assert.rejects(given, { message: "not needed any more" });
      assert.equal((await last).usage.completionTokens, 5);
      await Promise.all([first, second]);
    });
  });

  it("shows itself, is told of after each question, and gives out copies that cannot be changed", async () => {
    let told = 0;
    const own = budget({ calls: 4, onSpend: () => told++ });
    await own.meter(models.scripted(["a"])).complete({ prompt: "hello" });
    assert.equal(told, 1);
    const text = own[display as typeof Symbol.iterator & keyof typeof own] as unknown as () => {
      [type: string]: string;
    };
    assert.match(text()["text/plain"]!, /^Asking the model\n/);
    assert.match(text()["text/plain"]!, /\ncalls +1 call +4 calls +███░░░░░░░\ntokens +\d tokens +no limit\n/);
    const view = own.view() as { calls: { spent: number } };
    assert.throws(() => {
      view.calls.spent = 0;
    }, TypeError);
    for (let i = 0; i < 3; i++) await own.meter(models.random()).complete({ prompt: "hello" });
    assert.match(text()["text/plain"]!, /\ncalls +4 calls +4 calls +█{10}\n/);
    assert.match(
      text()["text/plain"]!,
      /^Asking the model: no calls left\n(.*\n)+calls +4 calls +4 calls +██████████\n/,
    );
  });

  it("refuses limits that are none, naming the value; 0 is one, and lets nothing be asked", async () => {
    for (const kind of ["calls", "tokens", "dollars", "seconds"]) {
      for (const value of [-1, Infinity, -Infinity, Number.NaN])
        assert.throws(() => budget({ [kind]: value }), {
          name: "LanguageModelFailure",
          message: `Expected \`${kind}\` to be a number of at least 0, got ${value}`,
        });
      const none = budget({ [kind]: 0 });
      assert.equal(none.exhausted(), kind);
      await assert.rejects(none.meter(models.scripted(["a"])).complete({ prompt: "x" }), { code: "budget_exhausted" });
    }
    const all = ["calls", "tokens", "dollars", "seconds"] as const;
    for (const [i, first] of all.entries())
      assert.equal(budget(Object.fromEntries(all.slice(i).map((kind) => [kind, 0]))).exhausted(), first, "of several");
  });
});

describe("counting tokens", () => {
  it("takes the marks of models for letters, whoever writes them", async () => {
    for (const mark of ["<|endoftext|>", "a <|im_start|>", "<|endofprompt|>".repeat(500)]) {
      const { usage } = await models.scripted([mark]).complete({ prompt: mark });
      assert.ok(usage.completionTokens > 1 && usage.promptTokens === usage.completionTokens, mark.slice(0, 20));
    }
  });

  it("gets through a megabyte without a space, and is right for ordinary texts", async () => {
    const { usage } = await models.scripted(["x".repeat(1_000_000)]).complete({ prompt: "hello world" });
    assert.ok(usage.completionTokens > 50_000 && usage.completionTokens < 1_000_000);
    assert.equal(usage.promptTokens, 2);
    const prose = "To be, or not to be, that is the question. ".repeat(200);
    const long = await models.scripted([prose]).complete({ prompt: "" });
    assert.ok(Math.abs(long.usage.completionTokens - 13 * 200) < 40, `${long.usage.completionTokens}`);
    // The 500th and the 501st letter are of one token where a text is counted whole: up to 2,000 characters.
    const [whole, pieces] = [
      `${"x ".repeat(249)}xhello${" x".repeat(748)}`,
      `${"x ".repeat(249)}xhello${" x".repeat(749)}`,
    ];
    assert.deepEqual([whole.length, pieces.length], [2000, 2002]);
    const counts = [];
    for (const text of [whole, pieces]) counts.push((await models.scripted([text]).complete({ prompt: "" })).usage);
    assert.ok(counts[1]!.completionTokens > counts[0]!.completionTokens + 1, JSON.stringify(counts));
  });
});

describe("completeAll", () => {
  it("keeps the order, asks so many at once, and stops at the first failure", async () => {
    let running = 0;
    let most = 0;
    let asked = 0;
    const model: LanguageModel = {
      name: "x",
      async complete({ prompt }) {
        asked++;
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running--;
        if (prompt === "bad") throw new Error("bad");
        return { text: prompt, model: "x", usage: { promptTokens: 0, completionTokens: 0 } };
      },
    };
    const prompts = Array.from({ length: 12 }, (_, i) => ({ prompt: `${i}` }));
    const answers = await completeAll(model, prompts, { concurrency: 3 });
    assert.deepEqual(
      answers.map(({ text }) => text),
      prompts.map(({ prompt }) => prompt),
    );
    assert.equal(most, 3);
    asked = 0;
    await assert.rejects(completeAll(model, [{ prompt: "bad" }, ...prompts], { concurrency: 2 }), { message: "bad" });
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.ok(asked < 6, `${asked}`);
    const whole: LanguageModel = {
      ...model,
      batch: async (list) =>
        list.map(({ prompt }) => ({
          text: `batch ${prompt}`,
          model: "x",
          usage: { promptTokens: 0, completionTokens: 0 },
        })),
    };
    assert.equal((await completeAll(whole, prompts))[3]!.text, "batch 3");
    assert.deepEqual(await completeAll(model, []), []);
    for (const concurrency of [0, Number.NaN, 1.5])
      await assert.rejects(completeAll(model, prompts, { concurrency }), {
        message: `Expected \`concurrency\` to be a positive integer, got ${concurrency}`,
      });
  });
});
