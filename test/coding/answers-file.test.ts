/** What an evaluation of code keeps in files: all of it, in its order, by its key; nothing of somebody else's file. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KeptAnswer, type KeptScore, openAnswers, scoreKey } from "../../src/coding/answers-file.ts";

const answer = (key: string, text: string) => ({ key, text }) as unknown as KeptAnswer;
const score = (of: string, problem: string, reward: number) =>
  ({ answer: of, problem, scorer: "tests", score: { reward } }) as unknown as KeptScore;
const seconds = (part: string, time: number) => ({ part, contestant: "one", run: 0, answers: 2, seconds: time });

describe("the files of an evaluation of code", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "answers-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Keeps two of each, the second in the place of the first where the key is the same. */
  const keep = (path?: string) => {
    const file = openAnswers(path);
    for (const [key, text] of ["a1", "b2", "a3"] as const) file.addAnswer(answer(key!, text!));
    for (const [problem, reward] of [
      ["p", 0],
      ["q", 1],
      ["p", 0.5],
    ] as const)
      file.addScore(score("a", problem, reward));
    for (const time of [3, 1, 2]) file.addSeconds(seconds(`${time}`, time));
    return file;
  };
  const told = ({ answers, scores, seconds }: ReturnType<typeof openAnswers>) => ({
    answers: [...answers.values()].map(({ key, text }) => `${key}${text}`),
    scores: [...scores],
    seconds: seconds.map(({ part }) => part),
  });
  const expected = {
    answers: ["a3", "b2"],
    scores: [
      [scoreKey(score("a", "p", 0)), { reward: 0.5 }],
      [scoreKey(score("a", "q", 0)), { reward: 1 }],
    ],
    seconds: ["3", "1", "2"],
  };

  it("give back what was kept, the last of a key and seconds in their order; so does memory alone", () => {
    assert.deepEqual(told(keep()), expected);
    for (const name of ["one.jsonl", "two.json", "three"]) {
      const path = join(folder, name);
      assert.deepEqual(told(keep(path)), expected);
      assert.deepEqual(told(openAnswers(path)), expected);
    }
  });

  it("lie beside each other, named by what they hold", () => {
    keep(join(folder, "code.jsonl"));
    const heads = ["code.jsonl", "code.scores.jsonl", "code.seconds.jsonl"].map(
      (name) => readFileSync(join(folder, name), "utf8").split("\n")[0],
    );
    assert.deepEqual(
      heads,
      ["answers", "scores", "seconds"].map((kind) => `{"format":"autoagent-lab code ${kind}","version":1}`),
    );
    keep(join(folder, "other"));
    assert.match(readFileSync(join(folder, "other.seconds.jsonl"), "utf8"), /code seconds/);
  });

  it("are refused where they are something else, of another version, or damaged, and left as they are", () => {
    const path = join(folder, "code.jsonl");
    const head = '{"format":"autoagent-lab code answers","version":1}\n';
    const cases: [content: string, message: string][] = [
      ['{"a":1}\n', `${path} holds something else than the answers of code tasks: give \`file\` another path`],
      [
        head.replace("1}", "2}"),
        `The answers of code tasks in ${path} have version 2, this library reads version 1: give \`file\` another path`,
      ],
      [
        `${head}{"key":"a","text":"x"}\n{"key":"b"}\n`,
        `Line 3 of ${path} is damaged: delete that line, and it is made anew`,
      ],
      [`${head}null\n`, `Line 2 of ${path} is damaged: delete that line, and it is made anew`],
    ];
    for (const [content, message] of cases) {
      writeFileSync(path, content);
      assert.throws(() => openAnswers(path), { message });
      assert.equal(readFileSync(path, "utf8"), content);
    }
  });
});
