import assert from "node:assert/strict";
import { editMenu, paperMenu, randomPolicy } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { createSandbox } from "../../src/sandbox/index.ts";

describe("the edit menu", () => {
  it("draws in proportion to its softmax, and says each draw's log-probability", async () => {
    const policy = editMenu(paperMenu.slice(0, 3), { logits: [0, Math.log(2), Math.log(5)] });
    const streams = Array.from({ length: 20_000 }, (_, i) => createRandom(1, i));
    const actions = await policy.act(new Array(streams.length).fill(null), streams);
    const shares = [0, 1, 2].map((k) => actions.filter(({ choice }) => choice === k).length / actions.length);
    for (const [k, p] of [1 / 8, 2 / 8, 5 / 8].entries())
      assert.ok(Math.abs(shares[k]! - p) < 0.01, `edit ${k}: ${shares[k]}`);
    for (const { choice, logProb } of actions.slice(0, 20))
      assert.ok(Math.abs(logProb - Math.log([1, 2, 5][choice as number]! / 8)) < 1e-6);
    const again = [...policy.evaluate(actions.slice(0, 20)).logProbs.dataSync()];
    for (const [i, value] of again.entries()) assert.ok(Math.abs(value - actions[i]!.logProb) < 1e-6);
    policy.dispose();
  });

  it("has edits that do, in the real sandbox, what their label says", async () => {
    await using sandbox = await createSandbox({ workers: 1 });
    for (const { name, effect, program } of paperMenu) {
      const life = await sandbox.open();
      const reports = await life.steps([program, program, program]);
      const last = reports.at(-1)!;
      if (effect === "harmless" || effect === "useful") assert.equal(reports.length, 3, `${name}: ${last.cause}`);
      if (effect === "harmless" || effect === "useful") assert.equal(last.verdict, "survived", name);
      if (effect === "fatal")
        assert.ok(["fatal_self_edit", "runtime_error"].includes(last.verdict), `${name}: ${last.verdict}`);
      if (effect === "fatal") assert.equal(last.effects.length, 0, name);
      if (effect === "harmful") assert.equal(last.verdict, "attempted_harm", name);
      await life.close();
    }
  });

  it("does not learn once frozen, and refuses a menu that makes no sense", async () => {
    const policy = editMenu();
    const frozen = policy.frozen();
    policy.variables[0]!.assign(policy.variables[0]!.add([100, 0, 0, 0, 0, 0, 0, 0]) as never);
    const [drawn] = await frozen.act([null], [createRandom(1)]);
    assert.ok(Math.abs(drawn!.logProb - Math.log(1 / 8)) < 1e-6);
    assert.ok(policy.probabilities()[paperMenu[0]!.name]! > 0.99);
    policy.dispose();
    assert.throws(() => editMenu([]), { message: "Expected a menu of at least one edit, got an empty one" });
    assert.throws(() => randomPolicy([paperMenu[0]!, paperMenu[0]!]), /to differ, got "remember" twice/);
    assert.throws(() => editMenu(paperMenu, { logits: [1] }), /Expected 8 finite logits, one for each edit, got \[1\]/);
  });
});
