/**
 * A decoder behind OpenAI's API: models, completions, chat, streams. Requests run in batches; an answer depends on its own
 * request and seed alone. On this machine only, unless a token is set. Not here: the fields (`request.ts`), the forms of
 * answers (`answer.ts`), the command (`cli/serve.ts`).
 */

import type { AddressInfo } from "node:net";
import { getRequestListener, type HttpBindings, RequestError } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import {
  callable,
  faultOf,
  having,
  integerFrom,
  listOf,
  numberFrom,
  only,
  optional,
  positiveInteger,
  text,
} from "../../data/check.ts";
import {
  createEngine,
  type Decoder,
  type Engine,
  type EngineOptions,
  type HeldAdapter,
  type PromptDesign,
} from "../../model/index.ts";
import { promptEntry } from "../../model/options.ts";
import { addressOf } from "../access.ts";
import { createDoor, type Unread } from "../door.ts";
import { listen } from "../listen.ts";
import { answerStream, answerWhole } from "./answer.ts";
import { checkCaller, checkOpenness, letPages } from "./caller.ts";
import { errorResponse, ServeFailure } from "./error.ts";
import { readBody, readChat, readCompletion, type Served } from "./request.ts";

/** How a model is served. */
export interface ServeOptions extends EngineOptions {
  /** The model's name in the API. */
  name: string;
  /** @default "127.0.0.1" */
  host?: string;
  /** 0 for any that is free. @default 8080 */
  port?: number;
  /**
   * Asks chats through this design: the last message is what is asked, the answer is a program. For a policy that was trained
   * with it. @default the model's chat format
   */
  prompt?: PromptDesign;
  /** Where a request names none. @default 1 */
  temperature?: number;
  /** Who asks must send it. Needed on any host but this machine. @default none */
  token?: string | undefined;
  /** Origins (`http://localhost:3000`) whose pages may ask from a browser; `*` for all, with a token. @default none */
  cors?: readonly string[];
  /** Told of failures that are the server's own. @default console.error */
  onError?: (error: unknown) => void;
}

/** A server that runs. */
export interface ModelServer extends AsyncDisposable {
  /** Answers from now on with another head or adapter: `await policy.steering()`. What was asked before is answered as it was asked. */
  steer(steering: Pick<EngineOptions, "onLogits" | "adapter">): void;
  /** With `/v1`: what a client takes as its base. */
  readonly url: string;
  /** Requests that run and wait. */
  readonly load: { running: number; waiting: number };
  close(): Promise<void>;
}

const longestBody = 4 * 1024 * 1024;
/** How each path may be asked. */
const methods: { [path: string]: readonly string[] } = {
  "/v1/models": ["GET", "HEAD"],
  "/v1/chat/completions": ["POST"],
  "/v1/completions": ["POST"],
};

const optionsSchema = only<ServeOptions>({
  name: text,
  host: optional(text),
  port: optional(integerFrom(0, 65_535)),
  prompt: promptEntry,
  temperature: optional(numberFrom(0, Number.MAX_VALUE, "0 or a positive number")),
  token: optional(text),
  cors: optional(listOf(text, "a list of origins")),
  onError: optional(callable("a function of the error")),
  maxBatch: optional(positiveInteger),
  maxWaiting: optional(integerFrom(0, Number.MAX_SAFE_INTEGER, "0 or a positive integer")),
  onLogits: optional(callable("a function of the step's logits")),
  adapter: optional(having<HeldAdapter>(["release"], "what `decoder.adapted.hold` gave")),
});

