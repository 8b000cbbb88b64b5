/** Requests that are no cells and what they are answered, without a kernel: by their type, cursors in letters. */

import assert from "node:assert/strict";
import { answerRequest } from "../../../kernel/session/requests.ts";
import type { SessionState } from "../../../kernel/session/state.ts";
import type { Message } from "../../../kernel/wire/index.ts";

const request = (msg_type: string, content: object): Message =>
  ({ header: { msg_type, msg_id: msg_type, date: new Date(0).toISOString() }, content }) as unknown as Message;

/** Answers a request of a session whose parts are as given; the answer, and what its parts were asked. */
async function answer(type: string, content: object): Promise<{ content: unknown; asked: unknown[] }> {
  const asked: unknown[] = [];
  let replied: unknown;
  const language = {
    complete: async (code: string, cursor: number) => {
      asked.push([code, cursor]);
      return { matches: ["a", "b"], types: ["const"], cursorStart: 2, cursorEnd: cursor };
    },
    inspect: async (code: string, cursor: number, level: number) => {
      asked.push([code, cursor, level]);
      return { found: true, data: { "text/plain": "t" } };
    },
  };
  const state = {
    language,
    reply: (of: Message, channel: string, given: unknown) => {
      asked.push([of.header.msg_type, channel]);
      replied = given;
    },
    executor: { interrupt: () => asked.push("interrupt") },
    runs: { comm: async ({ header }: Message) => asked.push(header.msg_type) },
  };
  await answerRequest(state as unknown as SessionState, request(type, content), "control");
  return { content: replied, asked };
}

describe("a request that is no cell", () => {
  it("counts its cursor in letters as Unicode does, at the end where there is none", async () => {
    const code = "\u{1f600}\u{1f600}ab"; // two units each, then one each
    for (const [cursor_pos, units, letters] of [
      [undefined, 6, 4],
      [0, 0, 0],
      [1, 2, 1],
      [2, 4, 2],
      [3, 5, 3],
      [99, 6, 4],
    ] as const) {
      const { content, asked } = await answer("complete_request", { code, cursor_pos });
      const [start, end] = [1, letters];
      assert.deepEqual(asked, [
        [code, units],
        ["complete_request", "control"],
      ]);
      assert.deepEqual(content, {
        ...{ status: "ok", matches: ["a", "b"], cursor_start: start, cursor_end: end },
        metadata: {
          _jupyter_types_experimental: [
            { text: "a", type: "const", start, end },
            { text: "b", type: "", start, end },
          ],
        },
      });
      const looked = await answer("inspect_request", { code, cursor_pos, detail_level: 1 });
      assert.deepEqual(looked.asked[0], [code, units, 1]);
      assert.deepEqual(looked.content, { status: "ok", found: true, data: { "text/plain": "t" }, metadata: {} });
    }
    assert.deepEqual((await answer("inspect_request", {})).asked[0], ["", 0, 0]);
  });

  it("is passed on and answered by its type, and not at all where nobody knows it", async () => {
    const { content, asked } = await answer("interrupt_request", {});
    assert.deepEqual([content, asked], [{ status: "ok" }, ["interrupt", ["interrupt_request", "control"]]]);
    for (const type of ["comm_open", "comm_msg", "comm_close"])
      assert.deepEqual(await answer(type, {}), { content: undefined, asked: [type] });
    assert.deepEqual((await answer("is_complete_request", { code: "{" })).content, {
      status: "incomplete",
      indent: "  ",
    });
    assert.deepEqual((await answer("is_complete_request", {})).content, { status: "complete" });
    const { error } = console;
    const said: unknown[] = [];
    console.error = (...words) => said.push(...words);
    try {
      for (const type of ["toString", "nonsense_request"])
        assert.deepEqual(await answer(type, {}), { content: undefined, asked: [] });
    } finally {
      console.error = error;
    }
    assert.deepEqual(said, [
      'A message of the unknown type "toString" was ignored.',
      'A message of the unknown type "nonsense_request" was ignored.',
    ]);
  });
});
