/** Whose output is what the user's process says: a request's, or nobody's, which is shown all the same. */

import assert from "node:assert/strict";
import { isSilent, parentOf, type RunsState } from "../../../kernel/session/cells/state.ts";
import type { Message } from "../../../kernel/wire/index.ts";

const request = (silent: unknown) => ({ content: { silent } }) as unknown as Message;

describe("the request that output belongs to", () => {
  it("is that of its run, else the running one, else the last, else none", () => {
    const [own, running, last] = [request(1), request(2), request(3)];
    const state = (more: object) =>
      ({ requests: new Map([[7, own]]), running: null, lastRequest: null, ...more }) as unknown as RunsState;
    assert.equal(parentOf(state({ running: { request: running }, lastRequest: last }), 7), own);
    assert.equal(parentOf(state({ running: { request: running }, lastRequest: last }), 8), running);
    assert.equal(parentOf(state({ running: { request: running }, lastRequest: last }), null), running);
    assert.equal(parentOf(state({ lastRequest: last }), 8), last);
    assert.equal(parentOf(state({}), null), null);
  });

  it("keeps output back only where it asked for silence with true", () => {
    assert.deepEqual([request(true), request(false), request(undefined), request("true"), null].map(isSilent), [
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
