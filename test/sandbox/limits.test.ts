/** The limits of a program at their edges, and the birth of a life from a genome, in the real sandbox. */

import assert from "node:assert/strict";
import { newbornGenome } from "../../src/sandbox/bodies/javascript/newborn.ts";
import { live, useSandbox } from "./shared.ts";

describe("a life that begins from a genome", () => {
  const sandbox = useSandbox({ workers: 1 });

  it("is judged the same by its birth, whether its steps come one by one or many at once", async () => {
    const born = (source: string) => ({
      genome: [...newbornGenome, { name: "self.x", kind: "method" as const, source }],
    });
    for (const [options, verdict] of [
      [born("(process.exit(1), function x() {})"), "attempted_harm"],
      [born("(function () { for (;;); })()"), "timeout"],
      [born("function x() {}"), "survived"],
    ] as const) {
      const many = await live(sandbox(), ["self.n = 1", "self.n = 2"], options);
      const life = await sandbox().open(options);
      const one = await life.step("self.n = 1");
      await life.close();
      assert.deepEqual([many[0]!.verdict, many[0]!.cause], [one.verdict, one.cause]);
      assert.deepEqual([one.verdict, many.length], [verdict, verdict === "survived" ? 2 : 1]);
    }
  });
});

describe("limits of a program", () => {
  const sandbox = useSandbox({ workers: 1 });

  it("are kept at their edge: as many bytes as are allowed run, one more does not", async () => {
    const limits = { sourceBytes: 256 };
    const program = (bytes: number, last = "1") => `self.n = ${last}`.padStart(bytes);
    const [whole] = await live(sandbox(), [program(256)], { limits });
    assert.equal(whole!.verdict, "survived", whole!.cause);
    const [long] = await live(sandbox(), [program(257)], { limits });
    assert.equal(long!.cause, "the program has 257 bytes, more than the 256 that are run");
    const [wide] = await live(sandbox(), [program(256, "'é'")], { limits });
    assert.equal(wide!.cause, "the program has 257 bytes, more than the 256 that are run", "bytes, not characters");
    const together = await live(sandbox(), [program(256), program(256), program(257), "never"], { limits });
    assert.deepEqual(
      together.map(({ verdict }) => verdict),
      ["survived", "survived", "syntax_error"],
    );
  });

  it("cut what is printed at their edge", async () => {
    const [ten, eleven] = await live(sandbox(), ["console.log('123456789')", "console.log('1234567890')"], {
      limits: { outputBytes: 10 },
    });
    assert.equal(ten!.output, "123456789\n");
    assert.equal(eleven!.output.slice(0, 10), "1234567890");
    assert.ok(!eleven!.output.includes("\n"));
  });

  it("say whether a step changed the agent, and not whether it assigned", async () => {
    const programs = [
      "self.a = 1",
      "self.a = self.a",
      "self.a = 1; let b = 2",
      "b = 2",
      "self.a = 3; self.a = 1",
      "delete self.a",
    ];
    const reports = await live(sandbox(), programs);
    assert.deepEqual(
      reports.map(({ changed }) => changed),
      [true, false, true, false, false, true],
    );
    const order = await live(sandbox(), ["self.x = 1; self.y = 2", "delete self.x; self.x = 1"]);
    assert.deepEqual(
      order.map(({ changed }) => changed),
      [true, false],
      "members have no order",
    );
  });
});
