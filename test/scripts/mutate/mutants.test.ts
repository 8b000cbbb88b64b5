/** The small changes of the mutation driver, and how it draws them. */

import assert from "node:assert/strict";
import { inRounds, orderMutants, shareOut } from "../../../scripts/mutate/draw.ts";
import { applyMutant, findMutants } from "../../../scripts/mutate/mutants.ts";

/** All texts that a source can become, by kind: `comparison: a <= b`. */
function mutations(source: string, file = "src/a/a.ts"): string[] {
  return findMutants(file, source).map((mutant) => `${mutant.kind}: ${applyMutant(source, mutant)}`);
}

describe("mutants", () => {
  it("are one small change each, of the kind that the code at that place has", () => {
    const table: [source: string, ...expected: string[]][] = [
      ["f = a < b;", "statement: ;", "comparison: f = a <= b;", "comparison: f = a > b;"],
      [
        "x = a + b * -c;",
        "statement: ;",
        "arithmetic: x = a - b * -c;",
        "arithmetic: x = a + b / -c;",
        "arithmetic: x = a + b * (c);",
      ],
      ["const x = a && b;", "logical: const x = a || b;"],
      ["const x = a ?? b;", "default: const x = (a)!;"],
      ["function f({ a = b }) {}", "default: function f({ a = undefined! }) {}"],
      ["const f = () => ({ a });", "return: const f = () => undefined!;"],
      ["const x = list.toSorted();", "method: const x = list;"],
      ["const x = list.some(f);", "method: const x = list.every(f);"],
      [
        "const x = list.toString() + list.hasOwnProperty(a);",
        "arithmetic: const x = list.toString() - list.hasOwnProperty(a);",
      ],
      ["const x = a?.b;", "optional: const x = a!.b;"],
      ["const x = a?.[b];", "optional: const x = a![b];"],
      ["await f();", "statement: ;", "await: void f();"],
      [
        "const x = [true, 1, 'a'];",
        "boolean: const x = [false, 1, 'a'];",
        "number: const x = [true, 2, 'a'];",
        "number: const x = [true, 0, 'a'];",
        'string: const x = [true, 1, ""];',
      ],
      ["if (a) throw b;", "guard: ;", "condition: if (!(a)) throw b;"],
    ];
    for (const [source, ...expected] of table) assert.deepEqual(mutations(source), expected, source);
  });

  it("leave types, imports, names, logs and the words of errors alone", () => {
    const source = [
      'import { a } from "./b.ts";',
      'type T = 1 | "x";',
      "declare const t: T;",
      'console.log(a + 1, "so");',
      'throw new RangeError("no " + "way", { cause: "this" });',
      "const o = { key: a as 1 };",
      'const same = t === "x";',
    ].join("\n");
    assert.deepEqual(
      mutations(source).map((one) => one.split(":")[0]),
      ["comparison"],
    );
    assert.deepEqual(mutations('const text = "Expected";', "src/a/error.ts"), []);
  });

  it("keep their names when the file moves around them, and have one each", () => {
    const source = "const a = b < c;\nconst d = [1, 1];\n";
    const ids = findMutants("src/a/a.ts", source).map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      findMutants("src/a/a.ts", `\n// more\n${source}`).map(({ id }) => id),
      ids,
    );
  });
});

describe("a draw", () => {
  const mutants = [
    ...findMutants("src/a/a.ts", Array.from({ length: 30 }, (_, i) => `const x${i} = a < ${i}; f${i}();`).join("\n")),
    ...findMutants("src/b/deep/b.ts", "const x = [10, 20, 30];"),
    ...findMutants("kernel/main.ts", "const x = [5];"),
  ];

  it("gives each folder its share, and a small one's rest to the others", () => {
    const folders = orderMutants(mutants, 1);
    assert.deepEqual([...folders.keys()], ["kernel", "src/a", "src/b"]);
    assert.deepEqual(Object.fromEntries(shareOut(folders, 12, 1)), { kernel: 1, "src/a": 8, "src/b": 3 });
  });

  it("takes a folder's kinds in turn, the same for a seed, others for another", () => {
    const first = (seed: number): string[] =>
      orderMutants(mutants, seed)
        .get("src/a")!
        .slice(0, 6)
        .map(({ id }) => id);
    const kinds = orderMutants(mutants, 1)
      .get("src/a")!
      .slice(0, 3)
      .map(({ kind }) => kind);
    assert.deepEqual(kinds.sort(), ["comparison", "number", "statement"]);
    assert.deepEqual(first(1), first(1));
    assert.notDeepEqual(first(1), first(2));
  });
});

describe("the order of a draw", () => {
  it("is one of each folder, then another of each, so that every part of it is even", () => {
    const [a1, a2, a3] = findMutants("src/a/a.ts", "const x = [10, 20, 30];");
    const [b1, b2] = findMutants("src/b/b.ts", "const x = [40, 50];");
    const [c1] = findMutants("kernel/c.ts", "const x = [60];");
    const rounds = inRounds([a1!, a2!, a3!, b1!, b2!, c1!], 1);
    assert.deepEqual(new Set(rounds.slice(0, 3)), new Set([a1, b1, c1]));
    assert.deepEqual(new Set(rounds.slice(3, 5)), new Set([a2, b2]));
    assert.equal(rounds[5], a3);
    const orders = [1, 2, 3, 4].map((seed) =>
      inRounds([a1!, b1!, c1!], seed)
        .map(({ file }) => file)
        .join(),
    );
    assert.ok(new Set(orders).size > 1, "the seed says which folder comes first");
  });
});
