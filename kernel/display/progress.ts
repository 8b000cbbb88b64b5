/** A progress bar that updates in place; in a notebook that was run headless its last state stays, one line of text. */

import { checkOptions } from "../common/options.ts";
import { displaySymbol, escapeHtml } from "./bundle.ts";
import type { Show } from "./types.ts";

/** A bar. */
export interface Progress {
  /** Says how much is done, and on what. */
  set(done: number, note?: string): void;
  /** Shows the end: how long it took. */
  finish(note?: string): Promise<void>;
}

/** Makes `progress(total, { label })`. */
export function createProgress(show: Show) {
  return (total: number, options: { label?: string } = {}): Progress => {
    checkOptions("progress", options, (v) => ({ label: v.optional(v.string("a text")) }));
    const { label = "" } = options;
    if (!(total > 0)) throw new RangeError(`Expected the total of a progress bar to be above 0, got ${total}`);
    const began = performance.now();
    let state = { done: 0, note: "" };
    let ended = false;
    const view = () => {
      const seconds = (performance.now() - began) / 1000;
      const share = Math.min(1, state.done / total);
      const left = share > 0.02 && !ended ? `, about ${Math.ceil(seconds / share - seconds)} s left` : "";
      const text =
        `${label} ${ended ? "done" : `${state.done} of ${total}`} in ${seconds.toFixed(1)} s${left}${state.note ? ` · ${state.note}` : ""}`.trim();
      const bar = `<div style="max-width:32em;height:6px;border-radius:3px;background:rgba(128,128,128,.25)"><div style="width:${(100 * share).toFixed(1)}%;height:6px;border-radius:3px;background:#0072b2"></div></div>`;
      const bundle = {
        "text/html": `<div>${ended ? "" : bar}<small>${escapeHtml(text)}</small></div>`,
        "text/plain": text,
      };
      return { [displaySymbol]: () => bundle };
    };
    const handle = show(view());
    return {
      set(done, note = "") {
        state = { done, note };
        void handle.then((shown) => shown.update(view()));
      },
      async finish(note = state.note) {
        state = { ...state, note };
        ended = true;
        await (await handle).update(view());
      },
    };
  };
}
