/** Whose output is what the user's process says: a request's, or nobody's, which is shown all the same. */

import assert from "node:assert/strict";
import {
  isSilent,
  newState,
  numberRequest,
  parentOf,
  type RunsOptions,
  type RunsState,
} from "../../../kernel/session/cells/state.ts";
import type { Message } from "../../../kernel/wire/index.ts";

const request = (silent: unknown) => ({ content: { silent } }) as unknown as Message;

describe("the request that output belongs to", () => {
  it("is that of its run, else the running one, else the last, else none", () => {
    const [own, running, last] = [request(1), request(2), request(3)];
    const requests = { cells: new Map([[7, own]]), comms: new Map() };
    const state = (more: object) => ({ requests, running: null, lastRequest: null, ...more }) as unknown as RunsState;
    assert.equal(parentOf(state({ running: { request: running }, lastRequest: last }), 7), own);
    assert.equal(parentOf(state({ running: { request: running }, lastRequest: last }), 8), running);
    assert.equal(parentOf(state({ running: { request: running }, lastRequest: last }), null), running);
    assert.equal(parentOf(state({ lastRequest: last }), 8), last);
    assert.equal(parentOf(state({}), null), null);
  });

  it("is its cell's after any number of comm messages, and its comm message's after any number of cells", () => {
    const state = newState({ directory: "", settings: () => ({}) } as RunsOptions);
    const of = (msg_type: string) => ({ header: { msg_type } }) as Message;
    const [cell, comm, last] = [of("execute_request"), of("comm_msg"), of("execute_request")];
    const runs = [numberRequest(state, cell), numberRequest(state, comm)];
    Object.assign(state, { lastRequest: last });
    for (let i = 0; i < 1999; i++) for (const type of ["execute_request", "comm_msg"]) numberRequest(state, of(type));
    assert.ok(runs.every((run, i) => parentOf(state, run) === [cell, comm][i]));
    for (let i = 0; i < 5000; i++) numberRequest(state, of("comm_close"));
    assert.ok(parentOf(state, runs[0]!) === cell);
    assert.ok(parentOf(state, runs[1]!) === last, "a session keeps not all of them");
    for (let i = 0; i < 5000; i++) numberRequest(state, of("execute_request"));
    assert.ok(parentOf(state, runs[0]!) === last);
    const { cells, comms } = state.requests;
    assert.deepEqual([cells.size, comms.size], [2000, 2000]);
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
