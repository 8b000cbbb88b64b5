/** Messages of a pipe, a line each, wherever its pieces end and whatever letters they hold. */

import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { onLines } from "../../../kernel/common/lines.ts";

describe("the messages of a pipe", () => {
  it("end at line feeds and nowhere else, and are told as soon as they are whole", () => {
    const messages = [{ text: "é\u{1f600}" }, { text: "a\u2028b\u2029c\u0085\r\n" }, {}];
    const bytes = Buffer.from(messages.map((one) => `${JSON.stringify(one)}\n`).join(""));
    for (const size of [1, 2, 5, bytes.length]) {
      const pipe = new EventEmitter();
      const told: unknown[] = [];
      onLines(pipe as never, (line) => told.push(JSON.parse(line)));
      for (let at = 0; at < bytes.length; at += size) pipe.emit("data", bytes.subarray(at, at + size));
      assert.deepEqual(told, messages, `in pieces of ${size}`);
      pipe.emit("data", Buffer.from('{"half'));
      assert.equal(told.length, messages.length);
    }
  });

  it("go on after one whose listener throws", () => {
    const pipe = new EventEmitter();
    const told: string[] = [];
    onLines(pipe as never, (line) => {
      told.push(line);
      if (line === "b") throw new Error("no");
    });
    pipe.emit("data", Buffer.from("a\n"));
    assert.throws(() => pipe.emit("data", Buffer.from("b\nc")), /no/);
    pipe.emit("data", Buffer.from("d\n"));
    assert.deepEqual(told, ["a", "b", "cd"]);
  });
});
