/** Controls as a cell uses them and as a front end moves them, without a front end. */

import assert from "node:assert/strict";
import { inspect } from "node:util";
import { createDisplay, type MimeBundle, type OutMessage } from "../../../kernel/display/index.ts";

interface Control<T> {
  value: T;
  readonly label: string;
  onChange(callback: (value: T) => unknown): () => void;
}
interface Globals {
  slider(label: string, options?: object): Control<number>;
  choice(label: string, options: string[], more?: object): Control<string>;
  button(label: string, onPress?: (presses: number) => unknown): Control<number>;
  readout(controls: Control<never>[], compute: (...values: never[]) => unknown): Promise<void>;
}

const type = "application/vnd.autoagent.control+json";
const bundleOf = (value: object): MimeBundle =>
  (value as { [symbol: symbol]: () => MimeBundle })[Symbol.for("Jupyter.display")]!();
const lookOf = (value: object) => bundleOf(value)[type] as { id: string; [key: string]: unknown };
const turns = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
};

function start() {
  const sent: OutMessage[] = [];
  const display = createDisplay((message) => sent.push(message));
  const receive = (message: string, comm_id: string, more: object) =>
    display.receive({ message, content: { comm_id, ...more }, metadata: {}, buffers: [] });
  return {
    sent,
    screen: display,
    ...(display.globals as unknown as Globals),
    /** A front end opens a view of a control. */
    receive,
    open: (comm: string, id: unknown) => receive("comm_open", comm, { target_name: "autoagent.control", data: { id } }),
    move: (comm: string, value: unknown) => receive("comm_msg", comm, { data: { value } }),
    close: (comm: string) => receive("comm_close", comm, { data: {} }),
    /** What was sent since the last time this was asked: type, comm, data. */
    news: () =>
      sent.splice(0).map(({ type, content }) => {
        const { comm_id, data } = content as { comm_id: string; data: object };
        return [type, comm_id, data];
      }),
    texts: () =>
      sent.splice(0).map(({ type, content }) => `${type} ${(content as { data: MimeBundle }).data["text/plain"]}`),
  };
}

