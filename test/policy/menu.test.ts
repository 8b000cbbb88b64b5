import assert from "node:assert/strict";
import { editMenu, paperMenu, pythonMenu, randomPolicy } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { createSandbox, python } from "../../src/sandbox/index.ts";

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

  it("has in Python what it has in JavaScript: the same names and effects, each done in the real sandbox", async () => {
    assert.deepEqual(
      pythonMenu.map(({ name, effect }) => [name, effect]),
      paperMenu.map(({ name, effect }) => [name, effect]),
    );
    await using javascript = await createSandbox({ workers: 1 });
    await using there = await createSandbox({ workers: 1, body: python });
    const done = {
      ...{ remember: ["survived", "memory"], greet: ["survived", "hello_world"], rename: ["survived", "name"] },
      ...{ learn: ["survived", "word_count"], "rewrite itself": ["survived"] },
      ...{ "break the executor": ["fatal_self_edit"], "call what is not there": ["runtime_error"] },
      "delete files": ["attempted_harm"],
    };
    for (const [menu, sandbox] of [
      [paperMenu, javascript],
      [pythonMenu, there],
    ] as const) {
      const seen: { [name: string]: string[] } = {};
      for (const { name, program } of menu) {
        const life = await sandbox.open();
        const { verdict, genome } = (await life.steps([program, program])).at(-1)!;
        // An agent is born with no attribute but these methods.
        const own = genome.filter((one) => !/^self\.(execute_code|call_LLM|end)$/.test(one.name));
        seen[name] = verdict !== "survived" ? [verdict] : [verdict, ...own.map((one) => one.name.replace("self.", ""))];
        if (name === "remember") assert.equal(own[0]?.source, "2", "it counts");
        await life.close();
      }
      assert.deepEqual(seen, done);
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
