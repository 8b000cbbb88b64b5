/** Figures that are updated in place while a cell runs, over the real protocol. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, startClient } from "../../../kernel/notebook/client.ts";

interface Seen {
  type: string;
  y: number;
  picture: unknown;
  atMs: number;
}

describe("a figure with an id", () => {
  let folder: string;
  let client: Client;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "figures-"));
    client = await startClient(folder);
  });
  after(async () => {
    await client.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(code: string): Promise<Seen[]> {
    const seen: Seen[] = [];
    await client.execute(code, ({ header, content }) => {
      if (!/display_data|execute_result/.test(header.msg_type)) return;
      const data = content.data as { [type: string]: unknown };
      const { data: traces } = data["application/vnd.plotly.v1+json"] as { data: [{ y: number[] }] };
      seen.push({ type: header.msg_type, y: traces[0].y[0]!, picture: data["text/html"], atMs: performance.now() });
    });
    return seen;
  }
  const live =
    'for (let i = 0; i <= 60; i++) {\n  plot({ data: [{ y: [i] }] }, { id: "loss" });\n  await new Promise((r) => setTimeout(r, 20));\n}\nplot({ data: [{ y: [99] }] }, { id: "loss" })';

  it("is shown once and updated in place, ten times a second at most, and ends with its last state's own picture", async () => {
    const seen = await run(live);
    assert.deepEqual([seen[0]!.type, seen[0]!.y], ["display_data", 0]);
    const updates = seen.slice(1);
    assert.ok(updates.every(({ type }) => type === "update_display_data"));
    // Of 61 states within the cell's own time: one a tenth of it, the first, the last, and the last one's picture.
    const tenths = Math.ceil((seen.at(-1)!.atMs - seen[0]!.atMs) / 100);
    assert.ok(updates.length <= tenths + 3, `${updates.length} updates in ${tenths} tenths of a second`);
    assert.ok(new Set(updates.map(({ y }) => y)).size >= 2, "some on the way, and the last");
    assert.ok(
      updates.every(({ y }, i) => i === 0 || y >= updates[i - 1]!.y),
      "never an older state",
    );
    const last = seen.at(-1)!;
    assert.equal(last.y, 99);
    assert.match(String(last.picture), /^<img/);
  });

  it("has a place again when its cell is run again, and is updated from another cell", async () => {
    const again = await run(live);
    const onTheWay = again.slice(0, -1).map(({ picture }) => picture);
    assert.deepEqual([...new Set(onTheWay)].length, 1, "a state on the way goes out with the last picture there is");
    assert.notEqual(again.at(-1)!.picture, undefined);
    assert.deepEqual([again[0]!.type, again[0]!.y, again.at(-1)!.y], ["display_data", 0, 99]);
    const other = await run('plot({ data: [{ y: [5] }] }, { id: "loss" })');
    assert.deepEqual(
      other.map(({ type, y }) => [type, y]),
      [
        ["display_data", 5],
        ["update_display_data", 5],
      ],
      "the second brings its picture",
    );
  });
});
