/** One row of an answer as its listener hears it, from an engine that draws what a test says. */

import assert from "node:assert/strict";
import type { GenerationRequest, Served } from "../../../src/serve/model/request.ts";
import { type Piece, rowsOf, runRow } from "../../../src/serve/model/row.ts";
import { toyDecoder } from "../../policy/token/toy.ts";

const decoder = toyDecoder();
const { encode } = decoder.tokenizer;
/** The end token of the toy's alphabet. */
const end = 0;
const usual = {
  ...{ chat: false, prompts: [encode("ab")], echoes: null, choices: 1, maxTokens: 8, temperature: 1, topK: 0, topP: 1 },
  ...{ stop: [], primed: "", seed: 1, tokenIds: false, logProbs: null, stream: true, usage: false },
} satisfies GenerationRequest;

interface EngineJob {
  prompt: readonly number[];
  onRead?: (at: number, logits: Float32Array) => void;
  onToken: (drawn: { id: number }, logits: Float32Array, soFar: { ids: number[] }) => void;
}

/** What is heard when the engine draws these tokens: `begun` where the row is told to have begun, and each piece. */
async function heard(
  drawn: number[],
  some: Partial<GenerationRequest> = {},
  {
    ended = "length",
    text = decoder.tokenizer.decode(drawn.filter((id) => id !== end)),
    echo = null as string | null,
  } = {},
) {
  const said: (Piece | "begun")[] = [];
  const asked: unknown[] = [];
  const engine = {
    async submit(job: EngineJob) {
      asked.push(job);
      const logits = new Float32Array(decoder.tokenizer.size);
      for (let at = 1; at < job.prompt.length; at++) job.onRead?.(at, logits);
      for (const [i, id] of drawn.entries())
        job.onToken({ id }, logits, { ids: drawn.slice(0, i + 1).filter((one) => one !== end) });
      return { ids: drawn, text, logProbs: [], ended };
    },
  };
  const served = { name: "toy", decoder, engine, temperature: 1 } as unknown as Served;
  const row = { index: 3, prompt: usual.prompts[0]!, echo, choice: 0 };
  const listener = {
    signal: new AbortController().signal,
    onPiece: (piece: Piece) => void said.push(piece),
    onBegin: () => void said.push("begun"),
  };
  const result = await runRow(served, { ...usual, ...some }, row, listener);
  const told = said.map((one) => (one === "begun" ? one : [one.text, one.tokens.map(({ id }) => id), one.finish]));
  for (const one of said) assert.ok(one === "begun" || one.index === 3);
  return { told, said, asked, text: result.text };
}

describe("a row of an answer", () => {
  it("begins once, before its first piece, and ends with its last", async () => {
    const { told, text } = await heard(encode("cde"));
    assert.deepEqual(told, ["begun", ["c", [], null], ["d", [], null], ["e", [], null], ["", [], "length"]]);
    assert.equal(text, "cde");
    assert.deepEqual((await heard([], {}, { ended: "stop" })).told, ["begun", ["", [], "stop"]]);
    assert.deepEqual((await heard([end], {}, { ended: "end" })).told, ["begun", ["", [], "stop"]]);
  });

  it("tells once what every answer begins with, and the echo, as a piece of its own", async () => {
    const { told, text } = await heard(encode("cd"), { primed: "a." }, { echo: "ab" });
    assert.deepEqual(told, ["begun", ["a.ab", [], null], ["c", [], null], ["d", [], null], ["", [], "length"]]);
    assert.equal(text, "a.abcd");
  });

  it("asks an engine for nothing where nothing is to be read or drawn", async () => {
    const none = await heard(encode("cd"), { maxTokens: 0 }, { echo: "ab" });
    assert.deepEqual([none.told, none.asked, none.text], [["begun", ["ab", [], null], ["", [], "length"]], [], "ab"]);
    const scored = await heard([], { maxTokens: 0, logProbs: 1 }, { echo: "ab" });
    assert.deepEqual(scored.told, ["begun", ["ab", encode("ab"), null], ["", [], "length"]]);
    const [, piece] = scored.said as ["begun", Piece];
    assert.deepEqual(
      piece.tokens.map(({ offset, logProb, top }) => [offset, logProb === null, top.length]),
      [
        [0, true, 0],
        [1, false, 1],
      ],
    );
  });

  it("tells each token with the piece that it begins in, and where it stands in the whole text", async () => {
    const { told, said } = await heard(encode("cd"), { logProbs: 2, primed: "a." });
    const [c, d] = encode("cd") as [number, number];
    assert.deepEqual(told, ["begun", ["a.", [], null], ["c", [c], null], ["d", [d], null], ["", [], "length"]]);
    const tokens = said.flatMap((one) => (one === "begun" ? [] : one.tokens));
    assert.deepEqual(
      tokens.map(({ offset }) => offset),
      [2, 3],
    );
    for (const { logProb, top } of tokens) {
      assert.ok(Math.abs(logProb! + Math.log(decoder.tokenizer.size)) < 1e-9, "all logits are alike");
      assert.equal(top.length, 2);
    }
  });

  it("holds back what may become a stop text, with its token, until it does not", async () => {
    const [c, d, f] = encode("cdf") as [number, number, number];
    const { told } = await heard([c, d, d, f], { stop: ["de"], logProbs: 0 });
    const pieces = [
      ["c", [c], null],
      ["d", [d], null],
      ["df", [d, f], null],
    ];
    assert.deepEqual(told, ["begun", ...pieces, ["", [], "length"]]);
  });

  it("keeps the tokens of a stop text and of an end to itself, but beside ids", async () => {
    const stopped = { ended: "stop", text: "c" };
    const [c, d, e] = encode("cde") as [number, number, number];
    const plain = await heard([c, d, e], { stop: ["de"], logProbs: 0 }, stopped);
    assert.deepEqual(plain.told, ["begun", ["c", [c], null], ["", [], "stop"]]);
    const beside = await heard([c, d, e], { stop: ["de"], logProbs: 0, tokenIds: true }, stopped);
    assert.deepEqual(beside.told, ["begun", ["c", [c], null], ["", [d, e], "stop"]]);
    const ended = { ended: "end" };
    assert.deepEqual((await heard([c, end], { logProbs: 0 }, ended)).told, [
      ...["begun", ["c", [c], null], ["", [], "stop"]],
    ]);
    assert.deepEqual((await heard([c, end], { logProbs: 0, tokenIds: true }, ended)).told, [
      ...["begun", ["c", [c], null], ["", [end], "stop"]],
    ]);
  });

  it("is one for each choice of each prompt, in turn", () => {
    const prompts = [encode("a"), encode("b")];
    const rows = rowsOf({ ...usual, prompts, choices: 2, echoes: ["a", "b"] });
    assert.deepEqual(rows, [
      { index: 0, prompt: prompts[0], choice: 0, echo: "a" },
      { index: 1, prompt: prompts[0], choice: 1, echo: "a" },
      { index: 2, prompt: prompts[1], choice: 0, echo: "b" },
      { index: 3, prompt: prompts[1], choice: 1, echo: "b" },
    ]);
    assert.deepEqual(rowsOf({ ...usual, prompts: prompts.slice(1) }), [
      { index: 0, prompt: prompts[1], choice: 0, echo: null },
    ]);
  });
});
