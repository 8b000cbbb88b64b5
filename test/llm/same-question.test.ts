/** What makes a question another, and what a cancelled one gets: of each kind of model. */

import assert from "node:assert/strict";
import { type LanguageModel, models, type Prompt } from "../../src/llm/index.ts";

const messages = [
  { role: "user", content: "hello" },
  { role: "assistant", content: "hi" },
] as const;

/** Questions that differ from the first in one thing each. */
const questions: Prompt[] = [
  { prompt: "x" },
  { prompt: "y" },
  { prompt: "x", messages },
  { prompt: "x", messages: messages.slice(0, 1) },
  { prompt: "x", messages: [{ role: "assistant", content: "hello" }] },
  { prompt: "x", seed: 0 },
  { prompt: "x", ids: [1] },
  { prompt: "x", form: "plain" },
  { prompt: "x", stop: [";"] },
  { prompt: "x", temperature: 0 },
  { prompt: "x", topP: 0.5 },
];

describe("a recorded question", () => {
  it("is kept with all that makes it another, and nothing that it does not have", async () => {
    const live = models.recording(models.scripted(questions.map((_, i) => `answer ${i}`)));
    for (const question of questions) await live.complete(question);
    const kept = live.answers.map(({ completion: _, prompt, messages, seed, how }) => ({
      ...{ prompt, ...(messages && { messages }), ...(seed !== null && { seed }), ...how },
    }));
    assert.deepEqual(kept, questions);
    for (const [i, { completion, ...own }] of live.answers.entries()) {
      assert.equal(completion.text, `answer ${i}`);
      const names = ["prompt", "seed", ...(i >= 2 && i <= 4 ? ["messages"] : []), ...(i >= 6 ? ["how"] : [])];
      assert.deepEqual(Object.keys(own).sort(), names.sort(), `question ${i}`);
    }
  });

  it("gets its own answer, from answers that were written down and read, in whatever order it is asked", async () => {
    const live = models.recording(models.scripted(questions.map((_, i) => `answer ${i}`)));
    for (const question of questions) await live.complete(question);
    const replay = models.recorded(JSON.parse(JSON.stringify(live.answers)));
    for (const [i, question] of [...questions.entries()].reverse()) {
      const pieces: string[] = [];
      const { text } = await replay.complete({ ...question, onText: (piece) => pieces.push(piece) });
      assert.deepEqual([text, pieces], [`answer ${i}`, [`answer ${i}`]]);
    }
  });
});

describe("a question that was cancelled before it is asked", () => {
  it("is answered by no model: the signal's reason is told, and the answer is left for the next", async () => {
    const answers = models.recording(models.scripted(["one"]));
    await answers.complete({ prompt: "x" });
    const signal = AbortSignal.abort(new Error("no more"));
    const asked: { [name: string]: LanguageModel } = {
      random: models.random(),
      scripted: models.scripted(["one"]),
      recorded: models.recorded(answers.answers),
      recording: models.recording(models.scripted(["one"])),
    };
    for (const [name, model] of Object.entries(asked)) {
      await assert.rejects(model.complete({ prompt: "x", signal }), { message: "no more" }, name);
      const { text } = await model.complete({ prompt: "x" });
      assert.ok(name === "random" ? text.length > 0 : text === "one", name);
    }
  });
});
