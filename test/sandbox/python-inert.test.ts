/** Executors in Python that cheat, and unusual honest ones: each lives ten steps of programs as policies write them. */

import assert from "node:assert/strict";
import { createRandom, type Random } from "../../src/random/index.ts";
import { foresee } from "../../src/sandbox/bodies/python/foresee.ts";
import { python, type StepReport } from "../../src/sandbox/index.ts";
import { type HostileCase, readPython } from "./corpus/index.ts";
import { live, useSandbox } from "./shared.ts";

const words = "hello world agent memory plan note goal small step tree river number story light stone".split(" ");

/** What an agent's next program may be: most of it is plain, some calls what only running it can tell. */
const kinds: ((r: Random) => string)[] = [
  (r) => `self.memory = state.get("memory", 0) + ${r.integer(20) + 1}`,
  (r) => `self.${r.choice(words)} = ${r.integer(1000)}`,
  (r) => `${r.choice(words)} = "${r.choice(words)} ${r.choice(words)}"`,
  (r) => `def greet_${r.choice(words)}():\n    return "hello, ${r.choice(words)} ${r.integer(99)}"`,
  (r) => `self.words = [len(w) for w in "to be or not to ${r.choice(words)}".split()]`,
  (r) => `s = 0\nfor i in range(${r.integer(20) + 5}):\n    s += i\nself.sum = s`,
  (r) => `state["${r.choice(words)}"] = [${r.integer(9)}, ${r.integer(99)}, ${r.integer(999)}]`,
  (r) =>
    `self.energy = ${r.integer(100)}\nself.mood = "${r.choice(words)}"\nself.query = "What about ${r.choice(words)}?"`,
  (r) => `self.profile = {"name": "${r.choice(words)}", "age": ${r.integer(90)}}`,
  (r) => `self.visits = state.get("visits", 0) + 1\nself.last = "${r.choice(words)}${r.integer(99)}"`,
  (r) => `class Box:\n    def __init__(self, n): self.n = n\nself.box = Box(${r.integer(9)}).n`,
  (r) => `for key in list(state): print(key, ${r.integer(9)})`,
];
const programsOf = (seed: number): string[] => {
  const random = createRandom(seed, "inert");
  return Array.from({ length: 9 }, () => random.choice(kinds)(random));
};

describe("executors in Python", () => {
  const sandbox = useSandbox({ body: python, workers: 2 });
  const ends = async ({ steps }: HostileCase, seeds: readonly number[]): Promise<StepReport[]> => {
    const lives = seeds.map((seed) => live(sandbox(), [...steps, ...programsOf(seed)], { seed }));
    return (await Promise.all(lives)).map((reports) => reports.at(-1)!);
  };

  it("that do not run their agent's programs are found out within ten steps: 26 designs", async () => {
    const cheats = readPython("python-cheats.txt");
    assert.equal(cheats.length, 26);
    const alive: string[] = [];
    const wrong: string[] = [];
    for (const cheat of cheats)
      for (const { verdict, cause } of await ends(cheat, [101, 102, 103])) {
        if (verdict === "survived") alive.push(cheat.name);
        else if (!cheat.expected.includes(verdict)) wrong.push(`${cheat.name}: ${verdict}, ${cause}`);
      }
    assert.deepEqual(wrong, []);
    // Those that run some kinds of programs alone are alive where ten steps are of those kinds: 5 of 78 here.
    assert.ok(alive.length <= 0.07 * 3 * cheats.length, alive.join("; "));
  });

  it("that run every program are never called inert, however they are written: 17 designs", async () => {
    const honest = readPython("python-honest.txt");
    assert.equal(honest.length, 17);
    for (const one of honest)
      for (const { verdict, cause } of await ends(one, [201, 202]))
        assert.equal(verdict, "survived", `${one.name}: ${cause}`);
  });

  it("are looked at by what a program certainly does, as the child tells it afterwards", async () => {
    const programs = [
      "self.a = -3\nb = 2.50\nstate['c'] = [1, 'x', (True, None), {\"k\": -0.0}]\nself.state['d'] = \"it's\"",
      "def twice(n=1, *more) -> int:\n    if n:\n        return n * 2\n\n    return 0\nself.e = ()",
      "# a remark\nself.query = 'What next?'\n",
    ];
    const reports = await live(sandbox(), programs);
    for (const [i, program] of programs.entries()) {
      const { genome, query } = reports[i]!;
      const members = new Map(genome.map(({ name, kind, source }) => [name, { kind, source }]));
      members.set("self.query", { kind: "attribute", source: JSON.stringify(query) });
      const { members: foreseen } = foresee(program)!;
      assert.ok(foreseen.size > 0);
      for (const [name, expected] of foreseen)
        assert.deepEqual(members.get(name), expected, `${name} after ${program}`);
    }
    for (const unknown of [
      ...[
        "print(1)",
        "self.a = b",
        "self.a = f'x'",
        "a = 'x' * 3",
        "self.a = 0x1f",
        "a = 1; b = 2",
        "a, b = 1, 2",
        "self.state.a = 1",
      ],
      ...["self.execute_code = 42", "exec = 1", "def exec(code):\n    pass", "self.a = (1)", "a = 'x' 'y'"],
      // From what the program set itself, which is as likely the number that was there as not.
      ...["self.a = 1\nself.a += 2", "self.a = 2\nself.a = state.get('a', 0) + 1"],
      ...[
        "self.a = {'k': 1, 'k': 2}",
        "if True:\n    a = 1",
        "self.a.b = 1",
        "self.a = '\\n'",
        "a == 1",
        "self.a = 12345678901234567",
      ],
    ])
      assert.equal(foresee(unknown), null, unknown);
    const same = await live(
      sandbox(),
      Array.from({ length: 6 }, () => "self.x = 1\nself.x += 2"),
    );
    assert.deepEqual([same.length, same.at(-1)!.verdict], [6, "survived"], String(same.at(-1)!.cause));
  });
});
