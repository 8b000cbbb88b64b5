/** What reading a program shows: what is in its way, the body of a function that is left, and the functions that it defines. */

import assert from "node:assert/strict";
import { readProgram } from "../../src/coding/read.ts";
import { readPrograms } from "../../src/coding/reading.ts";

/** The functions of a program with their parameters, and where a type of what they return would stand, marked by a bar. */
function shownOf(source: string): { [name: string]: string | null } {
  const { text, defines, errors } = readProgram(source);
  assert.deepEqual(errors, []);
  return Object.fromEntries(
    [...defines].map(([name, found]) => {
      if (found === null) return [name, null];
      const parameters = found.parameters.map(
        ({ start, end, isName, isBare }) =>
          text.slice(start, end) + (isName ? "" : " no name") + (isBare ? " bare" : ""),
      );
      const at = found.returnsAt;
      const returns = at === null ? "" : `${text.slice(at - 1, at)}|${text.slice(at, at + 3)}`;
      return [name, [...parameters, returns].join("; ")];
    }),
  );
}

describe("reading programs", () => {
  it("blames none of them where the process that reads them cannot be started", async () => {
    const { execPath } = process;
    process.execPath = "/no/such/program";
    const reading = readPrograms(["const a = 1;"]).finally(() => {
      process.execPath = execPath;
    });
    await assert.rejects(reading, {
      message: "The process that reads programs could not be started: spawn /no/such/program ENOENT",
    });
    assert.deepEqual(
      (await readPrograms(["const a = 1;"])).map(({ errors }) => errors),
      [[]],
    );
  });
});

describe("reading a program", () => {
  it("finds functions however they are written, and what else is defined", () => {
    const cases: [source: string, shown: ReturnType<typeof shownOf>][] = [
      ["function f(a, b) { return a; }", { f: "a; b; )| { " }],
      ["const f = (a) => { return a; };", { f: "a; )| =>" }],
      ["const f = a => { return a; };", { f: "a bare; a| =>" }],
      ["const f = a => a;", { f: "a bare; " }],
      ["const f = async a => { return a; };", { f: "a bare; " }],
      ["async function f(a) { return a; }", { f: "a; " }],
      ["function* f() { yield 1; }", { f: "" }],
      ["const f = function ({ a }, ...b) { return a; };", { f: "{ a } no name; ...b no name; )| { " }],
      ["const f = () => ({ a: 1 });", { f: "" }],
      ["let cache; var n = 1, f = () => { cache = n; };", { cache: null, n: null, f: ")| =>" }],
      ["const { a, b: [c] } = {}; class Box {}", { Box: null }],
      [
        "export function f() {}\nexport const g = 2;\nexport default function () {}\nexport { g as h };",
        { f: ")| {}", g: null },
      ],
      ["if (true) { function inner() {} }", {}],
    ];
    for (const [source, shown] of cases) assert.deepEqual(shownOf(source), shown, source);
  });

  it("takes out types and exports, and leaves JavaScript as it is", () => {
    const plain = "const f = (a) => {\n  return a; // as it was\n};\n";
    assert.equal(readProgram(plain).text, plain);
    assert.match(
      readProgram("interface A { n: number }\nconst f = (a: A): number => a.n as number;").text,
      /^const f = \(a\) => a\.n;\n$/,
    );
    assert.equal(readProgram("export const a = 1;\nexport { a as b };").text, "const a = 1;\n");
    // As a function's body it could not say so; what an inner function says of itself stays.
    const strict = '"use strict";\nfunction f() { "use strict"; return 1; }\n"use strict";';
    assert.equal(readProgram(strict).text, '\nfunction f() { "use strict"; return 1; }\n"use strict";');
  });

  it("says what is wrong and in which line: what does not parse, and what is declared twice", () => {
    for (const [source, line, message] of [
      ["const a = 1;\nconst b = (;\n", 2, /Unexpected token/],
      ["let a = 1;\n\nlet a = 2;\n", 1, /`a` has already been declared/],
    ] as const) {
      const { errors, text, defines } = readProgram(source);
      assert.equal(errors[0]!.line, line, source);
      assert.match(errors[0]!.message, message);
      assert.deepEqual([text, defines.size], [source, 0]);
    }
  });
});
