/** Comms as the session passes their messages on: how long a message takes, and what its callback throws. */

import assert from "node:assert/strict";
import { type Comm, createComms } from "../../../kernel/display/comms.ts";

describe("a comm's message", () => {
  const kinds = {
    comm_open: (comms: ReturnType<typeof createComms>, callback: () => unknown) => comms.onOpen("target", callback),
    comm_msg: (_: unknown, callback: () => unknown, comm: Comm) => comm.onMessage(callback),
    comm_close: (_: unknown, callback: () => unknown, comm: Comm) => comm.onClose(callback),
  };
  for (const [message, listen] of Object.entries(kinds))
    it(`is over when the callback for ${message} is, and fails as that does`, async () => {
      const comms = createComms(
        () => {},
        (callback) => callback,
      );
      const receive = (): Promise<void> => {
        const called = Promise.withResolvers<void>();
        const comm = comms.open("target");
        listen(comms, () => called.promise, comm);
        const id = message === "comm_open" ? "theirs" : comm.id;
        const content = { comm_id: id, target_name: "target", data: {} };
        const received = comms.receive({ message, content, metadata: {}, buffers: [] });
        ends.push(called);
        return received;
      };
      const ends: PromiseWithResolvers<void>[] = [];
      let isOver = false;
      const received = receive().then(() => {
        isOver = true;
      });
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(isOver, false);
      ends[0]!.resolve();
      await received;
      assert.equal(isOver, true);
      const failing = receive();
      ends[1]!.reject(new RangeError("of the callback"));
      await assert.rejects(failing, { name: "RangeError", message: "of the callback" });
    });

  it("that nobody listens to, or of a comm that is not open, is passed over", async () => {
    const comms = createComms(
      () => {},
      (callback) => callback,
    );
    for (const comm_id of [comms.open("target").id, "none"])
      for (const message of ["comm_msg", "comm_close", "comm_msg"])
        await comms.receive({ message, content: { comm_id, data: {} }, metadata: {}, buffers: [] });
  });
});
