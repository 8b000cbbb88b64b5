import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { AutonomousLLM, modelPolicy } from "../../src/agent/index.ts";
import { LanguageModelFailure, models, streamText } from "../../src/llm/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { bodies } from "../../src/sandbox/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";
import { hangMs } from "../waiting.ts";

type Asked = {
  model: string;
  stream?: boolean;
  stream_options?: { include_usage?: boolean };
  max_tokens: number;
  seed?: number;
  messages: { content: string }[];
};
type Handler = (asked: Asked, response: ServerResponse, request: IncomingMessage) => void;

const usage = { prompt_tokens: 7, completion_tokens: 3 };
const logprobs = {
  content: [
    { token: "self", logprob: -0.5 },
    { token: ".a = 1", logprob: -1.25 },
  ],
};
const event = (response: ServerResponse, data: object | string): void => {
  response.write(`data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`);
};
const delta = (content: string, more: object = {}) => ({
  model: "tiny",
  choices: [{ index: 0, delta: { content }, ...more }],
});

/** How a server may behave, by the name of the model that is asked for. */
const behaviours: { [model: string]: Handler } = {
  whole: (asked, response) => {
    const choices = [{ message: { role: "assistant", content: "self.a = 1" }, finish_reason: "length", logprobs }];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ model: `whole of ${asked.max_tokens}`, choices, usage }));
  },
  streaming: (asked, response) => {
    response.setHeader("content-type", "text/event-stream");
    event(response, delta("self", { logprobs: { content: logprobs.content.slice(0, 1) } }));
    setTimeout(() => {
      event(response, delta(".a = 1", { logprobs: { content: logprobs.content.slice(1) } }));
      event(response, delta("", { finish_reason: "stop" }));
      if (asked.stream_options?.include_usage) event(response, { model: "tiny", choices: [], usage });
      event(response, "[DONE]");
      response.end();
    }, 50);
  },
  "stops in mid-stream": (_, response) => {
    response.setHeader("content-type", "text/event-stream");
    event(response, delta("self."));
    setTimeout(() => response.destroy(), 50);
  },
  "ends early": (_, response) => {
    response.setHeader("content-type", "text/event-stream");
    event(response, delta("self."));
    response.end();
  },
  "falls silent": (_, response) => {
    response.setHeader("content-type", "text/event-stream");
    event(response, delta("self."));
  },
  "cut body": (_, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "500" });
    response.write('{"choices": [');
    setTimeout(() => response.destroy(), 50);
  },
  /** Answers with what it was asked. */
  echo: (asked, response) => {
    const choices = [{ message: { role: "assistant", content: JSON.stringify(asked) }, finish_reason: "stop" }];
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ model: "echo", choices, usage }));
  },
  /** As OpenAI's newer models do. */
  "other limit": (asked, response, request) => {
    response.setHeader("content-type", "application/json");
    if (!("max_tokens" in asked)) return behaviours.echo!(asked, response, request);
    const message =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    response.writeHead(400).end(JSON.stringify({ error: { message, code: "unsupported_parameter" } }));
  },
  nowhere: (_, response) => response.writeHead(404).end('{"detail":"Not Found"}'),
  "tells no usage": (_, response) => {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ choices: [{ message: { role: "assistant", content: "1" } }] }));
  },
  slow: () => {},
  "a web page": (_, response) => response.setHeader("content-type", "text/html").end("<html>Welcome to nginx!</html>"),
  "broken json": (_, response) => response.setHeader("content-type", "application/json").end('{"choices": [}'),
  "garbled events": (_, response) => {
    response.setHeader("content-type", "text/event-stream");
    event(response, '{"hello": ');
    response.end();
  },
  "other events": (_, response) => {
    response.setHeader("content-type", "text/event-stream");
    event(response, { type: "ping" });
    response.end();
  },
  limited: (_, response) => response.writeHead(429, { "retry-after": "0.05" }).end("{}"),
  faulty: (_, response) => response.writeHead(503, { "retry-after": "0.05" }).end('{"error":{"message":"loading"}}'),
};

type Timer = (work: () => void, ms: number, ...given: unknown[]) => NodeJS.Timeout;

/** Another `setTimeout` for all, which is told the real one, until it is disposed of. */
function timers(other: (real: Timer, ...asked: Parameters<Timer>) => NodeJS.Timeout): Disposable {
  const real = globalThis.setTimeout as Timer;
  Object.assign(globalThis, { setTimeout: (...asked: Parameters<Timer>) => other(real, ...asked) });
  return { [Symbol.dispose]: () => void Object.assign(globalThis, { setTimeout: real }) };
}

