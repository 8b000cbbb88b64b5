/** What TypeScript has beyond types, in cells and in a reader's own files: decorators, using, enums, namespaces. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { useKernel } from "./use-kernel.ts";

const decorated = `const seen: string[] = [];
interface Nothing { here: true }
function traced<This, A extends unknown[], R>(method: (this: This, ...a: A) => R, context: ClassMethodDecoratorContext<This, (this: This, ...a: A) => R>) {
  context.addInitializer(function () { seen.push(\`made \${String(context.name)}\`); });
  context.metadata.traced = true;
  return function (this: This, ...a: A): R { seen.push(\`called \${String(context.name)}\`); return method.apply(this, a); };
}
const double = (_: undefined, context: ClassFieldDecoratorContext) => (value: number) => { seen.push(\`\${context.kind} \${String(context.name)}\`); return value * 2; };
function floor<This>(target: ClassAccessorDecoratorTarget<This, number>, _: ClassAccessorDecoratorContext<This, number>): ClassAccessorDecoratorResult<This, number> {
  return { get() { return target.get.call(this); }, set(value) { target.set.call(this, Math.floor(value)); } };
}
function named(target: abstract new (...a: never[]) => unknown, context: ClassDecoratorContext) { seen.push(\`class \${context.name}\`); }
@named
class Agent {
  constructor(private readonly id: number) {}
  @traced act(): number { return this.id; }
  @floor accessor level = 1;
  @double age = 4;
  @double static count = 5;
  fail(): never {
    throw new RangeError("in a decorated class");
  }
}`;

describe("TypeScript's own syntax", () => {
  const kernel = useKernel({ environment: {} });
  const { run } = kernel;

  it("runs decorators of classes, methods, fields, accessors and statics, and passes their types", async () => {
    const { error, stdout } = await run(`// types: error\n${decorated}`);
    assert.deepEqual([error, stdout], [null, ""]);
    const shown = await run(
      "const agent = new Agent(7); agent.level = 2.9; [agent.act(), agent.level, agent.age, Agent.count, seen]",
    );
    assert.deepEqual(shown.error, null);
    const [values] = shown.shown;
    assert.equal(
      values?.replace(/\s+/g, " "),
      "[ 7, 2, 8, 10, [ 'class Agent', 'field count', 'made act', 'field age', 'called act' ] ]",
    );
    assert.deepEqual((await run("// types: off\nAgent[Symbol.metadata].traced")).shown, ["true"]);
  });

  it("shows the last expression of a cell with decorators, keeps its using, and may declare the class again", async () => {
    const code =
      "const order: string[] = [];\nusing held = { [Symbol.dispose]() { order.push('let go'); } };\nclass Agent { accessor x = 3; }\norder.push('end');\nnew Agent().x";
    assert.deepEqual((await run(code)).shown, ["3"]);
    assert.deepEqual((await run("order")).shown, ["[ 'end', 'let go' ]"]);
    assert.deepEqual((await run("let Agent = 1; Agent")).shown, ["1"]);
  });

  it("points at the cell's own line inside a decorated class", async () => {
    await run(decorated);
    const { error } = await run("new Agent(1).fail()");
    assert.match(
      error!.traceback.join("\n"),
      /at Agent\.fail \(cell \d+, line 21, column 11\)[^]*> 21 \| {5}throw new RangeError/,
    );
  });

  it("disposes what a cell is using, in turn and awaited, when the cell ends", async () => {
    const code =
      "const left: string[] = [];\nawait using a = { async [Symbol.asyncDispose]() { await null; left.push('a'); } };\nusing b = { [Symbol.dispose]() { left.push('b'); } };\nleft.push('end');";
    assert.equal((await run(code)).error, null);
    assert.deepEqual((await run("left")).shown, ["[ 'end', 'b', 'a' ]"]);
  });

  it("knows enums, namespaces and parameter properties", async () => {
    const code =
      "enum Colour { Red = 1, Blue = Red << 2 }\nconst enum Small { A = 'a' }\nnamespace Deep.Inner { export const x = Colour.Blue; }\nclass Point { constructor(public x: number, protected y = 2) {} }\n[Colour.Blue, Colour[1], Small.A, Deep.Inner.x, new Point(1)]";
    const { shown, error } = await run(`// types: error\n${code}`);
    assert.equal(error, null);
    assert.deepEqual(shown, ["[ 4, 'Red', 'a', 4, Point { x: 1, y: 2 } ]"]);
  });

  it("imports a reader's own file that has all of these, with errors on its own lines, and again when it changes", async () => {
    const text = (value: number): string =>
      `import type { Stats } from "node:fs";\nexport enum Mood { Calm = ${value} }\nexport namespace Box { export const open = Mood.Calm; }\nconst twice = (f: (this: Own) => number, _: ClassMethodDecoratorContext) => function (this: Own) { return 2 * f.call(this); };\nexport class Own {\n  constructor(private n: number, public stats: Stats | null = null) {}\n  accessor level = 1;\n  @twice get(): number { return this.n; }\n  fail(): never {\n    throw new TypeError("own file");\n  }\n}\n`;
    writeFileSync(join(kernel.folder, "own.ts"), text(3));
    const cell =
      "import { Box, Mood, Own } from './own.ts';\n[Mood.Calm, Box.open, new Own(4).get(), new Own(1).level]";
    assert.deepEqual((await run(cell)).shown, ["[ 3, 3, 8, 1 ]"]);
    const { error } = await run("new Own(1).fail()");
    assert.match(error!.traceback.join("\n"), /at Own\.fail \(.*own\.ts:10:11\)[^]*at cell \d+, line 1/);
    await new Promise((resolve) => setTimeout(resolve, 20));
    writeFileSync(join(kernel.folder, "own.ts"), text(5));
    assert.deepEqual((await run(cell)).shown, ["[ 5, 5, 8, 1 ]"]);
    const again = await run("new Own(1).fail()");
    assert.match(again.error!.traceback.join("\n"), /own\.ts:10:11\)/);
  });

  it("takes a file whose only oddity is an enum or a parameter property", async () => {
    writeFileSync(
      join(kernel.folder, "small.ts"),
      "export enum E { A }\nexport class P { constructor(readonly a: number) {} }\n",
    );
    assert.deepEqual((await run("import { E, P } from './small.ts'; [E[0], new P(2).a]")).shown, ["[ 'A', 2 ]"]);
  });
});

describe("a folder whose tsconfig.json asks for the older decorators", () => {
  const settings = JSON.stringify({ compilerOptions: { experimentalDecorators: true } });
  const { value } = useKernel({ files: { "tsconfig.json": settings } });

  it("has them", async () => {
    const code =
      "const log = (target: object, name: string) => { names.push(name); };\nconst names: string[] = [];\nclass Old { @log act() {} }\nnames";
    assert.equal(await value(code), "[ 'act' ]");
  });
});
