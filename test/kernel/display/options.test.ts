/** Options as a cell misspells them: refused by name, in the words of the library's own. And what loads them, not before. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { createDisplay } from "../../../kernel/display/index.ts";

interface Globals {
  display(value: unknown, options?: object): Promise<unknown>;
  plot(figure: object, options?: object): object;
  progress(total: number, options?: object): object;
  clear(options?: object): void;
  slider(label: string, options?: object): { value: number };
  choice(label: string, of: unknown, options?: object): { value: string };
  comms: { open(target: string, data?: object, options?: object): { send(data: object, options?: object): void } };
}

describe("an option of what a cell calls", () => {
  const cell = createDisplay(() => {}).globals as unknown as Globals;
  const refused: [call: () => unknown, sentence: string][] = [
    [() => cell.display(1, { di: "a" }), "There is no `di` in the options of display: did you mean `id`?"],
    [() => cell.display(1, { id: 3 }), "Expected `id` to be a text, got 3"],
    [() => cell.plot({ data: [] }, { name: "a" }), "There is no `name` in the options of plot: there are id"],
    [() => cell.progress(3, { lable: "a" }), "There is no `lable` in the options of progress: did you mean `label`?"],
    [() => cell.clear({ Wait: true }), "There is no `Wait` in the options of clear: did you mean `wait`?"],
    [() => cell.clear({ wait: "yes" }), 'Expected `wait` to be true or false, got "yes"'],
    [() => cell.slider("r", { mxa: 3 }), "There is no `mxa` in the options of slider: did you mean `max`?"],
    [() => cell.slider("r", { min: "0" }), 'Expected `min` to be a number, got "0"'],
    [() => cell.slider("r", 3 as never), "Expected `the options of slider` to be an object of options, got 3"],
    [
      () => cell.choice("c", ["a"], { valeu: "a" }),
      "There is no `valeu` in the options of choice: did you mean `value`?",
    ],
    [() => cell.choice("c", []), "Expected the options of c to be a list of at least one text, got []"],
    [
      () => cell.comms.open("t", {}, { bufers: [] }),
      "There is no `bufers` in the options of comms.open: did you mean `buffers`?",
    ],
    [
      () => cell.comms.open("t").send({}, { buffers: ["text"] }),
      'Expected `buffers.0` to be a list of Uint8Arrays, got "text"',
    ],
  ];
  for (const [call, message] of refused)
    it(`is refused: ${message.split(/[:,]/)[0]}`, () => assert.throws(call, { name: "RangeError", message }));

  it("is taken where it is right, or where there is none", async () => {
    assert.equal(cell.slider("r", { min: 1, max: 3, value: 2 }).value, 2);
    assert.equal(cell.choice("c", ["a", "b"], {}).value, "a");
    cell.comms.open("t", {}, { buffers: [Uint8Array.of(1), Buffer.from("a")], metadata: { a: 1 } });
    cell.clear();
    await cell.display(1, { id: undefined });
  });

  it("is what loads the library of schemas: neither a kernel nor a cell's process waits for it to start", () => {
    const root = join(import.meta.dirname, "..", "..", "..");
    const loaded = `Object.keys(require.cache).some((path) => path.includes("valibot"))`;
    const script = `
      import { createRequire } from "node:module";
      const require = createRequire(import.meta.url);
      const { createDisplay } = await import("./kernel/display/index.ts");
      await import("./kernel/session/index.ts");
      const { clear, slider } = createDisplay(() => {}).globals;
      clear(); slider("a");
      const before = ${loaded};
      clear({ wait: true });
      console.log(before, ${loaded});
      process.exit();`;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: root,
      encoding: "utf8",
    });
    assert.equal(stdout, "false true\n", stderr);
  });
});
