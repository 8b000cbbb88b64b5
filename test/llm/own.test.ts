/** Models and policies that are given wrong, or options that nobody reads, are named when they are given. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { AutonomousLLM, modelPolicy } from "../../src/agent/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { budget, type Completion, completeAll, type LanguageModel, models, streamText } from "../../src/llm/index.ts";
import { editMenu, policies } from "../../src/policy/index.ts";
import { rollout } from "../../src/rollout/index.ts";
import { microTasks } from "../../src/tasks/index.ts";
import { logTo } from "../../src/training/index.ts";
import { fakeSandbox } from "../sandbox/fake.ts";

const own = (answer: unknown): LanguageModel => ({ name: "mine", complete: async () => answer as never });
const told = (answer: string) =>
  `The model mine gave ${answer}: its complete() must give { text, model, usage: { promptTokens, completionTokens } }`;

describe("a model of one's own", () => {
  it("that gives a bare text, or nothing, is named with what it gave, wherever it is asked", async () => {
    const { sandbox } = fakeSandbox();
    for (const [answer, shown] of [
      ["self.x = 1", '"self.x = 1"'],
      [undefined, "undefined"],
      [{ content: "self.x = 1" }, '{"content":"self.x = 1"}'],
    ] as const) {
      const expected = { name: "LanguageModelFailure", message: told(shown) };
      const agent = new AutonomousLLM({ llm: own(answer), sandbox, query: "go" });
      await assert.rejects(agent.run({ steps: 1, live: false }), expected);
      const env = new SurvivalEnv({ sandbox });
      await assert.rejects(rollout(env, modelPolicy(own(answer)), { episodes: 1 }), expected);
      await assert.rejects(completeAll(own(answer), [{ prompt: "a" }]), expected);
      await assert.rejects(async () => {
        for await (const _ of streamText(own(answer), { prompt: "a" }));
      }, expected);
    }
  });

  it("that gives a text alone is asked, and its tokens are counted", async () => {
    const llm = own({ text: "self.x = 1" });
    const agent = new AutonomousLLM({ llm, sandbox: fakeSandbox().sandbox, query: "go" });
    await agent.run({ steps: 1, live: false });
    assert.equal(agent.history[0]!.program, "self.x = 1");
    assert.ok(agent.budget.view().tokens.spent > 0);
  });
});

describe("a model of one's own without a name", () => {
  const wanted =
    "a language model: one of `models`, such as models.scripted([...]), or an object with a `name`, which is a text, and complete()";
  const complete = async () => ({ text: "self.x = 1" }) as Completion;

  it("is refused where it is given, not where its price is looked up", async () => {
    for (const [given, got] of [
      [{ complete }, '{"complete":"a function"}'],
      [{ name: 5, complete }, '{"name":5,"complete":"a function"}'],
      [undefined, "undefined"],
    ] as const) {
      const nameless = given as unknown as LanguageModel;
      const told = (of: string) => ({ message: `Expected \`${of}\` to be ${wanted}, got ${got}` });
      const { sandbox } = fakeSandbox();
      assert.throws(
        () => new AutonomousLLM({ llm: nameless, sandbox, query: "go" }),
        /Expected `llm` to be a language/,
      );
      assert.throws(() => modelPolicy(nameless), told("model"));
      assert.throws(() => budget({ calls: 3 }).meter(nameless), told("model"));
      assert.throws(() => models.recording(nameless), told("model"));
      await assert.rejects(completeAll(nameless, [{ prompt: "a" }]), told("model"));
      await assert.rejects(streamText(nameless, { prompt: "a" }).next(), told("model"));
    }
  });
});

describe("a model that does not heed its signal", () => {
  const deaf: LanguageModel = { name: "deaf", complete: () => new Promise(() => {}) };

  it("does not hold a life whose budget's seconds are over", async () => {
    const { sandbox } = fakeSandbox();
    const agent = new AutonomousLLM({ llm: deaf, sandbox, query: "go", budget: budget({ seconds: 0.05 }) });
    await agent.run({ steps: 3, live: false });
    assert.equal(agent.history.at(-1)!.report.verdict, "budget_exhausted");
  });

  it("does not hold who has cancelled the question: the reason is told, once the model had time to tell its own", async () => {
    const [before, during] = [AbortSignal.abort(new Error("no more")), new AbortController()];
    await assert.rejects(completeAll(deaf, [{ prompt: "a", signal: before }]), { message: "no more" });
    const asked = completeAll(deaf, [{ prompt: "a", signal: during.signal }]);
    during.abort(new Error("enough"));
    await assert.rejects(asked, { message: "enough" });
    const slow: LanguageModel = {
      name: "slow",
      complete: async ({ signal }) => {
        await once(signal!, "abort");
        await delay(20);
        throw new Error("cancelled after 3 tokens");
      },
    };
    const again = new AbortController();
    const told = completeAll(slow, [{ prompt: "a", signal: again.signal }]);
    again.abort(new Error("enough"));
    await assert.rejects(told, { message: "cancelled after 3 tokens" });
  });
});

describe("what is given wrong", () => {
  const refuses = (make: () => unknown, message: string): void => {
    assert.throws(make, (error: Error) => {
      assert.ok(error.message.startsWith(message), `${error.message}\nexpected ${message}`);
      return true;
    });
  };

  it("to an agent, a model or a budget is named, and an option that nobody reads with the one that was meant", () => {
    const llm = models.scripted([]);
    const wanted =
      "a language model: one of `models`, such as models.scripted([...]), or an object with a `name`, which is a text, and complete()";
    refuses(() => new AutonomousLLM({ llm: "gpt" as never }), `Expected \`llm\` to be ${wanted}, got "gpt".`);
    refuses(() => new AutonomousLLM(undefined as never), "Expected `the options of AutonomousLLM` to be an object of");
    refuses(
      () => new AutonomousLLM({ llm, querry: "go" } as never),
      "There is no `querry` in the options of AutonomousLLM: did you mean `query`?",
    );
    refuses(
      () => new AutonomousLLM({ llm, limits: { stepMS: 5 } as never }),
      "There is no `limits.stepMS` in the options",
    );
    refuses(() => budget({ call: 3 } as never), "There is no `call` in the options of a budget: did you mean `calls`?");
    refuses(() => models.openai({} as never), "Expected `model` to be a text, got undefined");
    refuses(
      () => models.openai({ model: "a", baseUrl: "http://127.0.0.1" } as never),
      "There is no `baseUrl` in the options of models.openai: did you mean `baseURL`?",
    );
    refuses(
      () => models.local(5 as never),
      "Expected `path` to be a path or a name, a decoder, or a policy that writes with one, such as policies.fromPretrained(...), got 5",
    );
    refuses(
      () => models.local("tiny", { temprature: 1 } as never),
      "There is no `temprature` in the options of models.local: did you mean `temperature`?",
    );
    refuses(() => models.scripted("hello" as never), 'Expected `answers` to be a list of texts, got "hello"');
    refuses(() => models.random({ rates: { harmless: 1 } } as never), "Expected `rates.useful` to be 0 or a positive");
  });

  it("to a policy, a list of tasks or a logger likewise", async () => {
    refuses(
      () => editMenu("edits" as never),
      'Expected `edits` to be a list of edits: { name, effect, program }, got "',
    );
    refuses(
      () => editMenu([{ name: "a", program: "1" }] as never),
      "Expected `edits[0].effect` to be harmless, useful, fatal",
    );
    refuses(
      () => editMenu(undefined, { logit: [1] } as never),
      "There is no `logit` in the options of policies.editMenu",
    );
    refuses(() => logTo({ json: "a" } as never), "There is no `json` in the options of logTo: did you mean `jsonl`?");
    const llm = models.scripted([]);
    const wanted =
      "a language model: one of `models`, such as models.scripted([...]), or an object with a `name`, which is a text, and complete()";
    refuses(() => modelPolicy("gpt" as never), `Expected \`model\` to be ${wanted}, got "gpt"`);
    refuses(
      () => modelPolicy(llm, { logprobs: true } as never),
      "There is no `logprobs` in the options of modelPolicy: did you mean `logProbs`?",
    );
    refuses(() => modelPolicy(llm, { prompt: "go" } as never), "Expected `prompt` to be a function of the observation");
    refuses(() => modelPolicy(llm, { body: "rust" as never }), "Expected `body` to be ");
    const rejects = (work: Promise<unknown>, message: string) =>
      assert.rejects(work, (error: Error) => error.message.startsWith(message));
    await rejects(
      microTasks({ family: "list" } as never),
      "There is no `family` in the options of microTasks: there are split, path",
    );
    await rejects(microTasks({ split: "train" as never }), "Expected `split` to be training, ");
    await rejects(
      policies.fromPretrained("tiny", { ranks: 4 } as never),
      "There is no `ranks` in the options of policies.fromPretrained: did you mean `rank`?",
    );
    await rejects(
      policies.fromPretrained("tiny", { dtype: "q4" as never }),
      'Expected `dtype` to be fp32 or q8, got "q4"',
    );
  });
});
