/** A lineage as a figure and as text: its places, its height, its marks. */

import assert from "node:assert/strict";
import { drawTree, lineageTree, type TreeNode } from "../../src/plot/index.ts";

const nodes: TreeNode[] = [
  { id: 1, parent: null, label: "born" },
  { id: 2, parent: 1, label: "a", detail: "a\n<b>" },
  { id: 3, parent: 1, label: "b", verdict: "attempted_harm" },
  { id: 4, parent: 2, label: "c", current: true },
  { id: 5, parent: 2, label: "d", verdict: "unheard of" },
  { id: 6, parent: null, label: "another" },
];

interface Trace {
  x: (number | null)[];
  y: (number | null)[];
  text?: string[];
  customdata?: string[];
  marker?: { symbol: string[]; color: string[]; line: { width: number[] } };
}

describe("a lineage", () => {
  it("has a line a node and a column a branch: the first child goes on in its parent's", () => {
    const [edges, dots, words] = lineageTree(nodes).data as unknown as [Trace, Trace, Trace];
    assert.deepEqual(dots.x, [0, 0, 1, 0, 2, 3]);
    assert.deepEqual(dots.y, [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(edges.x, [0, 0, 0, null, 0, 1, 1, null, 0, 0, 0, null, 0, 2, 2, null]);
    assert.deepEqual(edges.y, [0, 0, 1, null, 0, 0, 2, null, 1, 1, 3, null, 1, 1, 4, null]);
    assert.deepEqual(words.text, ["born", "a", "b ✗ attempted harm", "c  ← here", "d ✗ unheard of", "another"]);
    assert.deepEqual(words.x, Array(6).fill(3.6));
  });

  it("marks what ended and where the story is, and shows details line by line, markup as text", () => {
    const { marker, customdata } = (lineageTree(nodes).data as unknown as Trace[])[1]!;
    assert.deepEqual(marker!.symbol, ["circle", "circle", "x", "circle", "x", "circle"]);
    assert.deepEqual(marker!.line.width, [0, 0, 0, 3, 0, 0]);
    assert.equal(marker!.color[4], "#888888");
    assert.equal(new Set(marker!.color).size, 3);
    assert.deepEqual(customdata!.slice(0, 2), ["born", "a<br>&lt;b>"]);
  });

  it("is as high as its nodes need, two at least, and wide enough for the words", () => {
    const of = (count: number) => {
      const chain = Array.from({ length: count }, (_, id): TreeNode => ({ id, parent: null, label: "n" }));
      const { layout } = lineageTree(chain) as unknown as {
        layout: { height: number; xaxis: { range: number[] }; yaxis: { range: number[] } };
      };
      return [layout.height, layout.xaxis.range, layout.yaxis.range];
    };
    assert.deepEqual(of(1), [132, [-0.5, 18], [0.6, -0.6]]);
    assert.deepEqual(of(2)[0], 132);
    assert.deepEqual(of(10), [340, [-0.5, 22], [9.6, -0.6]]);
  });

  it("is drawn in text: only a fork goes deeper", () => {
    assert.equal(
      drawTree(nodes),
      ["born", "├ a", "│ ├ c  ← here", "│ └ d ✗ unheard of", "└ b ✗ attempted harm", "another"].join("\n"),
    );
    const chain: TreeNode[] = [1, 2, 3].map((id) => ({ id, parent: id === 1 ? null : id - 1, label: `n${id}` }));
    assert.equal(drawTree(chain), "n1\nn2\nn3");
    assert.equal(drawTree([]), "an empty lineage");
    // A life of more steps than the stack is deep.
    const long = Array.from(
      { length: 30_000 },
      (_, id): TreeNode => ({ id, parent: id === 0 ? null : id - 1, label: "n" }),
    );
    assert.equal(drawTree(long), "n\n".repeat(30_000).trimEnd());
  });

  it("refuses a node before its parent", () => {
    assert.throws(() => lineageTree([nodes[1]!, nodes[0]!]), {
      name: "RangeError",
      message: "Expected the parent 1 of node 2 to stand before it",
    });
  });
});
