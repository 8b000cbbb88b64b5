/** What comes over a hostile child's pipe is of the shape, or it is nothing: no reply makes the driver throw. */

import assert from "node:assert/strict";
import {
  type ReadReply,
  readCalled,
  readClosed,
  readEffect,
  readOpened,
  readStepped,
} from "../../src/sandbox/host/reply.ts";

const broke = { phase: "step", ms: 70, limit: 70, cpuMs: 12, outOfMemory: false, message: "boom" };
const error = { name: "TypeError", message: "no", line: 2 };
const genome = [
  { name: "self.b", kind: "method", source: "function b() {}" },
  { name: "self.a", kind: "attribute", source: "1" },
];
const agent = { genome, query: "q", response: "r" };
/** Replies as a child of ours sends them: what its agent's side wrote is JSON inside. */
const replies: { [name: string]: [read: ReadReply<unknown>, reply: { [field: string]: unknown }] } = {
  opened: [readOpened, { kind: "opened", broke, read: JSON.stringify(agent) }],
  stepped: [
    readStepped,
    {
      ...{ kind: "stepped", broke, before: JSON.stringify({ ...agent, genome: null }), output: "o", refused: "no" },
      ...{ ran: JSON.stringify({ error, waiting: true, ended: false }), heldBytes: 9 },
      ...{ probe: JSON.stringify({ kind: "threw", error }), read: JSON.stringify(agent) },
    },
  ],
  called: [
    readCalled,
    {
      ...{ kind: "called", broke },
      told: JSON.stringify({
        kind: "answers",
        answers: [
          { kind: "value", value: { a: [-0] } },
          { kind: "threw", error },
          { kind: "odd", what: "a Map" },
          { kind: "waits" },
          { kind: "uncalled" },
        ],
        given: [{ kind: "value", value: [1] }, null, { kind: "odd", what: "a cycle" }],
      }),
    },
  ],
  closed: [readClosed, { kind: "closed" }],
  effect: [readEffect, { kind: "fs_read", api: "fs.readFile", arguments: '["/a"]', severity: 2, step: 0 }],
};

/** Values that a field may be turned into. */
const wrong: unknown[] = [
  null,
  0,
  -1,
  1.5,
  1e300,
  true,
  "",
  "x",
  '"x"',
  "null",
  "[]",
  "{}",
  "{",
  [],
  [null],
  {},
  { a: 1 },
];

/** The reply with each of its fields, however deep, and also inside its JSON, turned into something else. */
function* spoiled(value: unknown): Generator<unknown> {
  yield* wrong;
  if (typeof value === "string" && /^[{[]/.test(value))
    for (const inner of spoiled(JSON.parse(value))) yield JSON.stringify(inner);
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value))
    for (const inner of spoiled((value as { [key: string]: unknown })[key])) {
      const copy = structuredClone(value) as { [key: string]: unknown };
      copy[key] = inner;
      yield copy;
    }
}

/** What each part of a reply may be, lists' items under `*`; a value that an agent gave may be anything. */
const allowed = new Set(
  [
    ["kind:string", "api:string", "arguments.*:string", "severity:number", "step:number", "output:string"],
    ["broke:null", "broke.phase:string", "broke.ms:number", "broke.limit:number", "broke.cpuMs:number"],
    ["broke.outOfMemory:boolean", "broke.message:string", "refused:null", "refused:string"],
    ["heldBytes:null", "heldBytes:number", "told:null", "told.kind:string", "told.answers.*.kind:string"],
    [
      "told.answers.*.what:string",
      "told.given.*:null",
      "told.given.*.kind:string",
      "told.given.*.what:string",
      "probe:null",
      "probe.kind:string",
      "probe.is:string",
      "ran:null",
    ],
    ["ran.waiting:boolean", "ran.ended:boolean", "ran.error:null"],
    ...["ran.error", "probe.error", "told.answers.*.error", "told.given.*.error"].map((error) =>
      ["name:string", "message:string", "line:number", "line:null"].map((part) => `${error}.${part}`),
    ),
    ...["read", "before"].map((agent) => [
      ...[`${agent}:null`, `${agent}.query:string`, `${agent}.response:string`, `${agent}.genome:null`],
      ...["name", "kind", "source"].map((part) => `${agent}.genome.*.${part}:string`),
    ]),
  ].flat(),
);

/** Every part of a value with its type. */
function partsOf(value: unknown, path = ""): string[] {
  if (/^told\.(answers|given)\.\*\.value$/.test(path)) return [];
  if (typeof value !== "object" || value === null) return [`${path}:${value === null ? "null" : typeof value}`];
  return Object.entries(value).flatMap(([key, part]) =>
    partsOf(part, [path, Array.isArray(value) ? "*" : key].filter(Boolean).join(".")),
  );
}

describe("a child's reply", () => {
  for (const [name, [read, reply]] of Object.entries(replies))
    it(`that is ${name} is read, and one that is spoiled in any part is none, or has the types that it must have`, () => {
      assert.notEqual(read(reply), null);
      let refused = 0;
      for (const one of spoiled(reply)) {
        const made = read(one);
        if (made === null) refused++;
        else
          assert.deepEqual(
            partsOf(made).filter((part) => !allowed.has(part)),
            [],
            JSON.stringify(one),
          );
      }
      assert.ok(refused >= wrong.length, `${refused} refused`);
    });

  it("has its members in order, and a message of another request is none of it", () => {
    const opened = readOpened(replies.opened![1])!;
    assert.deepEqual(
      opened.read!.genome!.map(({ name }) => name),
      ["self.a", "self.b"],
    );
    const [stepped, called] = [replies.stepped![1], replies.called![1]];
    assert.deepEqual(
      [readOpened(stepped), readStepped(called), readCalled(stepped), readClosed(called)],
      new Array(4).fill(null),
    );
  });

  it("that says little is read as what a child knows before it has run anything", () => {
    const nothing = { broke: null, before: null, ran: null, refused: null, probe: null, read: null, heldBytes: null };
    assert.deepEqual(readStepped({ kind: "stepped" }), { kind: "stepped", ...nothing, output: "" });
    assert.deepEqual(readCalled({ kind: "called" }), { kind: "called", broke: null, told: null });
  });

  it("may tell an effect whose arguments were cut, and no effect of a kind or weight that there is not", () => {
    const effect = replies.effect![1];
    assert.deepEqual(readEffect({ ...effect, arguments: `["${"x".repeat(300)}` })!.arguments, [`["${"x".repeat(198)}`]);
    for (const kind of ["", "toString", "__proto__", "escape "])
      assert.equal(readEffect({ ...effect, kind }), null, kind);
    for (const severity of [0, 4, "3", Number.NaN]) assert.equal(readEffect({ ...effect, severity }), null);
  });
});
