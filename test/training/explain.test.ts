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
