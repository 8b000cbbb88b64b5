/** One server of a small random model for all tests of a suite, which must leave nothing in its log. */

import assert from "node:assert/strict";
import OpenAI from "openai";
import { type Decoder, openModel } from "../../../src/model/index.ts";
import { type ModelServer, serve } from "../../../src/serve/model/index.ts";
import { type Reference, temporaryFolder, writeFolder, writingModel } from "../../model/shared.ts";

/** What is served. */
export interface ServerSetUp {
  /** @default "small" */
  name?: string;
  /** @default a model that writes, of 256 positions */
  model?: Reference;
  /** @default 1 */
  threads?: number;
  /** Changes the model's files before it is opened. */
  prepare?: (folder: string) => void;
  /** What the server is given in place of the decoder. @default the decoder */
  around?: (decoder: Decoder) => Decoder;
}

/** What a suite has of its server, once its tests run. */
export interface SuiteServer {
  readonly folder: string;
  readonly decoder: Decoder;
  readonly server: ModelServer;
  readonly client: OpenAI;
  /** What the server has logged; the suite fails if anything is left in it. */
  readonly faults: unknown[];
}

/** Starts a server before the suite's tests and ends it after them. */
export function useServer(setUp: ServerSetUp = {}): SuiteServer {
  const { name = "small", model = writingModel({ context: 256 }), threads = 1, prepare, around } = setUp;
  const faults: unknown[] = [];
  let folder: ReturnType<typeof temporaryFolder>;
  let decoder: Decoder;
  let server: ModelServer;
  let client: OpenAI;
  before(async () => {
    folder = temporaryFolder();
    writeFolder(folder.path, model);
    prepare?.(folder.path);
    decoder = await openModel(folder.path, { threads });
    const served = around?.(decoder) ?? decoder;
    server = await serve(served, { name, port: 0, onError: (error) => faults.push(error) });
    client = new OpenAI({ baseURL: server.url, apiKey: "none", maxRetries: 0 });
  });
  after(async () => {
    await server.close();
    await decoder.dispose();
    folder[Symbol.dispose]();
    assert.deepEqual(faults, []);
  });
  return {
    faults,
    get folder() {
      return folder.path;
    },
    get decoder() {
      return decoder;
    },
    get server() {
      return server;
    },
    get client() {
      return client;
    },
  };
}
