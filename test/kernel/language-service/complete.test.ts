/** Completion and inspection: the same expectations on both compilers. */

import assert from "node:assert/strict";
import type { Completion, Implementation, LanguageService } from "../../../kernel/language/index.ts";
import { withService } from "./with-service.ts";

/** Code and cursor from a text with a bar where the cursor is; the cursor in code points. */
function at(marked: string): [code: string, cursor: number] {
  const offset = marked.indexOf("|");
  return [marked.slice(0, offset) + marked.slice(offset + 1), Array.from(marked.slice(0, offset)).length];
}

function typesOf({ types }: Completion): { [text: string]: string } {
  return Object.fromEntries(types.map(({ text, type }) => [text, type]));
}

for (const implementation of ["typescript7", "typescript6"] satisfies Implementation[]) {
  describe(`completion with ${implementation}`, () => {
    it("gives the members of a value of an earlier cell, with types and signatures", () =>
      withService({ implementation }, async ({ service, run }) => {
        await run("const list = [{ id: 1 }];");
        const found = await service.complete(...at("list.ma|"));
        const [item] = found.types;
        assert.deepEqual({ ...found, types: [] }, { matches: ["map"], cursorStart: 5, cursorEnd: 7, types: [] });
        assert.equal(item!.type, "method");
        assert.match(item!.signature!, /callbackfn: \(value: \{ id: number;? \}/);
        assert.deepEqual((await service.complete(...at("list[0]!.|"))).matches, ["id"]);
        assert.deepEqual((await service.complete(...at("list\n  .|"))).matches.includes("filter"), true);
      }));

    it("puts names of earlier cells first, then globals", () =>
      withService({ implementation }, async ({ service, run }) => {
        await run(
          "const enough = 1; let energy = 2; function endAll() {} class Entry {} import { encode } from 'gpt-tokenizer';",
        );
        const found = await service.complete(...at("en|"));
        assert.deepEqual(found.matches.slice(0, 4).sort(), ["encode", "endAll", "energy", "enough"]);
        assert.equal(found.matches.includes("encodeURIComponent"), true);
        assert.equal(typesOf(found).endAll, "function");
        const all = await service.complete("", 0);
        assert.deepEqual(all.matches.slice(0, 5).sort(), ["Entry", "encode", "endAll", "energy", "enough"]);
      }));

    it("gives more earlier names than have types: those without one behind the others, the newest first", () =>
      withService({ implementation }, async ({ service, run }) => {
        const names = Array.from({ length: 60 }, (_, i) => `name_${String(i).padStart(2, "0")}`);
        await run(names.map((name) => `const ${name} = 1;`).join("\n"));
        const { matches } = await service.complete("name_", 5);
        const typed = names.slice(10);
        assert.deepEqual([...matches.slice(0, 50)].sort(), typed);
        assert.deepEqual(matches.slice(50), names.slice(0, 10).reverse());
      }));

    it("counts cursors in code points", () =>
      withService({ implementation }, async ({ service }) => {
        const found = await service.complete(...at("'😀😀'; [1].redu| // 😀"));
        assert.deepEqual(found.matches, ["reduce", "reduceRight"]);
        assert.deepEqual([found.cursorStart, found.cursorEnd], [10, 14]);
        assert.deepEqual([found.types[0]!.start, found.types[0]!.end], [10, 14]);
        const whole = await service.complete("💥.", 2);
        assert.deepEqual([whole.cursorStart, whole.cursorEnd], [2, 2]);
      }));

    it("works in code that is not finished, and with a cursor in the middle", () =>
      withService({ implementation }, async ({ service, run }) => {
        await run("const words = ['a']; const n = 3;");
        assert.deepEqual((await service.complete(...at("for (const word of words) {\n  word.trimSt|"))).matches, [
          "trimStart",
        ]);
        assert.deepEqual((await service.complete(...at("Math.max(words.len|, 2"))).matches, ["length"]);
        assert.deepEqual((await service.complete(...at("const words = [5];\nwords[0].toFi|xed()\nn"))).matches, [
          "toFixed",
        ]);
        assert.deepEqual((await service.complete(...at("const { to| } = n;"))).matches.includes("toFixed"), true);
      }));

    it("names modules and what they export", () =>
      withService(
        { implementation, files: { "helper.ts": "export const helperValue = 1;\n", "part/deep.ts": "" } },
        async ({ service }) => {
          const modules = await service.complete(...at("import x from 'gpt-tok|"));
          assert.deepEqual([modules.matches, modules.cursorStart, modules.cursorEnd], [["gpt-tokenizer"], 15, 22]);
          assert.deepEqual((await service.complete(...at("import('node:fs/pr|"))).matches, ["node:fs/promises"]);
          assert.deepEqual(
            (await service.complete(...at('import {} from "gpt-tokenizer/encoding/o200k_b|"'))).matches,
            ["gpt-tokenizer/encoding/o200k_base"],
          );
          assert.deepEqual((await service.complete(...at("import './|"))).matches, ["./helper.ts", "./part/"]);
          assert.deepEqual((await service.complete(...at("import { help| } from './helper.ts';"))).matches, [
            "helperValue",
          ]);
          const named = await service.complete(...at("import { enc| } from 'gpt-tokenizer';"));
          assert.equal(named.matches.includes("encodeChat"), true);
          assert.equal(
            (await service.complete(...at("import {} from '@types/|"))).matches.includes("@types/node"),
            true,
          );
        },
      ));

    it("knows the kernel's functions", () =>
      withService({ implementation }, async ({ service }) => {
        for (const name of ["display", "plot", "html", "md", "svg", "table", "input", "prompt", "confirm", "progress"])
          assert.equal(
            typesOf(await service.complete(name.slice(0, 3), name === "md" ? 2 : 3))[name],
            "function",
            name,
          );
      }));

    it("writes a key that is no identifier as it must be written, or leaves it out", () =>
      withService({ implementation }, async ({ service, run }) => {
        await run("const person = { name: 'a', 'weird-key': 1, 'two words': 2 }; const odd = { 'a-b': 1, 3: 2 };");
        assert.deepEqual((await service.complete(...at("person.|"))).matches, ["name"]);
        assert.deepEqual((await service.complete(...at("person['weird|']"))).matches.includes("weird-key"), true);
        const bracketed = await service.complete(...at("odd.|"));
        if (implementation === "typescript6") assert.deepEqual(bracketed.matches, []);
        else {
          assert.deepEqual([...bracketed.matches].sort(), ['["a-b"]', "[3]"]);
          assert.deepEqual([bracketed.cursorStart, bracketed.cursorEnd], [3, 4]);
        }
        const { matches } = await service.complete(...at("const p: typeof person = { | }"));
        assert.deepEqual([matches.includes("name"), matches.includes("weird-key")], [true, false]);
        assert.deepEqual((await service.complete(...at("const p: { rate?: number } = { ra| }"))).matches, ["rate"]);
      }));

    it("gives nothing where there is nothing", () =>
      withService({ implementation }, async ({ service }) => {
        assert.deepEqual((await service.complete(...at("'text te|"))).matches, []);
        assert.deepEqual((await service.complete(...at("// comm|"))).matches, []);
        assert.deepEqual((await service.complete(...at("nothing.|"))).matches, []);
        assert.deepEqual((await service.complete("a", 99)).matches.includes("Array"), false);
      }));
  });

  describe(`inspection with ${implementation}`, () => {
    const text = async ({ inspect }: LanguageService, marked: string): Promise<string> =>
      (await inspect(...at(marked))).data["text/plain"] ?? "";

    it("tells the type of a name of an earlier cell and of this one", () =>
      withService({ implementation }, async ({ service, run }) => {
        await run("const ids = new Map([['a', 1]]); let n = 1 as number | string;");
        assert.equal(await text(service, "i|ds"), "const ids: Map<string, number>");
        assert.equal(await text(service, "😀; ids|.size"), "const ids: Map<string, number>");
        assert.equal(await text(service, "|n"), "let n: string | number");
        assert.equal(await text(service, "const here = 5n; her|e"), "const here: 5n");
        assert.match(await text(service, "ids.size|"), /^\(property\) .*size: number/);
      }));

    it("shows documentation as text and as Markdown, also inside the brackets of a call", () =>
      withService({ implementation }, async ({ service, run }) => {
        await run(
          "/**\n * Doubles a **number**.\n * @param x what to double\n */\nfunction double(x: number): number { return 2 * x; }",
        );
        const { found, data } = await service.inspect(...at("double(|"), 1);
        assert.equal(found, true);
        assert.match(
          data["text/plain"]!,
          /double.*\(x: number\).*number\n\nDoubles a \*\*number\*\*\.\n\n\*@param\* x what to double$/s,
        );
        assert.match(data["text/markdown"]!, /^```typescript\n.*double.*\n```\n\nDoubles a \*\*number\*\*\./s);
        await run("/** How often. */\nlet times = 2;");
        assert.equal(await text(service, "times| = 3"), "let times: number\n\nHow often.");
        assert.match(await text(service, "display|"), /Shows a value below the cell/);
      }));

    it("tells of types, classes and what packages export", () =>
      withService({ implementation }, async ({ service, run }) => {
        await run(
          "type Pair = [number, string]; interface Point { x: number } class Box {} import { encode } from 'gpt-tokenizer';",
        );
        assert.equal(await text(service, "let p: Pai|r"), "type Pair = [number, string]");
        assert.equal(await text(service, "let p: Poin|t"), "interface Point");
        assert.equal(await text(service, "let b: Bo|x"), "class Box");
        assert.match(await text(service, "enc|ode"), /^const encode: \(lineToEncode: string/);
      }));

    it("tells of a field of an object that is written what its type says of it", () =>
      withService({ implementation }, async ({ service, run }) => {
        await run(
          "interface TrainOptions {\n  /** How far a step goes. @default 0.1 */\n  rate?: number;\n  /** Who learns. */\n  who: string;\n}\n/** Trains. */\nfunction train(options: TrainOptions): void {}\nconst group = { train };",
        );
        const rate = await text(service, "train({ ra|te: 2, who: 'a' })");
        assert.match(rate, /^\(property\) TrainOptions\.rate\??: number/);
        assert.match(rate, /How far a step goes\.\s+\*@default\* 0\.1$/);
        assert.match(
          await text(service, "train({ rate: 2, wh|o: 'a' })"),
          /TrainOptions\.who: string\n\nWho learns\.$/,
        );
        const all = await text(service, "tra|in");
        assert.match(
          all,
          /Trains\.[^]*Fields of `options`:\n\n- `rate\?: number` How far a step goes\. \*@default\* 0\.1\n- `who: string` Who learns\.$/,
        );
        assert.match(await text(service, "group.tra|in"), /^\(property\) .*train: [^]*Trains\.[^]*- `who: string`/);
      }));

    it("finds nothing in empty space, and no name that is not there", () =>
      withService({ implementation }, async ({ service }) => {
        assert.deepEqual(await service.inspect(...at("1 + | 2")), { found: false, data: {} });
        assert.deepEqual(await service.inspect("", 0), { found: false, data: {} });
        assert.equal((await service.inspect(...at("nowhere|"))).found, false);
      }));
  });
}
