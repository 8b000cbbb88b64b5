/** Where the elements of a figure lie: boxes of texts, rectangles, paths and groups, turns, and places along a path. */

import assert from "node:assert/strict";
import { JSDOM } from "jsdom";
import { boxOf, lengths, type Measured, pointAt, textBox, turned } from "../../../kernel/display/geometry.ts";

describe("the geometry of a figure", () => {
  const { window } = new JSDOM("<!doctype html><body></body>");
  const svg = window.document.body.appendChild(window.document.createElementNS("http://www.w3.org/2000/svg", "svg"));
  before(() => {
    Object.assign(window.SVGElement.prototype, {
      getBBox(this: Measured) {
        return boxOf(this);
      },
    });
  });
  after(() => window.close());

  /** The first element of some markup. */
  function element(markup: string): Measured {
    svg.innerHTML = markup;
    return svg.firstElementChild as unknown as Measured;
  }
  const rounded = (box: object): number[] => Object.values(box).map((one) => Math.round(one * 1000) / 1000 + 0);
  const box = (markup: string): number[] => rounded(boxOf(element(markup)));

  it("a text is as wide as its letters are, by kind, and stands on its baseline by its anchor", () => {
    const at = 'x="100" y="50" font-size="10"';
    const widths: [text: string, em: number][] = [
      ["il .", 1.2],
      ["mW%", 2.64],
      ["AB", 1.34],
      ["ab1\u00e9", 2.24],
      ["", 0],
    ];
    for (const [text, em] of widths) {
      const width = em * 10;
      for (const [anchor, x] of [
        ["", 100],
        ['text-anchor="start"', 100],
        ['text-anchor="middle"', 100 - width / 2],
        ['text-anchor="end"', 100 - width],
        ['style="text-anchor: end"', 100 - width],
      ] as const)
        assert.deepEqual(box(`<text ${at} ${anchor}>${text}</text>`), rounded([x, 40.5, width, 12.5]), text);
    }
    assert.deepEqual(box('<tspan font-size="10">AA</tspan>'), [0, -9.5, 13.4, 12.5]);
  });

  it("a text's size is its own, its style's first, else its parents', else 12; its lines are one below the other", () => {
    const size = (markup: string): number => textBox(element(markup).querySelector("text") ?? element(markup)).size;
    for (const [markup, wanted] of [
      ["<text>a</text>", 12],
      ['<text font-size="14px">a</text>', 14],
      ['<text font-size="14" style="font-size: 20px">a</text>', 20],
      ['<g font-size="7"><g><text>a</text></g></g>', 7],
      ['<g font-size="7"><g style="font-size: 9px"><text>a</text></g></g>', 9],
    ] as const)
      assert.equal(size(markup), wanted, markup);
    const lines = '<text font-size="10"><tspan class="line">A</tspan><tspan class="line">AAA</tspan></text>';
    assert.deepEqual(rounded(textBox(element(lines))), [20.1, 25, 10]);
  });

  it("a rectangle is as it says, and a path goes round all its corners, from the last one or from nothing", () => {
    assert.deepEqual(box('<rect x="1" y="2" width="3" height="4"/>'), [1, 2, 3, 4]);
    assert.deepEqual(box("<rect/>"), [0, 0, 0, 0]);
    for (const [d, corners] of [
      [
        "M1,2L4,6",
        [
          [1, 2],
          [4, 6],
        ],
      ],
      [
        "M1,2l3,4",
        [
          [1, 2],
          [4, 6],
        ],
      ],
      [
        "M1,2H4V6h-4v-1Z",
        [
          [1, 2],
          [4, 2],
          [4, 6],
          [0, 6],
          [0, 5],
        ],
      ],
      [
        "M1.5-2e-1 3,4",
        [
          [1.5, -0.2],
          [3, 4],
        ],
      ],
      [
        "M1,2 3",
        [
          [1, 2],
          [3, 0],
        ],
      ],
      ["", []],
    ] as const) {
      assert.deepEqual(lengths(element(`<path d="${d}"/>`)).points, corners, d);
      const [xs, ys] = [0, 1].map((axis) => corners.map((corner) => corner[axis]!)) as [number[], number[]];
      const around = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)] as const;
      const wanted =
        corners.length === 0 ? [0, 0, 0, 0] : [around[0], around[1], around[2] - around[0], around[3] - around[1]];
      assert.deepEqual(box(`<path d="${d}"/>`), rounded(wanted), d);
    }
    assert.deepEqual(lengths(element("<path/>")), { points: [], total: 0 });
  });

  it("a group goes round what it holds where that was moved or turned to, but for what is empty", () => {
    const [a, b] = [
      '<rect x="1" y="2" width="3" height="4"/>',
      '<rect x="10" y="20" width="5" height="5" transform="MOVE"/>',
    ];
    for (const [transform, wanted] of [
      ["", [1, 2, 14, 23]],
      ["translate(100,200)", [1, 2, 114, 223]],
      ["translate(-20.5 -1e1)", [-10.5, 2, 14.5, 13]],
      ["translate(100)", [1, 2, 114, 23]],
      ["scale(2)", [1, 2, 14, 23]],
    ] as const)
      assert.deepEqual(box(`<g>${a}${b.replace("MOVE", transform)}</g>`), wanted, transform);
    assert.deepEqual(box(`<g>${a}<g></g><path d=""/><rect x="50"/></g>`), [1, 2, 3, 4]);
    assert.deepEqual(box("<g></g>"), [0, 0, 0, 0]);
  });

  it("a turn by a right angle, either way, turns the box about its point; any other, or none, leaves it", () => {
    const given = { x: 10, y: 20, width: 8, height: 2 };
    for (const [transform, wanted] of [
      ["rotate(90,10,20)", [8, 20, 2, 8]], // right and down become down and left
      ["rotate(-90,10,20)", [10, 12, 2, 8]],
      ["rotate(-90 0 0)", [20, -18, 2, 8]],
      ["rotate(90, 1e1, -5)", [-17, -5, 2, 8]],
      ["rotate(45,10,20)", [10, 20, 8, 2]],
      ["translate(5,5)", [10, 20, 8, 2]],
      ["", [10, 20, 8, 2]],
    ] as const)
      assert.deepEqual(rounded(turned(element(`<g transform="${transform}"/>`), given)), wanted, transform);
  });

  it("a place along a path lies on its lines, at a corner, or at its end", () => {
    const path = element('<path d="M0,0H3V4l-3,-4l0,0"/>');
    assert.equal(lengths(path).total, 12);
    for (const [at, x, y] of [
      [0, 0, 0],
      [1.5, 1.5, 0],
      [3, 3, 0],
      [5, 3, 2],
      [7, 3, 4],
      [9.5, 1.5, 2],
      [12, 0, 0],
      [99, 0, 0],
    ] as const)
      assert.deepEqual(pointAt(path, at), { x, y }, `${at}`);
    assert.deepEqual(pointAt(element('<path d="M5,6L5,6"/>'), 0), { x: 5, y: 6 }, "of no length");
    assert.deepEqual(pointAt(element("<path/>"), 3), { x: 0, y: 0 });
  });
});
