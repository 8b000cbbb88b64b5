/** What a kernel answers of what was run: the last, a range, what fits a pattern. */

import assert from "node:assert/strict";
import { createHistory } from "../../../kernel/session/history.ts";

describe("the history of a session", () => {
  const history = createHistory();
  const sources = ["let a = 1", "a", "let b = 2", "a", "b * a"];
  for (const [i, source] of sources.entries()) history.add(i + 1, source);
  const lines = (content: object) =>
    (history.answer({ ...content }) as [number, number, unknown][]).map((one) => one[1]);

  it("tells session, line and source; the session under way is 0, as requests name it", () => {
    assert.deepEqual(history.answer({ hist_access_type: "tail", n: 2 }), [
      [0, 4, "a"],
      [0, 5, "b * a"],
    ]);
    assert.deepEqual(history.answer({ hist_access_type: "tail", n: 1, output: true }), [[0, 5, ["b * a", null]]]);
    assert.deepEqual(createHistory().answer({ hist_access_type: "tail", n: 9 }), []);
  });

  it("gives the last, as many as are asked for", () => {
    for (const [n, expected] of [
      [0, []],
      [1, [5]],
      [5, [1, 2, 3, 4, 5]],
      [7, [1, 2, 3, 4, 5]],
      [99, [1, 2, 3, 4, 5]],
      [undefined, [1, 2, 3, 4, 5]],
    ] as const)
      assert.deepEqual(lines({ hist_access_type: "tail", n }), expected, `${n}`);
  });

  it("gives a range without its end, whatever `n` is", () => {
    for (const [range, expected] of [
      [{ start: 2, stop: 4 }, [2, 3]],
      [{ start: 4 }, [4, 5]],
      [{ start: 4, stop: null }, [4, 5]],
      [{ stop: 2 }, [1]],
      [{ start: 3, stop: 3 }, []],
      [{ start: 2, stop: 5, n: 1 }, [2, 3, 4]],
      [{ session: 0, start: 4 }, [4, 5]],
      [{ session: -1, start: 4 }, []],
      [{ session: 3, start: 4 }, []],
    ] as const)
      assert.deepEqual(lines({ hist_access_type: "range", ...range }), expected, JSON.stringify(range));
  });

  it("searches by a pattern: the last that fit, the later of what was run twice where each is to be told once", () => {
    for (const [search, expected] of [
      [{ pattern: "let *" }, [1, 3]],
      [{ pattern: "a" }, [2, 4]],
      [{ pattern: "a", unique: true }, [4]],
      [{ unique: true }, [1, 3, 4, 5]],
      [{ unique: true, n: 2 }, [4, 5]],
      [{ pattern: "?" }, [2, 4]],
      [{ pattern: "*a*", n: 2 }, [4, 5]],
      [{ pattern: "b*" }, [5]],
      [{ pattern: "*" }, [1, 2, 3, 4, 5]],
      [{}, [1, 2, 3, 4, 5]],
      [{ pattern: "" }, []],
      [{ pattern: "let" }, []],
      [{ pattern: "**let**?*1" }, [1]],
    ] as const)
      assert.deepEqual(lines({ hist_access_type: "search", ...search }), expected, JSON.stringify(search));
  });
});
