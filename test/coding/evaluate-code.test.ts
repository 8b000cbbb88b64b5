/** The five tasks, asked and scored: contestants whose figures are known, a stop in the middle, batches, and what is shown. */

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CodeElsewhere,
  type CodeEvaluation,
  type CodeTask,
  codeTasks,
  evaluateCode,
} from "../../src/coding/index.ts";
import { displaySymbol } from "../../src/display/index.ts";
import { SurvivalEnv } from "../../src/environment/index.ts";
import { sharpen } from "../../src/evaluation/index.ts";
import { completeAll, type LanguageModel, models } from "../../src/llm/index.ts";
import { openModel, randomModel } from "../../src/model/index.ts";
import { tf, tokenPolicy } from "../../src/policy/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { createSandbox, python, type Sandbox } from "../../src/sandbox/index.ts";
import { writeFolder, writingModel } from "../model/shared.ts";
import { answering, copying, knowing, problems } from "./contestants.ts";

describe("evaluateCode", () => {
  let folder: string;
  let javascript: Sandbox;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "code-"));
    writeFolder(folder, writingModel());
    javascript = await createSandbox({ workers: 2 });
  });
  after(async () => {
    await javascript.dispose();
    rmSync(folder, { recursive: true, force: true });
  });
  const share = (code: CodeEvaluation, name: string, task: CodeTask) =>
    code.results[name]!.tasks[task]!.share!.estimate;
  const shares = (code: CodeEvaluation, name: string) => codeTasks.map((task) => share(code, name, task));
  const plain = (shown: { [displaySymbol](): { [mime: string]: unknown } | Promise<unknown> }) =>
    String((shown[displaySymbol]() as { "text/plain": string })["text/plain"]);

  describe("with one that knows the references and one that copies what it is shown", () => {
    let code: CodeEvaluation;
    const told: [done: number, total: number, what: string][] = [];
    const texts: string[] = [];
    before(async () => {
      const sandboxes = { javascript };
      const scope = globalThis as { display?: (value: unknown) => Promise<unknown> };
      scope.display = async (value) => {
        const show = async (one: unknown) => void texts.push(plain(one as Parameters<typeof plain>[0]));
        await show(value);
        return { update: show };
      };
      code = await evaluateCode(
        { pretrained: copying, trained: knowing },
        { problems, samples: 2, sandboxes, writer: knowing, onProgress: (...one) => void told.push(one) },
      ).finally(() => delete scope.display);
    });

    it("says in a notebook what it is doing, also where no batch ends", async () => {
      const seen = texts.map((text) => /\((.*)\), \d+ s, about/.exec(text)?.[1] ?? text);
      for (const what of ["pretrained, sample 0", "64 of ", "the quality of what trained wrote"])
        assert.ok(
          seen.some((one) => one.startsWith(what)),
          `${what} in ${seen.join("; ")}`,
        );
      assert.match(texts.at(-1)!, /^Evaluated \d+ batches in \d+ s/);
    });

    it("tells how many programs have been run, 64 at a time, up to the last", () => {
      const run = told.filter(([, , what]) => what === "programs run");
      const total = run[0]![1];
      assert.ok(total > 64 && total < 128, `${total} programs`);
      assert.deepEqual(
        run,
        [0, 64, total].map((done) => [done, total, "programs run"]),
      );
    });

    it("gives the one all of every task", () => {
      assert.deepEqual(shares(code, "trained"), [1, 1, 1, 1, 1]);
      const { tasks } = code.results.trained!;
      assert.deepEqual(tasks["text-to-code"]!.passAt, { 1: 1, 2: 1 });
      assert.equal(tasks.completion!.details["from half a body"], 1);
      assert.deepEqual(tasks.summary!.details, { rewritten: 1, "from another's": 0, "copies of an example": 0 });
      assert.equal(tasks.repair!.verbatim, 8);
      assert.equal(tasks.repair!.share!.low.toFixed(3), "0.510", "Wilson of 4 of 4, not a bootstrap without a width");
    });

    it("gives the other nothing of repair, and counts its copies", () => {
      assert.deepEqual(shares(code, "pretrained"), [0, 0, 0, 0, 0]);
      const { repair, summary } = code.results.pretrained!.tasks;
      assert.deepEqual([repair!.details.copies, summary!.details["copies of an example"]], [1, 1]);
      assert.equal(repair!.details["words from the reference"], repair!.details["of the fault"]);
      assert.equal(repair!.verbatim, 0);
      assert.ok(repair!.details["of the fault"]! > 0.5 && repair!.details["of the fault"]! < 2);
    });

    it("looks at the quality of what each wrote itself, and of nothing that the writer did", () => {
      const programs = (name: string) => code.quality.of[name]!.programs.length;
      assert.deepEqual([programs("pretrained"), programs("trained")], [40, 40]);
      assert.equal(code.quality.of.trained!.parts.logical.good, 40);
      assert.equal(code.quality.of.pretrained!.parts.logical.good, 0);
    });

    it("says what may be said, and what must be known beside it", () => {
      assert.deepEqual(
        code.claims.map(({ task, shown, question }) => [task, shown, question]),
        codeTasks.map((task) => [task, "more", "not below"]),
      );
      assert.match(
        code.sentences[0]!,
        /^trained is not below pretrained by more than 5 points in text-to-code \(\+100\.0 points, .* \(Holm over 5 claims at 95 %, 4 families of problems; each interval is of its claim alone\)\.$/,
      );
      const text = code.sentences.join("\n");
      for (const part of [
        "1 of 4 problems are from textbooks or benchmarks, whose solutions stand in training texts; `details()` tells them apart. Answers that are the reference letter by letter: pretrained 0 of 40, trained 40 of 40.",
        "Summaries were written back into programs by the writer (knowing): given the true sentence it passes 100 %.",
        "Of pretrained, 100 % of repairs are the program as it was given and 100 % of summaries are an example's sentence.",
        "Translation is to JavaScript alone: answers in Python were not asked for, since no sandbox for Python was given.",
      ])
        assert.ok(text.includes(part), `${part}\nis not in\n${text}`);
    });

    it("shows itself as a table, panels, single answers, JSON and lines for a spreadsheet", () => {
      const [head, columns, first] = plain(code).split("\n");
      assert.match(head!, /^Programs that pass all tests, %, of 4 problems of 4 families, 2 answers each; /);
      assert.match(columns!, /contestant +text-to-code +completion +translation +repair +summary/);
      assert.match(first!, /^pretrained +0/);
      assert.match(
        plain(code.details()),
        /repair\ncontestant +pass@2, % +level 1, % +level 2, % +textbook, % +composed, %/,
      );
      assert.match(plain(code.plot()), /trained: text-to-code 1: 100 %, 2: 100 %; completion/);
      assert.equal(code.plot().data.length, 2 * 2 * codeTasks.length);
      const { answers } = code.worst("repair", { of: "pretrained", count: 3 });
      assert.deepEqual([answers.length, answers[0]!.level, answers[0]!.outcome], [3, 1, "wrong"]);
      assert.match(answers[0]!.prompt, /This JavaScript function has a fault/);
      assert.match(answers[0]!.why, /^for \[.*\] it gave .*, expected /);
      assert.match(plain(code.worst("repair")), /^trained, repair: 0 of 0 answers that fail/);
      const lines = code.csv().split("\r\n");
      assert.match(
        lines[0]!,
        /^contestant,run,problem,level,family,kind,task,exercise,sample,outcome,passed,right,tests,/,
      );
      const told = JSON.parse(JSON.stringify(code)) as { results: { trained: { cost: { answers: number } } } };
      // Text, completion twice, translation, repair and summary, of four problems, twice each.
      assert.equal(told.results.trained.cost.answers, 6 * 4 * 2);
    });
  });

  it("stopped in the middle and begun again, is equal byte for byte to one that was not stopped", async () => {
    const stop = new AbortController();
    let asked = 0;
    const slow = answering("slow", (question) => {
      if (++asked === 21) stop.abort(new Error("that will do"));
      return question.slice(-60);
    });
    const run = async (name: string, signal?: AbortSignal) => {
      const file = join(folder, `${name}.jsonl`);
      await evaluateCode(
        { slow, knowing },
        { problems, samples: 2, sandboxes: { javascript }, quality: false, file, batch: 2, ...(signal && { signal }) },
      );
      return ["", ".scores"].map((kind) => readFileSync(join(folder, `${name}${kind}.jsonl`), "utf8"));
    };
    await assert.rejects(run("stopped", stop.signal), /that will do/);
    const before = readFileSync(join(folder, "stopped.jsonl"), "utf8");
    assert.ok(before.split("\n").length > 5, "what was answered is kept");
    const resumed = await run("stopped");
    const [answers, scores] = await run("straight");
    assert.deepEqual(resumed, [answers, scores]);
    assert.ok(answers!.startsWith(before));
    const times = asked;
    await run("straight");
    assert.equal(asked, times, "nobody is asked again");
    assert.ok(existsSync(join(folder, "straight.seconds.jsonl")));
    await assert.rejects(
      evaluateCode({ slow }, { problems, file: join(folder, "straight.scores.jsonl") }),
      /straight\.scores\.jsonl holds something else than the answers of code tasks: give `file` another path/,
    );
  });

  it("asks a model on this machine in batches that change nothing, and random weights pass nothing", async () => {
    const decoder = await openModel(folder, { threads: 1 });
    const blank = await randomModel({ ...decoder.config, layers: 1 }, decoder.tokenizer, { seed: 1, threads: 1 });
    const texts = [];
    for (const batch of [1, 16]) {
      const file = join(folder, `batch-${batch}.jsonl`);
      const tasks = ["repair", "summary"] as const;
      const how = { problems: problems.slice(1, 3), file, batch, tasks, quality: false, sandboxes: { javascript } };
      const code = await evaluateCode({ random: models.local(blank), pretrained: models.local(decoder) }, how);
      assert.deepEqual(
        tasks.map((task) => share(code, "random", task)),
        [0, 0],
      );
      assert.equal(code.results.pretrained!.cost.dollars, 0);
      const lines = readFileSync(file, "utf8").trim().split("\n").slice(1);
      texts.push(
        // Whose question it was first is not compared: two may ask the writer the same.
        lines
          .map((line) => JSON.parse(line) as { key: string; text: string; tokens: number })
          .map(({ key, text, tokens }) => ({ key, text, tokens }))
          .sort((a, b) => (a.key < b.key ? -1 : 1)),
      );
    }
    assert.ok(texts[0]!.length > 8 && texts[0]!.some(({ text }) => text.length > 20));
    assert.deepEqual(texts[0], texts[1]);
    await decoder.dispose();
    await blank.dispose();
  });

  it("asks a policy through its model, its head included, and several runs of one", async () => {
    const decoder = await openModel(folder, { threads: 1 });
    const prompt = {
      ...{ name: "short", version: 1, examples: [], before: "", after: " ", separator: "", primed: "" },
      ...{ stop: [";"], maxTokens: 8 },
    };
    const open = async (seed: number) => {
      const policy = await tokenPolicy(decoder, {
        asks: ["a"],
        rank: 1,
        samples: 2,
        seed,
        maxTokens: 8,
        prompt,
        tokenSubset: [1, 2, 3],
      });
      const random = createRandom(seed, "weights");
      for (const one of policy.variables.slice(1))
        one.assign(
          tf.tensor(
            Float32Array.from({ length: one.size }, () => 3 * random.normal()),
            one.shape,
          ),
        );
      return policy;
    };
    const runs = [await open(1), await open(2)];
    // Whatever temperature it finds, it is asked as the pretrained model at that temperature is.
    const sharpened = await sharpen(runs[0]!, {
      ...{ env: new SurvivalEnv({ maxSteps: 1, sandbox: javascript }), temperatures: [0.9, 0.5], episodes: 2 },
    });
    const same = runs[0]!.pretrained({ temperature: sharpened.temperature });
    const code = await evaluateCode(
      { pretrained: runs[0]!.pretrained(), sharpened, same, trained: runs },
      {
        problems: problems.slice(0, 2),
        tasks: ["completion"],
        sandboxes: { javascript },
        quality: false,
        progress: false,
      },
    );
    const { trained, pretrained } = code.results;
    assert.equal(pretrained!.cost.steered, null);
    assert.ok(trained!.cost.steered! > 0 && trained!.cost.steered! < 1, String(trained!.cost.steered));
    assert.deepEqual(trained!.runs, { completion: [0, 0] });
    const of = (run: number, name = "trained") =>
      code.answers.filter(({ question }) => question.of.name === name && question.of.run === run);
    const texts = (name: string) => of(0, name).map(({ answer }) => answer.text);
    assert.deepEqual(texts("sharpened"), texts("same"));
    assert.notDeepEqual(texts("sharpened"), texts("pretrained"));
    assert.notDeepEqual(
      of(0).map(({ answer }) => answer.text),
      of(1).map(({ answer }) => answer.text),
    );
    assert.match(plain(code), /Each run, %: how they differ, no interval holds/);
    // One claim alone is not corrected for others.
    for (const sentence of code.sentences.filter((one) => one.includes("families of problems")))
      assert.match(sentence, / \(95 %, 2 families of problems\)\.$/);
    assert.equal(code.claims.length, 2);
    await decoder.dispose();
  });

  it("asks a model behind a server in words, with nothing of an agent before them", async () => {
    const asked: { messages: { role: string; content: string }[]; temperature: number; seed: number }[] = [];
    const server = createServer(async (request, response) => {
      let body = "";
      for await (const piece of request) body += piece;
      asked.push(JSON.parse(body));
      const { text: content, usage } = await knowing.complete({ prompt: asked.at(-1)!.messages[0]!.content });
      const { promptTokens: prompt_tokens, completionTokens: completion_tokens } = usage;
      response.setHeader("content-type", "application/json");
      const choices = [{ message: { role: "assistant", content }, finish_reason: "stop" }];
      response.end(JSON.stringify({ model: "gpt-4o-mini", choices, usage: { prompt_tokens, completion_tokens } }));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
    try {
      const served = models.openai({ model: "gpt-4o-mini", baseURL });
      const code = await evaluateCode(
        { served },
        { problems, temperature: 0.2, sandboxes: { javascript }, quality: false, reference: "served" },
      );
      assert.deepEqual(shares(code, "served"), [1, 1, 1, 1, 1]);
      assert.ok(asked.every(({ messages }) => messages.length === 1 && messages[0]!.role === "user"));
      // The writer alone takes the likeliest words.
      assert.deepEqual([...new Set(asked.map(({ temperature }) => temperature))], [0.2, 0]);
      const { cost } = code.results.served!;
      // The dated list's price: 0.15 dollars a million tokens in, 0.6 out.
      assert.ok(Math.abs(cost.dollars! - (cost.promptTokens * 0.15 + cost.tokens * 0.6) / 1e6) < 1e-12);
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });

  it("asks for translations both ways where there is a sandbox for Python", async () => {
    const sandboxes = { javascript, python: await createSandbox({ body: python, workers: 1 }) };
    try {
      const code = await evaluateCode(
        { knowing, copying },
        { problems: problems.slice(0, 2), tasks: ["translation"], sandboxes, quality: false },
      );
      const both = (name: string) => code.results[name]!.tasks.translation!;
      assert.deepEqual([both("knowing").share!.estimate, both("knowing").details["to Python"]], [1, 1]);
      assert.deepEqual([both("copying").share!.estimate, both("copying").details["to Python"]], [0, 0]);
      assert.ok(!code.sentences.some((sentence) => sentence.includes("no sandbox for Python")));
    } finally {
      await sandboxes.python.dispose();
    }
  });

  it("tells of each answer that the sandbox failed on, of one model under two names as of two", async () => {
    const model = { ...knowing, fingerprint: async () => "one" };
    const fault = { outcome: "sandbox_fault" as const, passed: false, parses: true, tests: 1, right: 0, failed: null };
    const on: CodeElsewhere = {
      async admit() {},
      async *answer(one, parts) {
        for (const prompts of parts) yield { answers: await completeAll(one as LanguageModel, prompts), seconds: 0 };
      },
      async *score(parts) {
        for (const answers of parts) yield answers.map(() => ({ ...fault, cause: "it fell over", effects: [] }));
      },
    };
    const options = { problems, tasks: ["text-to-code" as const], on, quality: false, progress: false };
    const code = await evaluateCode({ one: model, same: model }, options);
    assert.deepEqual(
      code.answers.map(({ score }) => score?.outcome),
      Array.from({ length: 2 * problems.length }, () => "sandbox_fault"),
    );
    const told = `${2 * problems.length} answers could not be run, by a fault of the sandbox, and are left out: `;
    assert.ok(
      code.sentences.some((sentence) => sentence.startsWith(told)),
      code.sentences.join("\n"),
    );
    const { share, passAt, outcomes } = code.results.one!.tasks["text-to-code"]!;
    assert.deepEqual([share, passAt, outcomes], [null, {}, { sandbox_fault: problems.length }]);
    assert.deepEqual(code.claims, []);
    assert.match(plain(code), /\none\nsame\n/, "no figure is made of what was not run");
    assert.throws(() => code.worst("repair"), {
      message: 'Expected `task` to be text-to-code, got "repair"',
    });
    assert.throws(() => code.worst("text-to-code", { of: "sme" }), {
      message: 'Expected `of` to be one or same, got "sme"',
    });
  });

  it("names what is given wrong", async () => {
    const fails = (contestants: object, options: object, message: string | RegExp) =>
      assert.rejects(evaluateCode(contestants as never, options as never), { message });
    await fails({}, { problems }, "Expected at least one contestant, by name: evaluateCode({ pretrained, trained })");
    await fails(
      { a: 5 },
      { problems },
      /^Expected "a" to be a language model \(one of `models`, or an object with a `name`, which is a text, and complete\(\)\), or a policy/,
    );
    await fails({ a: { complete: knowing.complete } }, { problems }, /, got \{"complete":"a function"\}$/);
    await fails(
      { a: knowing },
      { problems: [] },
      "Expected `problems` to be a list of at least one problem, such as codeProblems() gives, got []",
    );
    await fails(
      { a: knowing },
      { problems, samles: 2 },
      "There is no `samles` in the options of evaluateCode: did you mean `samples`?",
    );
    await fails({ a: knowing, b: knowing }, { problems, control: "c" }, 'Expected `control` to be a or b, got "c"');
  });
});
