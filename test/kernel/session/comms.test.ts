/** Which comms are open, as a client is told. */

import assert from "node:assert/strict";
import { createComms } from "../../../kernel/session/comms.ts";

describe("the comms that are open", () => {
  it("are those that were opened and not closed, all or a target's; all are dropped at once", () => {
    const comms = createComms();
    for (const [type, content] of [
      ["comm_open", { comm_id: "1", target_name: "a" }],
      ["comm_open", { comm_id: "2", target_name: "b" }],
      ["comm_open", { comm_id: "3", target_name: 7 }],
      ["comm_open", { comm_id: "4", target_name: "a" }],
      ["comm_open", { comm_id: 5, target_name: "a" }],
      ["comm_msg", { comm_id: "6", target_name: "a" }],
      ["comm_close", { comm_id: "4" }],
      ["comm_close", { comm_id: "none" }],
    ] as const)
      comms.note(type, content);
    const open = (target?: unknown) => comms.info(target);
    const [a, b, none] = [{ 1: { target_name: "a" } }, { 2: { target_name: "b" } }, { 3: { target_name: "" } }];
    for (const all of [undefined, null, 5])
      assert.deepEqual(open(all), { status: "ok", comms: { ...a, ...b, ...none } });
    assert.deepEqual(open("a"), { status: "ok", comms: a });
    assert.deepEqual(open(""), { status: "ok", comms: none });
    assert.deepEqual(open("c"), { status: "ok", comms: {} });
    assert.deepEqual([comms.drop(), comms.drop(), open()], [["1", "2", "3"], [], { status: "ok", comms: {} }]);
  });
});