describe("controls", () => {
  it("a slider goes from 0 to 1 in hundredths and stands in the middle, where nothing else is said", () => {
    const { slider } = start();
    const look = (options?: object) => {
      const { id, ...rest } = lookOf(slider("rate", options));
      assert.match(id, /^[0-9a-f-]{36}$/);
      return rest;
    };
    const common = { kind: "slider", label: "rate" };
    assert.deepEqual(look(), { ...common, min: 0, max: 1, step: 0.01, value: 0.5 });
    assert.deepEqual(look({ min: -10, max: 30 }), { ...common, min: -10, max: 30, step: 0.4, value: 10 });
    const own = { min: 1, max: 5, step: 2, value: 5 };
    assert.deepEqual(look(own), { ...common, ...own });
    assert.equal(look({ value: 0 }).value, 0);
    assert.equal(look({ value: 1 }).value, 1);
  });

  it("a control is one line where it is not drawn, escaped, with the value of the moment", () => {
    const { slider, choice, button } = start();
    const cases: [control: Control<never>, text: string][] = [
      [slider("r < 1") as Control<never>, "r < 1: 0.5 (0 to 1)"],
      [choice("policy", ["word", "token"]) as Control<never>, "policy: word (word, token)"],
      [choice("policy", ["word", "token"], { value: "token" }) as Control<never>, "policy: token (word, token)"],
      [button("Again") as Control<never>, "[Again]"],
    ];
    for (const [control, text] of cases) {
      const bundle = bundleOf(control);
      assert.deepEqual([bundle["text/plain"], inspect(control)], [text, text]);
      assert.equal(bundle["text/html"], `<span>${text.replace("<", "&#60;")}</span>`);
      assert.equal(control.label, lookOf(control).label);
    }
    const moved = slider("r");
    moved.value = 0.25;
    assert.deepEqual(
      [moved.value, bundleOf(moved)["text/plain"], lookOf(moved).value],
      [0.25, "r: 0.25 (0 to 1)", 0.25],
    );
    assert.deepEqual(lookOf(choice("c", ["a", "b"])).options, ["a", "b"]);
  });

  it("what a control cannot be is refused, and what it was stays", () => {
    const { slider, choice } = start();
    const range = (message: string) => ({ name: "RangeError", message });
    for (const [min, max] of [
      [1, 1],
      [2, 1],
      [0, Number.POSITIVE_INFINITY],
      [Number.NaN, 1],
    ] as const)
      assert.throws(
        () => slider("r", { min, max }),
        range(`Expected the slider's min to be below its max, got ${min} and ${max}`),
      );
    for (const step of [0, -1, Number.NaN])
      assert.throws(() => slider("r", { step }), range(`Expected the slider's step to be above 0, got ${step}`));
    const one = slider("r", { min: 1, max: 2 });
    for (const value of [0.99, 2.01, Number.NaN, "1.5", undefined]) {
      const told = range(`Expected a number from 1 to 2 for r, got ${inspect(value)}`);
      assert.throws(() => {
        one.value = value as number;
      }, told);
      if (value !== undefined) assert.throws(() => slider("r", { min: 1, max: 2, value }), told);
    }
    for (const edge of [1, 2]) {
      one.value = edge;
      assert.equal(one.value, edge);
    }
    const two = choice("c", ["a", "b"]);
    assert.throws(() => {
      two.value = "d";
    }, range("Expected one of a, b for c, got 'd'"));
    assert.throws(() => choice("c", []), range("Expected the options of c to be a list of at least one text, got []"));
    assert.equal(two.value, "a");
  });

  it("views and code see each move: a view is told the value when it opens, and not of its own move", async () => {
    const { slider, open, move, close, news } = start();
    const rate = slider("rate");
    const seen: number[] = [];
    const end = rate.onChange((value) => seen.push(value));
    await open("one", lookOf(rate).id);
    await open("two", lookOf(rate).id);
    assert.deepEqual(news(), [
      ["comm_msg", "one", { value: 0.5 }],
      ["comm_msg", "two", { value: 0.5 }],
    ]);
    await move("one", 0.75);
    assert.deepEqual([rate.value, news()], [0.75, [["comm_msg", "two", { value: 0.75 }]]]);
    rate.value = 0.1;
    assert.deepEqual(news(), [
      ["comm_msg", "one", { value: 0.1 }],
      ["comm_msg", "two", { value: 0.1 }],
    ]);
    await close("two");
    await assert.rejects(move("one", 7), { message: "Expected a number from 0 to 1 for rate, got 7" });
    end();
    rate.value = 0.2;
    assert.deepEqual([seen, news()], [[0.75, 0.1], [["comm_msg", "one", { value: 0.2 }]]]);
  });

  it("a view that sends no data is one of nothing, and moves nothing", async () => {
    const { slider, receive, open, news } = start();
    await receive("comm_open", "one", { target_name: "autoagent.control", data: null });
    assert.deepEqual(news(), [["comm_close", "one", {}]]);
    const rate = slider("rate");
    await open("two", lookOf(rate).id);
    for (const data of [null, undefined, 7, {}])
      await assert.rejects(receive("comm_msg", "two", { data }), {
        message: "Expected a number from 0 to 1 for rate, got undefined",
      });
    assert.equal(rate.value, 0.5);
  });

  it("a view of a control that is not there is closed", async () => {
    const { open, news } = start();
    await open("one", "of an earlier process");
    assert.deepEqual(news(), [["comm_close", "one", {}]]);
    await open("two", undefined);
    assert.deepEqual(news(), [["comm_close", "two", {}]]);
  });

  it("a button counts its presses, whatever the view sends, and calls with the count", async () => {
    const { button, open, move } = start();
    const seen: number[] = [];
    const again = button("Again", (presses) => seen.push(presses));
    assert.deepEqual([again.value, lookOf(again).kind], [0, "button"]);
    await open("one", lookOf(again).id);
    await move("one", null);
    await move("one", 40);
    assert.deepEqual([again.value, seen], [2, [1, 2]]);
    again.value = 9; // code presses it as a view does
    assert.deepEqual([again.value, seen], [3, [1, 2, 3]]);
  });

  it("a readout shows its controls, then what is computed, and anew with each move: never two at a time, the latest at last", async () => {
    const { slider, choice, readout, texts, screen } = start();
    const [rate, policy] = [slider("rate"), choice("policy", ["word", "token"])];
    let running = 0;
    let most = 0;
    let computed = 0;
    await readout([rate, policy] as unknown as Control<never>[], async (...values: unknown[]) => {
      most = Math.max(most, ++running);
      computed++;
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return values.join(" ");
    });
    assert.deepEqual(texts(), [
      "display_data rate: 0.5 (0 to 1)",
      "display_data policy: word (word, token)",
      "display_data '0.5 word'",
    ]);
    for (let i = 1; i <= 50; i++) rate.value = i / 100 + 0.4;
    policy.value = "token";
    await turns();
    screen.settle();
    assert.equal(texts().at(-1), "update_display_data '0.9 token'");
    assert.equal(most, 1);
    assert.ok(computed <= 4, `${computed} times for 51 moves`);
    // Each later move is followed as well, also after one whose computation failed.
    rate.value = 0;
    await turns();
    screen.settle();
    assert.equal(texts().at(-1), "update_display_data '0 token'");
  });

  it("a computation that fails once is tried again with the next move", async () => {
    const { slider, readout, open, move, texts, screen } = start();
    const rate = slider("rate");
    await readout([rate] as unknown as Control<never>[], (value: number) => {
      if (value === 1) throw new Error("too fast");
      return value;
    });
    await open("one", lookOf(rate).id);
    await assert.rejects(move("one", 1), { message: "too fast" });
    texts();
    await move("one", 0.25);
    screen.settle();
    assert.equal(texts().at(-1), "update_display_data 0.25");
  });

  it("a move during a computation is followed: the first one, and one that fails", async () => {
    const { slider, readout, texts, screen } = start();
    const rate = slider("rate");
    const given: number[] = [];
    const done: (() => void)[] = [];
    const shown = readout([rate] as unknown as Control<never>[], async (value: number) => {
      given.push(value);
      await new Promise<void>((resolve) => done.push(resolve));
      if (value === 0.3) throw new Error("slow and wrong");
      return value;
    });
    await turns();
    for (const [i, value] of [0.3, 0.2].entries()) {
      rate.value = value;
      done[i]!();
      await turns();
    }
    done[2]!();
    await shown;
    screen.settle();
    assert.deepEqual(given, [0.5, 0.3, 0.2]);
    assert.deepEqual(texts(), ["display_data rate: 0.5 (0 to 1)", "display_data 0.5", "update_display_data 0.2"]);
  });

  it("a readout of what is no list of controls, or without a function, is refused and shows nothing", async () => {
    const { slider, readout, texts } = start();
    const rate = slider("rate") as never;
    for (const given of [[rate, () => 1], [[5], () => 1], [[null], () => 1], [[rate]]] as unknown as [never, never][])
      await assert.rejects(readout(...given), {
        name: "TypeError",
        message: /^Expected a list of controls, then a function/,
      });
    assert.deepEqual(texts(), []);
  });

  it("a readout whose first computation fails says so, and follows no move", async () => {
    const { slider, readout } = start();
    const rate = slider("rate");
    const given: number[] = [];
    const compute = (value: number): never => {
      given.push(value);
      throw new Error("never");
    };
    await assert.rejects(readout([rate] as unknown as Control<never>[], compute), { message: "never" });
    rate.value = 0;
    await turns();
    assert.deepEqual(given, [0.5]);
  });
});
