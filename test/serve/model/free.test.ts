/** The server stays free: while a prompt is read or cut into tokens others are answered, SIGINT ends it, and who hangs up costs no more. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { dataPath } from "../../../src/data/index.ts";
import { type Decoder, openModel, type Tokenizer } from "../../../src/model/index.ts";
import { serve } from "../../../src/serve/model/index.ts";
import { temporaryFolder, writeFolder, writingModel } from "../../model/shared.ts";
import { useServer } from "./use-server.ts";

describe("a server that works on a long prompt", () => {
  const passes = { begun: 0, over: 0 };
  let onPass: () => Promise<void> | void = () => {};
  // With dynamic scaling a prompt is read in a single pass, which takes long with so many positions.
  const { config, ...rest } = writingModel({ context: 512 });
  const suite = useServer({
    name: "slow",
    model: { ...rest, config: { ...config, rope_scaling: { rope_type: "dynamic", factor: 8 } } },
    around: (slow) => ({
      ...slow,
      async forward(input) {
        passes.begun++;
        const output = slow.forward(input);
        await onPass();
        const given = await output;
        passes.over++;
        return given;
      },
    }),
  });
  beforeEach(() => {
    Object.assign(passes, { begun: 0, over: 0 });
    onPass = () => {};
  });
  const complete = (url: string, body: object, signal?: AbortSignal): Promise<Response> =>
    fetch(`${url}/completions`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ model: "slow", max_tokens: 1, seed: 1, ...body }),
      ...(signal && { signal }),
    });
  const listed = async (url = suite.server.url): Promise<void> => {
    assert.equal((await fetch(`${url}/models`)).status, 200);
  };
  const letters = (count: number) => "self.x = ".repeat(Math.ceil(count / 9)).slice(0, count);

  it("answers /v1/models before the prompt's only pass is over", async () => {
    const begun = new Promise<void>((resolve) => {
      onPass = resolve;
    });
    const answer = complete(suite.server.url, { prompt: letters(2000) });
    await begun;
    await listed();
    assert.deepEqual(passes, { begun: 1, over: 0 });
    assert.equal((await answer).status, 200);
    assert.deepEqual(passes, { begun: 1, over: 1 });
  });

  it("answers /v1/models before a text of 300,000 letters is cut, which it then refuses", async () => {
    const order: string[] = [];
    const answer = complete(suite.server.url, { prompt: letters(300_000) }).then((response) => {
      order.push("refused");
      return response;
    });
    await listed().then(() => order.push("listed"));
    const { error } = (await (await answer).json()) as { error: { code: string; message: string } };
    assert.deepEqual(order, ["listed", "refused"]);
    assert.equal(error.code, "context_length_exceeded");
    assert.match(
      error.message,
      /^This model's maximum context length is 4096 tokens; the prompt has 300000: shorten it$/,
    );
  });

  it("cuts no further text of a client that has hung up, and finds no fault in that", async () => {
    const gone = new AbortController();
    const left = complete(suite.server.url, { prompt: letters(3_000_000) }, gone.signal);
    await listed();
    gone.abort();
    await assert.rejects(left, /abort/i);
    assert.equal((await complete(suite.server.url, { prompt: letters(5000) })).status, 400);
    assert.deepEqual([passes.begun, suite.faults], [0, []]);
  });

  it("reads no further part of a prompt whose client has hung up", async () => {
    using own = temporaryFolder();
    writeFolder(own.path, writingModel({ context: 1024 }));
    const decoder = await openModel(own.path, { threads: 1 });
    const gone = new AbortController();
    let parts = 0;
    const forward: Decoder["forward"] = async (input) => {
      if (++parts === 2) {
        gone.abort();
        // What comes later over another connection is answered when the server has seen the first one close.
        for (let i = 0; i < 3; i++) await listed(watched.url);
      }
      return decoder.forward(input);
    };
    const watched = await serve({ ...decoder, forward }, { name: "slow", port: 0 });
    await assert.rejects(complete(watched.url, { prompt: letters(900), max_tokens: 50 }, gone.signal), /abort/i);
    await listed(watched.url);
    while (watched.load.running + watched.load.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(parts <= 3, `${parts - 2} parts after it hung up, of 13`);
    await watched.close();
    await decoder.dispose();
  });

  it("ends at SIGINT in the middle of a pass, and in the middle of an answer", async () => {
    for (const [body, tokens] of [
      [{ prompt: letters(2000) }, 0],
      [{ prompt: "a", max_tokens: 4000, temperature: 0, stream: true }, 1],
    ] as const) {
      const command = [join(import.meta.dirname, "../../../src/cli/index.ts"), "serve", suite.folder];
      const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
      const child = spawn(process.execPath, [...flags, ...command, "--name", "slow", "--port", "0"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
      const url = /http:\/\/\S+\/v1/.exec(line)![0];
      const answer = complete(url, body);
      let seen = "";
      const whole = answer
        .then(async (response) => {
          for await (const piece of response.body!) {
            seen += Buffer.from(piece).toString();
            // Once: a second one would end it as the system does, without its own way out.
            if (seen.includes("data: ") && !child.killed) child.kill("SIGINT");
          }
        })
        .then(
          () => true,
          () => false,
        );
      if (tokens === 0) {
        await listed(url);
        child.kill("SIGINT");
      }
      const [code, signal] = (await once(child, "exit")) as [number | null, string | null];
      assert.deepEqual([code, signal, await whole], [0, null, false], seen.slice(-200));
      assert.ok(!seen.includes("[DONE]"));
    }
  });
});

describe("a text that is longer than a model's context", () => {
  it("is refused before any of it is cut, in any field, and counted where its length says too little", async () => {
    const tiny = await openModel("tiny", { bundled: dataPath("models"), threads: 1 });
    const cut: string[] = [];
    const { encode, encodeAll } = tiny.tokenizer;
    const tokenizer: Tokenizer = {
      ...tiny.tokenizer,
      encode(text) {
        cut.push(text);
        return encode(text);
      },
      encodeAll(texts, signal) {
        cut.push(...texts);
        return encodeAll!(texts, signal);
      },
    };
    await using server = await serve({ ...tiny, tokenizer }, { name: "tiny", port: 0 });
    const refused = async (path: string, body: object) => {
      const response = await fetch(`${server.url}/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ model: "tiny", ...body }),
      });
      const { error } = (await response.json()) as { error: { message: string; code: string; param: string } };
      assert.deepEqual([response.status, error.code], [400, "context_length_exceeded"]);
      return `${error.param}: ${error.message}`;
    };
    const most = "This model's maximum context length is 256 tokens;";
    const long = "a".repeat(80_000); // the longest token has 12 bytes
    const needs = Math.ceil(80_000 / 12);
    for (const prompt of [long, ["hi", long], "\n".repeat(80_000), "漢".repeat(26_666)])
      assert.equal(
        await refused("completions", { prompt }),
        `prompt: ${most} the prompt has at least ${needs}: shorten it`,
      );
    const messages = [{ role: "user", content: long }];
    const chat = await refused("chat/completions", { messages });
    assert.match(chat, /^messages: .*the messages have at least 66\d\d: shorten them$/);
    assert.deepEqual(cut, []);
    const prompt = "a".repeat(3000); // 250 tokens at least
    assert.equal(await refused("completions", { prompt }), `prompt: ${most} the prompt has 3000: shorten it`);
    assert.deepEqual(cut, [prompt]);
    await tiny.dispose();
  });
});
