/**
 * The same cells here, under tslab and under Deno's kernel, as real processes; and tslab's ways of starting, in words of
 * our own, through the shim. What a peer cannot do is written down as such: the day it can, the test says so.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type CellSeen, type Peer, type PeerOptions, startPeer } from "../../../bench/kernel/peer.ts";
import { peers } from "../../../bench/kernel/peers.ts";
import { leaveOut } from "../../support.ts";
import { until } from "../../waiting.ts";

/** As a user of the package has it: built. tslab knows no exports maps, so there it is the file that the map names. */
const library = {
  ours: 'import { returns } from "autoagent-lab";',
  tslab: 'import { returns } from "../dist/src/index.js";',
  Deno: 'import { returns } from "autoagent-lab";',
};

/** Cells that every TypeScript kernel runs, and what is shown or printed at the end. */
const cells: [source: string, shown: RegExp | null][] = [
  ["const base: number = 40;\nfunction add(x: number): number { return base + x; }", null],
  ["add(2)", /42/],
  ["interface Life { steps: number }\nconst life: Life = { steps: 3 };\nconsole.log('steps', life.steps);", /steps 3/],
  ["await Promise.resolve('waited')", /waited/],
  ["class Agent { constructor(readonly name: string) {} hello() { return `I am ${this.name}`; } }", null],
  ["new Agent('Ada').hello()", /I am Ada/],
  ["enum Cause { Harm, Crash }\nCause[Cause.Crash]", /Crash/],
  ["import { join } from 'node:path';\njoin('a', 'b')", /a.b/],
];

const all = (seen: CellSeen): string => `${seen.stdout}${seen.shown.map((data) => data["text/plain"]).join("\n")}`;

describe("the same cells under three kernels", () => {
  const { ours, tslab, deno } = peers();
  before(() => {
    const built = spawnSync(process.execPath, [join(import.meta.dirname, "../../../scripts/build.mjs")]);
    assert.equal(built.status, 0, String(built.stderr));
  });
  for (const options of [ours, tslab, deno])
    describe(options.name, () => {
      let kernel: Peer;
      before(async function () {
        if ("missing" in options) leaveOut(this, options.missing);
        kernel = await startPeer(options as PeerOptions);
      });
      after(() => kernel?.close());

      it("runs cells that belong together", async () => {
        for (const [source, shown] of cells) {
          const seen = await kernel.run(source);
          // Deno may say idle before the result: what it sent later is in `seen` by then.
          assert.equal(seen.status, "ok", `${source}: ${seen.error ?? seen.stderr}`);
          if (shown === null) continue;
          await until(() => shown.test(all(seen)), 10_000);
          assert.match(all(seen), shown, source);
        }
      });

      it("shows what the library gives", async () => {
        const loaded = await kernel.run(library[options.name as keyof typeof library]);
        assert.equal(loaded.status, "ok", loaded.error ?? loaded.stderr);
        const seen = await kernel.run("returns([1, 1, 1, -1000], { gamma: 0.99 })");
        await until(() => /-967\.3289/.test(all(seen)), 10_000);
        assert.match(all(seen), /-967\.3289/);
        const plain = options.name === "tslab"; // which knows no display symbol: an object is text
        const html = seen.shown.some((data) => typeof data["text/html"] === "string");
        assert.equal(html, !plain, `HTML under ${options.name}`);
      });
    });
});

describe("a notebook written for tslab", () => {
  const getting: [source: string, type: string, content: RegExp][] = [
    ['import * as tslab from "tslab";\ntslab.display.html("<b>bold</b>");', "text/html", /<b>bold<\/b>/],
    ['tslab.display.markdown("# Title");', "text/markdown", /# Title/],
    [
      "import { display as show } from 'tslab';\nshow.svg('<svg xmlns=\"http://www.w3.org/2000/svg\"/>');",
      "image/svg+xml",
      /<svg/,
    ],
    ["tslab.display.png(new Uint8Array([137, 80, 78, 71]));", "image/png", /iVBORw==/],
    ["tslab.display.text('as it is');", "text/plain", /as it is/],
    ["tslab.display.raw('application/json', '{\"a\":1}');", "application/json", /\{"a":1\}/],
    ["const place = tslab.newDisplay();\nplace.html('<i>first</i>');", "text/html", /<i>first<\/i>/],
  ];
  const { ours, tslab } = peers();
  for (const options of [tslab, ours])
    it(`shows the same under ${options.name}`, async () => {
      const kernel = await startPeer(options);
      try {
        for (const [source, type, content] of getting) {
          const { shown, status, error, stderr } = await kernel.run(source);
          assert.equal(status, "ok", `${source}: ${error ?? stderr}`);
          assert.match(String(shown[0]?.[type]), content, source);
        }
      } finally {
        await kernel.close();
      }
    });
});
