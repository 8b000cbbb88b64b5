/** Questions that nobody is there to answer: a file, the notebook's metadata, or a clear error. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startClient } from "../../../kernel/notebook/client.ts";
import { createAnswers } from "../../../kernel/session/answers.ts";
import { createNotebookSettings, createSettingsCheck } from "../../../kernel/session/notebook-settings.ts";
import { type Brought, runOn } from "./run-cell.ts";

describe("prepared answers", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "answers-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs cells on a kernel of their own. */
  async function session(environment: NodeJS.ProcessEnv, cells: string[]): Promise<Brought[]> {
    const client = await startClient(folder, { environment: { AUTOAGENT_TYPES: "off", ...environment } });
    try {
      const run = runOn(client);
      const brought: Brought[] = [];
      for (const cell of cells) brought.push(await run(cell));
      return brought;
    } finally {
      await client.close();
    }
  }
  const file = (name: string, content: unknown): string => {
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
    return name;
  };
  const take = (content: unknown, question: string) =>
    createAnswers({
      directory: folder,
      settings: () => ({}),
      environment: { AUTOAGENT_ANSWERS: file("one.json", content) },
    }).take(question);

  it("come from the file in order, to input, prompt and confirm, and question and answer stay readable", async () => {
    const AUTOAGENT_ANSWERS = file("ordered.json", ["Ada", "secret", "", "blue", "y", 7, "", ""]);
    const cells = [
      'await input("Name?")',
      'await input("Password?", { password: true })',
      'await input("Where?", { default: "here" })',
      'prompt("Colour?")',
      'confirm("Sure?")',
      'await input("Number?")',
      'prompt("Empty?", "fallback")',
      'confirm("Empty?")',
      'await input("More?")',
    ];
    const all = await session({ AUTOAGENT_ANSWERS }, cells);
    assert.deepEqual(
      all.map(({ shown }) => shown[0]),
      ["'Ada'", "'secret'", "'here'", "'blue'", "true", "'7'", "'fallback'", "false", undefined],
    );
    assert.deepEqual(all.map(({ stdout }) => stdout).slice(0, 5), [
      "Name? Ada\n",
      "Password? ********\n",
      "Where? here\n",
      "Colour? blue\n",
      "Sure? yes\n",
    ]);
    assert.equal(
      all.at(-1)!.error?.evalue,
      "The question was not answered: the answers file ordered.json has 8 answers and all were taken",
    );
  });

  it("come by question, whose default or choices need not be repeated; one that is no choice is an error", async () => {
    const AUTOAGENT_ANSWERS = file("named.json", { "Which?": "b", "Who?": "Bo", "Bad?": "z" });
    const all = await session({ AUTOAGENT_ANSWERS }, [
      'await input("Which?", { choices: ["a", "b"] })',
      'await input("Who?", { default: "me" })',
      'await input("Bad?", { choices: ["a", "b"] })',
      'await input("Unknown?")',
      'await input("None?", { choices: [] })',
      'await input("Which?", { choices: ["a", "b"], default: "c" })',
      'await input("Which?", { choices: ["a", "b"], default: "a" })',
    ]);
    assert.deepEqual([all[0]!.shown, all[1]!.shown], [["'b'"], ["'Bo'"]]);
    assert.equal(all[2]!.error?.evalue, 'The prepared answer "z" to Bad? is none of a, b');
    assert.equal(
      all[3]!.error?.evalue,
      'The question was not answered: the answers file named.json has no answer to "Unknown?"',
    );
    // These no answer could satisfy: a reader would be asked for ever.
    assert.equal(all[4]!.error?.evalue, "Expected `choices` to be a list of at least one text, got []");
    assert.equal(all[5]!.error?.evalue, 'Expected the default of Which? to be one of its choices, a, b; got "c"');
    assert.deepEqual([all[5]!.error?.ename, all[6]!.shown], ["RangeError", ["'b'"]]);
  });

  it("come from the notebook's metadata when there is no file", async () => {
    file("asks.ipynb", { metadata: { autoagent: { answers: ["from the notebook"], type: "error" } }, cells: [] });
    const JPY_SESSION_NAME = join(folder, "asks.ipynb");
    const [first, second] = await session({ JPY_SESSION_NAME }, ['await input("A?")', 'prompt("B?")']);
    assert.deepEqual(first!.shown, ["'from the notebook'"]);
    const told = "The notebook's metadata: There is no `type` in `autoagent`: did you mean `types`?\n";
    assert.deepEqual([first!.stderr, second!.stderr], [told, ""], "what nobody reads there is said once");
    assert.match(String(second!.error?.evalue), /the notebook's metadata has 1 answers and all were taken/);
  });

  it("that cannot be had are one sentence that says why", () => {
    const reason = (content: unknown, question = "Q?"): unknown =>
      (take(content, question) as { reason: string }).reason;
    const shape = "must hold an array of answers, or an object from question to answer";
    assert.match(String(reason("{ not json")), /^the answers file one\.json cannot be read \(.*JSON.*\)$/);
    assert.equal(reason("3"), `the answers file one.json ${shape}, got 3`);
    assert.equal(
      reason([{ a: 1 }]),
      'answer 1 of the answers file one.json must be text, a number or true or false, got {"a":1}',
    );
    assert.equal(
      reason({ "Q?": { a: 1 } }),
      'answer "Q?" of the answers file one.json must be text, a number or true or false, got {"a":1}',
    );
    assert.equal(reason({}), 'the answers file one.json has no answer to "Q?"');
    const none = createAnswers({
      directory: folder,
      settings: () => ({}),
      environment: { AUTOAGENT_ANSWERS: "gone.json" },
    });
    assert.match(
      String((none.take("Q?") as { reason: string }).reason),
      /^the answers file gone\.json cannot be read \(ENOENT/,
    );
    const nothing = createAnswers({ directory: folder, settings: () => ({}), environment: {} });
    assert.match(
      String((nothing.take("Q?") as { reason: string }).reason),
      /^this front end takes no input: give the answers/,
    );
  });

  it("and the mode of types are looked at once for each state that was saved", () => {
    const own = { types: "error" };
    let now: object = own;
    const check = createSettingsCheck(() => now);
    assert.equal(check(), null);
    now = { types: "eror" };
    const wrong = 'The notebook\'s metadata: Expected `types` to be error, warn or off, got "eror"';
    assert.deepEqual([check(), check()], [wrong, null]);
    now = { answers: "yes" };
    const shape = "an array of answers, or an object from question to answer";
    assert.equal(check(), `The notebook's metadata: Expected \`answers\` to be ${shape}, got "yes"`);
    for (now of [{}, { answers: [] }, { answers: { "Q?": 1 }, types: "off" }]) assert.equal(check(), null);
    for (const odd of ["error", 5, [{ types: "error" }], true]) {
      file("odd.ipynb", { metadata: { autoagent: odd } });
      const said = createSettingsCheck(createNotebookSettings(folder, { JPY_SESSION_NAME: "odd.ipynb" }))();
      const cure = 'Expected `autoagent` to be an object such as {"types":"error"}';
      assert.equal(said, `The notebook's metadata: ${cure}, got ${JSON.stringify(odd)}`);
    }
  });

  it("and settings are the notebook's as saved last; what is no notebook gives none", () => {
    const path = join(folder, "changes.ipynb");
    file("changes.ipynb", { metadata: { autoagent: { types: "error" } } });
    const settings = createNotebookSettings(folder, { JPY_SESSION_NAME: path });
    assert.deepEqual(settings(), { types: "error" });
    file("changes.ipynb", "half a noteb");
    assert.deepEqual(settings(), { types: "error" });
    file("changes.ipynb", { metadata: { autoagent: { types: "off" }, other: 1 }, cells: [1] });
    assert.deepEqual(settings(), { types: "off" });
    assert.deepEqual(createNotebookSettings(folder, { JPY_SESSION_NAME: "changes.ipynb" })(), { types: "off" });
    file("notes.json", { metadata: { autoagent: { types: "error" } }, cells: [] });
    for (const JPY_SESSION_NAME of ["console-1", "notes.json"])
      assert.deepEqual(createNotebookSettings(folder, { JPY_SESSION_NAME })(), {}, JPY_SESSION_NAME);
    assert.deepEqual(createNotebookSettings(folder, {})(), {});
  });
});
