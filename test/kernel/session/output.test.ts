/** Output on its way to the front ends: what is joined, what is sent before what, and under which request. */

import assert from "node:assert/strict";
import { createCoalescer, type Parent } from "../../../kernel/session/output.ts";
import { until } from "../../waiting.ts";

const request = (id: string) => ({ header: { msg_id: id } }) as Parent;

/** What was published: the name of the stream, its text, its request, and what is said beside it. */
function open() {
  const sent: unknown[][] = [];
  const output = createCoalescer((type, content, parent, options) => {
    assert.equal(type, "stream");
    const { name, text } = content as { name: string; text: string };
    sent.push([name, text, parent?.header.msg_id ?? null, ...(options === undefined ? [] : [options.metadata])]);
  });
  return { sent, output };
}

describe("the output of cells", () => {
  it("of one stream and one request is one message; another of either comes after it", () => {
    const { sent, output } = open();
    const [one, other] = [request("1"), request("2")];
    for (const [name, text, parent] of [
      ["stdout", "a", one],
      ["stdout", "b", request("1")],
      ["stderr", "c", one],
      ["stderr", "d", other],
      ["stdout", "e", other],
      ["stdout", "f", null],
    ] as const)
      output.stream(name, text, parent);
    output.flush();
    output.flush();
    assert.deepEqual(sent, [
      ["stdout", "ab", "1"],
      ["stderr", "c", "1"],
      ["stderr", "d", "2"],
      ["stdout", "e", "2"],
      ["stdout", "f", null],
    ]);
  });

  it("goes out before an error that nobody caught, which is a message of its own and says so", () => {
    const { sent, output } = open();
    output.stream("stderr", "before", request("1"));
    output.uncaught("Uncaught", request("1"));
    output.stream("stderr", "after", request("1"));
    output.flush();
    assert.deepEqual(sent, [
      ["stderr", "before", "1"],
      ["stderr", "Uncaught", "1", { autoagent: { uncaught: true } }],
      ["stderr", "after", "1"],
    ]);
  });

  it("goes out at 65,536 letters at once, and else soon, by itself", async () => {
    const { sent, output } = open();
    output.stream("stdout", "x".repeat(65_535), null);
    assert.equal(sent.length, 0);
    output.stream("stdout", "yz", null);
    assert.deepEqual(
      sent.map(([, text]) => String(text).length),
      [65_537],
    );
    output.stream("stdout", "last", null);
    await until(() => sent.length === 2);
    assert.equal(sent[1]![1], "last");
  });
});
