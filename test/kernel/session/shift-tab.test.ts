/**
 * What Shift-Tab and Tab show, over the real protocol: of the library's functions the text, the defaults, and every field
 * of their options; of keys that are no identifiers what can be inserted as it is.
 */

import assert from "node:assert/strict";
import { until } from "../../waiting.ts";
import { usePeer } from "./use-peer.ts";

describe("Shift-Tab and Tab", () => {
  const kernel = usePeer();
  before(async () => {
    await kernel.peer.run('import { models, policies, rollout, SurvivalEnv, train } from "autoagent-lab";');
  });
  /** As asked with the cursor at the end of `code`; where there is no answer yet, since the compiler is only starting, again. */
  const inspect = async (code: string): Promise<string> => {
    let text = "";
    await until(async () => {
      const { content } = await kernel.peer.ask("inspect_request", { code, cursor_pos: code.length, detail_level: 0 });
      if (content.found === true) text = (content.data as { "text/plain": string })["text/plain"];
      return content.found === true;
    });
    return text;
  };

  it("offers keys that are no identifiers as they must be written", async () => {
    await kernel.peer.run(
      "const person = { name: 'a', 'weird-key': 1, 'two words': 2 }; const odd = { 'a-b': 1, 3: 2 };",
    );
    const complete = async (code: string): Promise<unknown> => {
      const { content } = await kernel.peer.ask("complete_request", { code, cursor_pos: code.length });
      return [content.matches, content.cursor_start, content.cursor_end];
    };
    assert.deepEqual(await complete("person."), [["name"], 7, 7]);
    assert.deepEqual(await complete("odd."), [["[3]", '["a-b"]'], 3, 4]);
    assert.deepEqual(await complete("person['two"), [["two words"], 8, 11]);
    assert.deepEqual(await complete("person['weird-k"), [["weird-key"], 8, 15]);
    assert.deepEqual(await complete('"it\'s"; person["two w'), [["two words"], 16, 21]);
    const mode = 'const mode: "few-shot" | "zero-shot" = "';
    assert.deepEqual(await complete(`${mode}few-s`), [["few-shot"], mode.length, mode.length + 5]);
    assert.deepEqual(((await complete('"per')) as unknown[])[0], []);
  });

  it("tells what a function is for, and lists all that it may be told, with the defaults", async () => {
    const text = await inspect("train");
    assert.match(text, /^function train: \(options: TrainOptions\)[^]*Trains a policy, one update at a time/);
    assert.match(text, /Fields of `options`:\n\n- `env: /);
    assert.match(text, /\n- `updates\?: number` Number of updates\. \*@default\* 100\n/);
    assert.match(
      text,
      /\n- `gamma\?: number` Discount in \[0, 1\]: how much [^\n]*\. \*@default\* 0 where the environment says [^\n]*0\.99\n/,
    );
    assert.match(
      await inspect("rollout"),
      /Fields of `options`:[^]*\n- `seed\?: number` Names every draw\. \*@default\* 0\n/,
    );
  });

  it("tells the same of members of policies and models, also where their options are of several types", async () => {
    const pretrained = await inspect("policies.fromPretrained");
    assert.match(pretrained, /A token policy of the model in a folder[^]*Fields of `options`:\n\n- /);
    assert.match(pretrained, /\n- `dtype\?: "fp32" \| "q8"` Numbers of the weights/);
    assert.match(await inspect("policies.editMenu"), /Makes an edit menu\.[^]*Fields of `options`:\n\n- `logits\?: /);
    const local = await inspect("models.local");
    assert.match(
      local,
      /The model at a path, or by its name, or one that is open\.[^]*- `seed\?: number` [^\n]*\*@default\* 0/,
    );
    assert.match(await inspect("models.scripted"), /Answers with the given texts, in order\./);
    assert.match(await inspect("policies.random"), /The baseline that knows nothing/);
  });

  it("tells a field that is being written, of a function, a class and a member", async () => {
    assert.equal(
      await inspect("new SurvivalEnv({ maxSteps"),
      "(property) SurvivalEnvOptions.maxSteps?: number\n\nA life is truncated after this many steps.\n\n*@default* 50",
    );
    assert.match(await inspect("train({ updates"), /TrainOptions\.updates\?: number\n\nNumber of updates\.[^]*100$/);
    assert.match(await inspect('models.local("tiny", { seed'), /\.seed\?: number\n\n[^]*\*@default\* 0$/);
  });
});
