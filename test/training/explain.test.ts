import assert from "node:assert/strict";
import { displaySymbol } from "../../src/display/index.ts";
import { editMenu, tf } from "../../src/policy/index.ts";
import { explainUpdate, train, type Update } from "../../src/training/index.ts";
import { menu, nameEnv } from "./fixtures.ts";

async function oneUpdate(logits: number[]): Promise<Update> {
  const policy = editMenu(menu, { logits });
  const updates: Update[] = [];
  for await (const update of train({ env: nameEnv(), policy, updates: 1, episodes: 8, seed: 5 })) updates.push(update);
  policy.dispose();
  return updates[0]!;
}

describe("explainUpdate", () => {
  it("tells the gradient that TF.js finds on each logit", async () => {
    const logits = [0.4, -0.3, 0.1];
    const update = await oneUpdate(logits);
    const policy = editMenu(menu, { logits });
    const actions = update.episodes.flatMap(({ steps }) =>
      steps.map(({ program, action }) => ({ ...action, program })),
    );
    const { grads } = tf.variableGrads(
      () => tf.mean(tf.mul(policy.evaluate(actions).logProbs, update.advantages.flat())) as tf.Scalar,
    );
    const exact = [...Object.values(grads)[0]!.dataSync()];
    policy.dispose();
    const pushes = explainUpdate(update);
    assert.ok(pushes.length >= 2);
    for (const { action, push } of pushes) {
      const expected = exact[menu.findIndex(({ name }) => name === action)]!;
      assert.ok(Math.abs(push - expected) < 1e-5, `${action}: ${push}, by TF.js ${expected}`);
    }
  });

  it("weighs each action against what the others earned, and says so in words, the largest push first", () => {
    /** A life of these actions: name, probability, advantage. It may end the life. */
    const life = (ended: boolean, ...steps: [label: string, probability: number, advantage: number][]) => ({
      episode: {
        terminated: ended,
        steps: steps.map(([label, probability]) => ({ action: { label, logProb: Math.log(probability) } })),
      },
      advantages: steps.map(([, , advantage]) => advantage),
    });
    const explained = (...lives: ReturnType<typeof life>[]) =>
      explainUpdate({
        update: 3,
        episodes: lives.map(({ episode }) => episode) as never,
        advantages: lives.map(({ advantages }) => advantages),
      });
    const pushes = explained(life(true, ["a", 0.5, 1], ["b", 0.25, -1]), life(false, ["a", 0.5, 3], ["c", 0.25, 1]));
    // Four steps that earned 4 in all: a (4 - 0.5 * 4) / 4, b (-1 - 0.25 * 4) / 4, c (1 - 0.25 * 4) / 4.
    assert.deepEqual(
      pushes.map(({ action, drawn, advantage, push, why }) => [action, drawn, advantage, push, why]),
      [
        ["a", 2, 2, 0.5, "no life ended on it; its steps went better than the baseline"],
        ["b", 1, -1, -0.5, "it ended every life that drew it; its steps went worse than the baseline"],
        ["c", 1, 1, 0, "no life ended on it; nothing in this batch speaks for or against it"],
      ],
    );
    const [caption, , a, b, c] = String(pushes[displaySymbol]()["text/plain"]).split("\n");
    assert.equal(caption, "Update 3: 2 episodes, 4 steps, mean advantage +1.0000");
    assert.match(a!, /a +2 +\+2\.0000 +up \+0\.5000 /);
    assert.match(b!, /b +1 +-1\.0000 +down -0\.5000 /);
    assert.match(c!, /c +1 +\+1\.0000 +not at all 0\.0000 /);
    const others = explained(
      life(true, ["x", 0.5, 1], ["y", 0.25, 5]),
      life(true, ["x", 0.5, 0.5], ["x", 0.5, -1]),
      life(true, ["z", 0.5, -1], ["u", 0.5, -9]),
    );
    assert.deepEqual(
      others.map(({ action, why }) => `${action}: ${why}`),
      [
        "u: it ended every life that drew it; its steps went worse than the baseline",
        "y: it ended every life that drew it; its steps went better than the baseline",
        "x: it ended a life 1 of the 3 times it was drawn; its steps went better than the baseline",
        "z: no life ended on it; others did worse in these 6 steps",
      ],
    );
    const [better] = explained(life(false, ["x", 0.9, 1], ["y", 0.5, 9])).filter(({ action }) => action === "x");
    assert.equal(better!.why, "no life ended on it; others did better in these 2 steps");
  });

  it("shows the twenty largest pushes, and says of how many", () => {
    const many = (count: number) =>
      explainUpdate({
        update: 0,
        episodes: [
          {
            terminated: false,
            steps: Array.from({ length: count }, (_, i) => ({ action: { label: `${i}`, logProb: -9 } })),
          },
        ] as never,
        advantages: [Array.from({ length: count }, (_, i) => i + 1)],
      });
    const lines = (count: number) => String(many(count)[displaySymbol]()["text/plain"]).split("\n");
    assert.deepEqual([many(21).length, lines(21).length], [21, 22]);
    assert.match(lines(21)[0]!, /mean advantage \+11\.0000; the 20 largest of 21 pushes$/);
    assert.deepEqual([lines(20).length, lines(20)[0]!.includes("largest")], [22, false]);
    assert.equal(many(21)[0]!.action, "20");
  });

  it("says why: harm ended every life that drew it and is pushed down, good is pushed up", async () => {
    const update = await oneUpdate([1, 0, 0]);
    const pushes = explainUpdate(update);
    const of = (name: string) => pushes.find(({ action }) => action === name)!;
    assert.ok(of("harm").push < 0 && of("good").push > 0);
    assert.equal(of("harm").why, "it ended every life that drew it; its steps went worse than the baseline");
    assert.match(of("good").why, /^no life ended on it; /);
    assert.equal(of("harm").drawn, update.episodes.filter(({ return: total }) => total < -500).length);
    const text = String(pushes[displaySymbol]()["text/plain"]);
    assert.match(text, /^Update 0: 8 episodes, \d+ steps/);
    assert.match(text, /harm +\d+ +-\d\.\d{4} +down -\d\.\d{4}/);
  });
});
