/** What a guest prints and what it is born with, in the real sandbox. */

import assert from "node:assert/strict";
import { live, useSandbox } from "./shared.ts";

describe("a guest", () => {
  const sandbox = useSandbox({ workers: 1 });
  const printed = async (program: string): Promise<string> => (await live(sandbox(), [program]))[0]!.output;

  it("prints values as they are: texts, sources of functions, JSON, and what cannot be read by that name", async () => {
    const cases: [expression: string, text: string][] = [
      ["'a', 1, true, null, undefined", "a 1 true null undefined"],
      ["(x) => x + 1", "(x) => x + 1"],
      ["Object.assign((x) => x, { toString: () => 'forged' })", "(x) => x"],
      ["{ a: [1, 'b'] }", '{"a":[1,"b"]}'],
      ["Object.defineProperty({}, 'a', { enumerable: true, get() { throw 1 } })", "[unreadable]"],
      ["{ toJSON: () => undefined, toString: () => 'own' }", "own"],
      ["Symbol('s'), 10n", "Symbol(s) 10"],
    ];
    for (const [expression, text] of cases) assert.equal(await printed(`console.log(${expression})`), `${text}\n`);
  });

  it("has the members that it is given, and no newborn's beside them", async () => {
    const genome = [
      { name: "self.execute_code", kind: "method", source: "function execute_code(code) { return exec(code); }" },
      { name: "self.n", kind: "attribute", source: "1" },
    ] as const;
    const program = "self.seen = [typeof self.execute_code, typeof self.call_LLM, typeof self.end, self.n].join()";
    const [report] = await live(sandbox(), [program], { genome });
    assert.deepEqual(
      report!.genome.filter(({ name }) => name !== "self.execute_code").map(({ name, source }) => [name, source]),
      [
        ["self.n", "1"],
        ["self.seen", '"function,undefined,undefined,1"'],
      ],
    );
    const [without] = await live(sandbox(), ["1"], { genome: genome.slice(1) });
    assert.equal(without!.alive, false, "nothing can run a program where no member does");
  });
});