describe("models.openai, against servers that fail", () => {
  let server: Server;
  let baseURL: string;
  const asked: string[] = [];
  const told: string[] = [];
  before(async () => {
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const question = JSON.parse(body) as Asked;
        asked.push(question.model);
        told.push(question.messages[0]!.content);
        const name = question.model === "passing" ? passing() : question.model;
        behaviours[name]!(question, response, request);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  });
  after(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  it("tells the model which language an agent is made of, whoever asks for it, and nothing where there is a text of one's own", async () => {
    const language = (): string | undefined => /one short (\w+) program/.exec(told.at(-1)!)?.[1];
    const llm = models.openai({ model: "whole", baseURL });
    const { sandbox } = fakeSandbox();
    for (const [body, name] of [
      ["javascript", "JavaScript"],
      ["python", "Python"],
    ] as const) {
      const agent = new AutonomousLLM({
        llm,
        sandbox: { ...sandbox, body: bodies[body] } as typeof sandbox,
        query: "go",
      });
      await agent.run({ steps: 1, live: false });
      assert.equal(language(), name, "an agent");
      await modelPolicy(llm, { body }).act([{ query: "go", response: "" } as never], [createRandom(1)]);
      assert.equal(language(), name, "a policy");
    }
    await llm.complete({ prompt: "x" });
    assert.equal(language(), "JavaScript");
    await models.openai({ model: "whole", baseURL, system: "mine" }).complete({ prompt: "x", language: "python" });
    assert.equal(told.at(-1), "mine");
  });

  /** Fails twice, then answers. */
  const passing = (): string => (asked.filter((name) => name === "passing").length < 3 ? "faulty" : "whole");

  /** `timeoutMs` only where no answer comes: a busy machine takes its time with others. */
  const ask = (model: string, more: { stream?: boolean; retries?: number; timeoutMs?: number } = {}) => {
    const { stream = false, retries = 0, timeoutMs = hangMs } = more;
    const heard: string[] = [];
    const prompt = { prompt: "what now?", ...(stream && { onText: (piece: string) => heard.push(piece) }) };
    return models.openai({ model, baseURL, retries, timeoutMs }).complete(prompt);
  };
  const fails = async (answer: Promise<unknown>, message: string): Promise<void> => {
    await assert.rejects(answer, (error) => {
      assert.ok(error instanceof LanguageModelFailure);
      assert.equal(error.message, message.replace("at URL", `at ${baseURL}`));
      return true;
    });
  };

  it("gives log-probabilities, seed, and that an answer was cut", async () => {
    const model = models.openai({ model: "whole", baseURL });
    const messages = [
      { role: "user", content: "hello" },
      { role: "assistant", content: "hi" },
    ] as const;
    const answer = await model.complete({ prompt: "now?", messages, logProbs: true, seed: 4, maxTokens: 20 });
    assert.deepEqual(answer, {
      text: "self.a = 1",
      model: "whole of 20",
      usage: { promptTokens: 7, completionTokens: 3 },
      tokens: [
        { text: "self", logProb: -0.5 },
        { text: ".a = 1", logProb: -1.25 },
      ],
      seed: 4,
      finish: "length",
    });
  });

  it("is asked with what a question asks for: stop texts, temperature, top share; and with no system message in a form of its own", async () => {
    const model = models.openai({ model: "echo", baseURL, temperature: 0.7 });
    const sent = async (how: object) => JSON.parse((await model.complete({ prompt: "x", ...how })).text);
    const user = { role: "user", content: "x" };
    const { messages, temperature } = await sent({});
    assert.deepEqual([messages.length, messages[0].role, messages[1], temperature], [2, "system", user, 0.7]);
    assert.deepEqual(await sent({ form: "chat", stop: ["\n}"], temperature: 0.2, topP: 0.95 }), {
      ...{ model: "echo", messages: [user], max_tokens: 512, stream: false },
      ...{ stop: ["\n}"], temperature: 0.2, top_p: 0.95 },
    });
    const bare = models.openai({ model: "echo", baseURL, system: null });
    assert.deepEqual(JSON.parse((await bare.complete({ prompt: "x" })).text).messages, [user]);
  });

  it("calls the longest answer as the server wants it, when that refuses the usual name", async () => {
    const model = models.openai({ model: "other limit", baseURL, maxTokens: 9, retries: 0 });
    const ask = async () => JSON.parse((await model.complete({ prompt: "x", form: "chat" })).text);
    const wanted = { model: "other limit", messages: [{ role: "user", content: "x" }], temperature: 1, stream: false };
    for (const sent of await Promise.all([ask(), ask()]))
      assert.deepEqual(sent, { ...wanted, max_completion_tokens: 9 });
    assert.deepEqual(await ask(), { ...wanted, max_completion_tokens: 9 });
    assert.equal(asked.filter((name) => name === "other limit").length, 5, "it is remembered");
  });

  it("is another with another server, model or way to ask", async () => {
    const prints = await Promise.all(
      [{}, { temperature: 0.5 }, { system: null }, { system: "be brief" }, { maxTokens: 3 }, { model: "b" }].map(
        (how) => models.openai({ model: "a", baseURL, ...how }).fingerprint!(),
      ),
    );
    assert.equal(new Set(prints).size, prints.length, prints.join("\n"));
    assert.equal(prints[0], JSON.stringify(["a", baseURL, 1]), "files know a model of no settings by this");
    assert.equal(prints[0], await models.openai({ model: "a", baseURL, timeoutMs: 5, retries: 0 }).fingerprint!());
  });

  it("says of an address that has no /v1 that it may be that which is wrong", async () => {
    const bare = baseURL.replace("/v1", "");
    const no = (url: string) => `The server at ${url} has no model "nowhere": correct \`model\``;
    await assert.rejects(models.openai({ model: "nowhere", baseURL: bare }).complete({ prompt: "x" }), {
      message: `${no(bare)}, or let \`baseURL\` end in /v1.`,
    });
    await assert.rejects(ask("nowhere"), { message: `${no(baseURL)}.` });
  });

  it("gives an answer piece by piece, and whole at the end", async () => {
    const heard: string[] = [];
    const model = models.openai({ model: "streaming", baseURL });
    const answer = await model.complete({ prompt: "x", logProbs: true, onText: (piece) => heard.push(piece) });
    assert.deepEqual(
      [heard, answer.text, answer.usage.completionTokens, answer.finish],
      [["self", ".a = 1"], "self.a = 1", 3, "stop"],
    );
    assert.deepEqual(
      answer.tokens?.map(({ logProb }) => logProb),
      [-0.5, -1.25],
    );
    const pieces: string[] = [];
    for await (const piece of streamText(model, { prompt: "x" })) pieces.push(piece);
    assert.deepEqual(pieces, ["self", ".a = 1"]);
    for await (const piece of streamText(model, { prompt: "x" })) {
      assert.equal(piece, "self");
      break; // who stops listening leaves no question open
    }
  });

  it("says that a server stopped in the middle", async () => {
    const stopped =
      "The server at URL stopped in the middle of its answer, after 5 characters: look at its log, and ask again.";
    await fails(ask("stops in mid-stream", { stream: true, retries: 2 }), stopped);
    assert.equal(
      asked.filter((name) => name === "stops in mid-stream").length,
      1,
      "what was given out is not asked again",
    );
    await fails(ask("ends early", { stream: true }), stopped);
    await fails(ask("cut body"), stopped.replace("after 5", "after 0"));
  });

  it("says that a server is slow, also between two pieces", async () => {
    const slow = "The server at URL did not answer within 400 ms: raise `timeoutMs`.";
    await fails(ask("slow", { timeoutMs: 400 }), slow);
    await fails(ask("falls silent", { stream: true, timeoutMs: 400 }), slow);
  });

  it("waits for as long as it is told, and no timer rings at once because that is long", async () => {
    const armed: number[] = [];
    using _ = timers((real, work, ms, ...given) => {
      armed.push(ms);
      return real(work, ms, ...given);
    });
    for (const timeoutMs of [1e12, Number.MAX_VALUE])
      for (const stream of [false, true]) {
        const { text } = await ask(stream ? "streaming" : "whole", { timeoutMs, stream });
        assert.equal(text, "self.a = 1");
      }
    assert.ok(armed.length >= 4 && armed.every((ms) => !(ms > 2 ** 31 - 1)), `${armed}`);
    assert.ok(armed.filter((ms) => ms > 2 ** 30).length >= 4, `${armed}`);
  });

  it("says that what answers is no model", async () => {
    const garbage = (received: string): string =>
      `The server at URL gave an answer without text: ${received}. Is it an OpenAI-compatible server, and does \`baseURL\` end in /v1?`;
    await fails(ask("a web page"), garbage("<html>Welcome to nginx!</html>"));
    await fails(ask("other events", { stream: true }), garbage('{"type":"ping"}'));
    await assert.rejects(ask("broken json"), /gave an answer without text: .*JSON/);
    await assert.rejects(ask("garbled events", { stream: true }), /gave an answer without text: .*JSON/);
  });

  it("asks again where that may help, and says how often it did", async () => {
    assert.equal((await ask("passing", { retries: 2 })).text, "self.a = 1");
    await fails(
      ask("limited", { retries: 1 }),
      "The server at URL limits the rate, 2 times in a row: wait, or ask less often.",
    );
    await fails(ask("faulty", { retries: 1 }), "The server at URL failed: 503 loading");
    assert.equal(asked.filter((name) => name === "faulty").length, 2);
  });

  it("waits before it asks again: as long as the server says, ten seconds at most, else twice as long each time", async () => {
    const said = ["7", "60", null, "-1"];
    behaviours["asks to wait"] = (question, response, request) => {
      const after = said.shift();
      if (after === undefined) return behaviours.whole!(question, response, request);
      response.writeHead(429, after === null ? {} : { "retry-after": after }).end("{}");
    };
    const waits: number[] = [];
    const early: number[] = [];
    const times = () => asked.filter((name) => name === "asks to wait").length;
    // Nothing but these waits lasts so long here. Each is made short, and no question may come in it.
    using _ = timers((real, work, ms) => {
      if (![7000, 10_000, 1200, 2400].includes(ms)) return real(work, ms);
      waits.push(ms);
      const before = times();
      return real(() => {
        early.push(times() - before);
        work();
      }, 50);
    });
    assert.equal((await ask("asks to wait", { retries: 4 })).text, "self.a = 1");
    assert.deepEqual(waits, [7000, 10_000, 1200, 2400]);
    assert.deepEqual(early, [0, 0, 0, 0]);
  });

  it("counts no tokens where the server tells of none, and names no model that is not told", async () => {
    assert.deepEqual(await ask("tells no usage"), {
      ...{ text: "1", model: "unknown", usage: { promptTokens: 0, completionTokens: 0 } },
    });
  });

  it("is cancelled at once, whatever it waits for, and asks no more", async () => {
    for (const model of ["slow", "falls silent", "limited"]) {
      const stop = new AbortController();
      const times = () => asked.filter((name) => name === model).length;
      let before = Number.NaN;
      setTimeout(() => {
        before = times();
        stop.abort();
      }, 60);
      const answer = models
        .openai({ model, baseURL, retries: 50 })
        .complete({ prompt: "x", signal: stop.signal, onText: () => {} });
      await fails(answer, "The question was cancelled.");
      await new Promise((resolve) => setTimeout(resolve, 200)); // four more tries of the limited one
      assert.ok(times() - before <= 1, `${times() - before} requests after it was cancelled`); // one may have been on its way
    }
  });

  it("is cancelled while it waits to ask again, without the wait's end", async () => {
    const stop = new AbortController();
    behaviours["asks for a long wait"] = (_, response) => response.writeHead(429, { "retry-after": "10" }).end("{}");
    // The wait of ten seconds never ends here, and is what the question is cancelled in.
    using _ = timers((real, work, ms, ...given) =>
      ms === 10_000 ? real(() => stop.abort(), 0) : real(work, ms, ...given),
    );
    const model = models.openai({ model: "asks for a long wait", baseURL, retries: 1 });
    const answer = model.complete({ prompt: "x", signal: stop.signal }).catch((error: Error) => error.message);
    const hangs = new Promise((resolve) => setTimeout(resolve, hangMs, "it waits").unref());
    assert.equal(await Promise.race([answer, hangs]), "The question was cancelled.");
  });

  it("needs a key for OpenAI's own server", async () => {
    const { OPENAI_API_KEY: key, OPENAI_BASE_URL: url } = process.env;
    delete process.env.OPENAI_API_KEY;
    delete process.env.OPENAI_BASE_URL;
    try {
      await fails(
        models.openai({ model: "gpt-5-nano" }).complete({ prompt: "x" }),
        "There is no key for OpenAI: set OPENAI_API_KEY, or give `baseURL` of a server of your own.",
      );
    } finally {
      if (key !== undefined) process.env.OPENAI_API_KEY = key;
      if (url !== undefined) process.env.OPENAI_BASE_URL = url;
    }
  });
});