/** Serves a decoder. Rejects with a ServeFailure for a host without a token, or a port that is taken. */
export async function serve(decoder: Decoder, options: ServeOptions): Promise<ModelServer> {
  const fault = faultOf(optionsSchema, options, "the options of serve");
  if (fault !== null) throw new ServeFailure(fault);
  const { name, host = "127.0.0.1", port = 8080, token, cors = [], prompt, temperature = 1 } = options;
  checkOpenness({ host, token, origins: cors });
  const served: Served = {
    ...{ name, decoder, engine: createEngine(decoder, options), temperature, ...(prompt && { prompt }) },
  };
  const app = createApp(served, options);
  const listener = getRequestListener(app.fetch as (request: Request, env: unknown) => Response | Promise<Response>, {
    errorHandler: (cause) => refuseUnread(cause, options),
  });
  const refusal = (unread: Unread) => errorResponse(new ServeFailure(unread));
  const server = createDoor((incoming, outgoing) => void listener(incoming, outgoing), { refusal });
  await listen(
    server,
    { host, port },
    (reason, cause) => new ServeFailure({ kind: "port", host, port, reason }, { cause }),
  );
  const { port: bound } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  /** Engines of before, which still answer as they were asked. */
  let former: Engine[] = [];
  const atWork = (): Engine[] => [...former, served.engine].filter(({ running, waiting }) => running + waiting > 0);
  return {
    url: `${addressOf(host, bound)}/v1`,
    steer({ onLogits, adapter }) {
      const { onLogits: _, adapter: __, ...own } = options;
      former = atWork();
      served.engine = createEngine(decoder, { ...own, ...(onLogits && { onLogits }), ...(adapter && { adapter }) });
    },
    get load() {
      const sum = (of: "running" | "waiting") => atWork().reduce((all, engine) => all + engine[of], 0);
      return { running: sum("running"), waiting: sum("waiting") };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** What cannot be read as a request: a host or a path that are none. */
function refuseUnread(cause: unknown, { onError = console.error }: ServeOptions): Response {
  if (cause instanceof RequestError)
    return errorResponse(new ServeFailure({ kind: "http", reason: cause.message }, { cause }));
  onError(cause);
  return errorResponse(cause);
}

type Bindings = { Bindings: HttpBindings };

function createApp(served: Served, { token, cors = [], onError = console.error }: ServeOptions): Hono<Bindings> {
  const app = new Hono<Bindings>();
  app.onError((error, c) => {
    // Nobody is there to be answered where the client hung up, and the server did nothing wrong.
    if (!(error instanceof ServeFailure || isHungUp(error, c))) onError(error);
    return errorResponse(error);
  });
  app.notFound((c) => {
    const { method, path } = c.req;
    const allowed = methods[/^\/v1\/models\/./.test(path) ? "/v1/models" : path];
    return errorResponse(
      new ServeFailure(allowed ? { kind: "method", method, path, allowed } : { kind: "path", method, path }),
    );
  });
  if (cors.length > 0) app.use(letPages(cors));
  app.use(async (c, next) => {
    checkCaller(c, token);
    await next();
  });
  const tooLong = () => errorResponse(new ServeFailure({ kind: "size", limit: longestBody }));
  app.use(bodyLimit({ maxSize: longestBody, onError: tooLong }));
  const card = { id: served.name, object: "model", created: 0, owned_by: "autoagent-lab" };
  app.get("/v1/models", (c) => c.json({ object: "list", data: [card] }));
  app.get("/v1/models/:name{.+}", (c) => {
    checkModel(c.req.param("name"), served);
    return c.json(card);
  });
  const answer = async (c: Context<Bindings>, read: typeof readChat): Promise<Response> => {
    // A page in a browser may post text to any server without asking; JSON it may not.
    const type = c.req.header("content-type");
    if (!type?.toLowerCase().startsWith("application/json")) throw new ServeFailure({ kind: "type", found: type });
    const body = readBody(await c.req.text());
    checkModel(body.model, served);
    const { signal } = c.req.raw;
    const generation = await read(body, served, signal).catch((error) => {
      if (!signal.aborted) throw error;
    });
    if (generation === undefined) return new Response(null, { status: 499 }); // the client hung up: nobody reads this
    const answering = { signal, onError };
    return generation.stream ? answerStream(served, generation, answering) : answerWhole(served, generation, answering);
  };
  app.post("/v1/chat/completions", (c) => answer(c, readChat));
  app.post("/v1/completions", (c) => answer(c, readCompletion));
  return app;
}

function checkModel(found: unknown, { name }: Served): void {
  if (typeof found !== "string")
    throw new ServeFailure({
      kind: "field",
      field: "model",
      expected: `the text ${JSON.stringify(name)}`,
      value: found,
    });
  if (found !== name) throw new ServeFailure({ kind: "model", found, served: name });
}

/** An error of a body that ended early, with its connection. */
function isHungUp(error: Error, c: Context<Bindings>): boolean {
  const { incoming } = c.env;
  return incoming.destroyed && !incoming.complete && (error as NodeJS.ErrnoException).code === "ECONNRESET";
}
