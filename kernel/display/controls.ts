/**
 * Controls in the notebook: a slider, a choice, a button, and a live readout that is computed anew when one of them
 * moves. They are drawn by the JupyterLab extension that is installed with the kernel (`kernel/labextension`), one comm
 * a view; elsewhere they are a line of text with the value. Not here: the comms (`comms.ts`).
 */

import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import type { DisplayHandle } from "./api.ts";
import { escapeHtml, type MimeBundle } from "./bundle.ts";
import type { Bind, Comm, Comms } from "./comms.ts";

/** The MIME type of a control, and the target of its comms. */
const controlType = "application/vnd.autoagent.control+json";
const target = "autoagent.control";

/** Something that a reader moves. Its value may be set by code too: every view of it follows. */
export interface Control<T> {
  value: T;
  readonly label: string;
  /** Calls back with each new value, whoever set it. Returns a function that ends it. */
  onChange(callback: (value: T) => unknown): () => void;
}

/** Options of a slider. */
export interface SliderOptions {
  /** @default 0 */
  min?: number;
  /** @default 1 */
  max?: number;
  /** @default a hundredth of the range */
  step?: number;
  /** @default the middle */
  value?: number;
}

interface Parts<T> {
  kind: "slider" | "choice" | "button";
  label: string;
  value: T;
  /** What else the view needs. */
  look: object;
  /** The value that a view sent or code set; throws a RangeError for one that the control cannot have. */
  accept(value: unknown): T;
  text(value: T): string;
}

type Show = (value: unknown, options?: { id?: string }) => Promise<DisplayHandle>;

/** Makes `slider`, `choice`, `button` and `readout`. */
export function createControls(comms: Comms, show: Show, bind: Bind) {
  /** By id: what happens when a view opens its comm. */
  const known = new Map<string, (comm: Comm) => void>();
  comms.onOpen(target, (comm, { data }) => {
    const attach = known.get(String((data as { id?: unknown } | null)?.id));
    if (attach === undefined)
      comm.close(); // of an earlier process: the view says so
    else attach(comm);
  });

  function make<T>({ kind, label, look, accept, text, ...initial }: Parts<T>): Control<T> {
    const id = randomUUID();
    const views = new Set<Comm>();
    const listeners = new Set<(value: T) => unknown>();
    let value = initial.value;
    const set = async (given: unknown, from: Comm | null): Promise<void> => {
      value = accept(given);
      for (const view of views) if (view !== from) view.send({ value });
      await Promise.all([...listeners].map((listener) => listener(value)));
    };
    known.set(id, (comm) => {
      views.add(comm);
      comm.onClose(() => views.delete(comm));
      comm.onMessage(({ data }) => set((data as { value?: unknown } | null)?.value, comm));
      comm.send({ value });
    });
    const bundle = (): MimeBundle => ({
      [controlType]: { id, kind, label, value, ...look },
      "text/html": `<span>${escapeHtml(text(value))}</span>`,
      "text/plain": text(value),
    });
    const control = {
      label,
      get value(): T {
        return value;
      },
      set value(given: T) {
        // What a listener throws later is told like any promise that nobody waits for.
        void set(accept(given), null);
      },
      onChange(callback: (value: T) => unknown) {
        const listener = bind(callback);
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      [Symbol.for("Jupyter.display")]: bundle,
      [inspect.custom]: () => text(value),
    };
    return control;
  }

  function slider(label: string, { min = 0, max = 1, ...rest }: SliderOptions = {}): Control<number> {
    if (!(max > min) || !Number.isFinite(max - min))
      throw new RangeError(`Expected the slider's min to be below its max, got ${min} and ${max}`);
    const { step = (max - min) / 100, value = (min + max) / 2 } = rest;
    if (!(step > 0)) throw new RangeError(`Expected the slider's step to be above 0, got ${step}`);
    const accept = (given: unknown): number => {
      if (typeof given === "number" && given >= min && given <= max) return given;
      throw new RangeError(`Expected a number from ${min} to ${max} for ${label}, got ${inspect(given)}`);
    };
    return make({
      kind: "slider",
      label,
      value: accept(value),
      look: { min, max, step },
      accept,
      text: (now) => `${label}: ${now} (${min} to ${max})`,
    });
  }

  function choice<T extends string>(
    label: string,
    options: readonly T[],
    { value = options[0] }: { value?: T } = {},
  ): Control<T> {
    const accept = (given: unknown): T => {
      if (options.includes(given as T)) return given as T;
      throw new RangeError(`Expected one of ${options.join(", ")} for ${label}, got ${inspect(given)}`);
    };
    return make({
      kind: "choice",
      label,
      value: accept(value),
      look: { options },
      accept,
      text: (now) => `${label}: ${now} (${options.join(", ")})`,
    });
  }

  /** Its value is how often it was pressed. */
  function button(label: string, onPress?: (presses: number) => unknown): Control<number> {
    let presses = 0;
    const made = make<number>({
      kind: "button",
      label,
      value: 0,
      look: {},
      accept: () => ++presses,
      text: () => `[${label}]`,
    });
    if (onPress !== undefined) made.onChange(onPress);
    return made;
  }

  /** Shows the controls and, below them, what is computed of their values, anew with each move: the latest only. */
  async function readout(
    controls: readonly Control<unknown>[],
    compute: (...values: unknown[]) => unknown,
  ): Promise<void> {
    for (const control of controls) await show(control);
    const now = (): unknown => compute(...controls.map(({ value }) => value));
    const place = await show(await now());
    let working = false;
    let stale = false;
    const refresh = async (): Promise<void> => {
      stale = true;
      if (working) return;
      working = true;
      try {
        while (stale) {
          stale = false;
          await place.update(await now());
        }
      } finally {
        working = false;
      }
    };
    for (const control of controls) control.onChange(refresh);
  }

  return { slider, choice, button, readout };
}
