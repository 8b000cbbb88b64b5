/**
 * Controls in the notebook: a slider, a choice, a button, and a live readout that is computed anew when one of them
 * moves. They are drawn by the JupyterLab extension that is installed with the kernel (`kernel/labextension`), one comm
 * a view; elsewhere they are a line of text with the value. Not here: the comms (`comms.ts`).
 */

import { randomUUID } from "node:crypto";
import { inspect } from "node:util";
import { checkOptions, type Entries } from "../common/options.ts";
import { displaySymbol, escapeHtml, type MimeBundle } from "./bundle.ts";
import type { Bind, Comm, Comms } from "./comms.ts";
import type { DisplayHandle, Show } from "./types.ts";

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

/** What a kind of control is made of. */
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

/** The controls of a session, by id: what happens when a view opens its comm. `bind` keeps a callback with its cell. */
interface Register {
  views: Map<string, (comm: Comm) => void>;
  bind: Bind;
}

/** Makes `slider`, `choice`, `button` and `readout`. */
export function createControls(comms: Comms, show: Show, bind: Bind) {
  const register: Register = { views: new Map(), bind };
  comms.onOpen(target, (comm, { data }) => {
    const attach = register.views.get(String((data as { id?: unknown } | null)?.id));
    if (attach === undefined)
      comm.close(); // of an earlier process: the view says so
    else attach(comm);
  });
  return {
    slider: (label: string, options?: SliderOptions) => make(register, sliderParts(label, options)),
    choice: <T extends string>(label: string, options: readonly T[], chosen?: { value?: T }) =>
      make(register, choiceParts(label, options, chosen)),
    /** Its value is how often it was pressed. */
    button(label: string, onPress?: (presses: number) => unknown): Control<number> {
      const made = make(register, buttonParts(label));
      if (onPress !== undefined) made.onChange(onPress);
      return made;
    },
    readout: (controls: readonly Control<unknown>[], compute: (...values: unknown[]) => unknown) =>
      readout(show, controls, compute),
  };
}

function make<T>(register: Register, { kind, label, look, accept, text, ...initial }: Parts<T>): Control<T> {
  const id = randomUUID();
  const views = new Set<Comm>();
  const listeners = new Set<(value: T) => unknown>();
  let value = initial.value;
  const set = async (accepted: T, from: Comm | null): Promise<void> => {
    value = accepted;
    for (const view of views) if (view !== from) view.send({ value });
    await Promise.all([...listeners].map((listener) => listener(value)));
  };
  register.views.set(id, (comm) => {
    views.add(comm);
    comm.onClose(() => views.delete(comm));
    comm.onMessage(({ data }) => set(accept((data as { value?: unknown } | null)?.value), comm));
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
      const listener = register.bind(callback);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    [displaySymbol]: bundle,
    [inspect.custom]: () => text(value),
  };
  return control;
}

const sliderEntries: Entries = (v) => {
  // What no slider can have, NaN say, is told below by what it is for.
  const number = v.optional(v.custom((value) => typeof value === "number", "a number"));
  return { min: number, max: number, step: number, value: v.optional(v.any()) };
};

function sliderParts(label: string, options: SliderOptions = {}): Parts<number> {
  checkOptions("slider", options, sliderEntries);
  const { min = 0, max = 1, ...rest } = options;
  if (!(max > min) || !Number.isFinite(max - min))
    throw new RangeError(`Expected the slider's min to be below its max, got ${min} and ${max}`);
  const { step = (max - min) / 100, value = (min + max) / 2 } = rest;
  if (!(step > 0)) throw new RangeError(`Expected the slider's step to be above 0, got ${step}`);
  const accept = (given: unknown): number => {
    if (typeof given === "number" && given >= min && given <= max) return given;
    throw new RangeError(`Expected a number from ${min} to ${max} for ${label}, got ${inspect(given)}`);
  };
  return {
    kind: "slider",
    label,
    value: accept(value),
    look: { min, max, step },
    accept,
    text: (now) => `${label}: ${now} (${min} to ${max})`,
  };
}

function choiceParts<T extends string>(label: string, options: readonly T[], chosen: { value?: T } = {}): Parts<T> {
  checkOptions("choice", chosen, (v) => ({ value: v.optional(v.any()) }));
  if (!Array.isArray(options) || options.length === 0)
    throw new RangeError(`Expected the options of ${label} to be a list of at least one text, got ${inspect(options)}`);
  const { value = options[0] } = chosen;
  const accept = (given: unknown): T => {
    if (options.includes(given as T)) return given as T;
    throw new RangeError(`Expected one of ${options.join(", ")} for ${label}, got ${inspect(given)}`);
  };
  return {
    kind: "choice",
    label,
    value: accept(value),
    look: { options },
    accept,
    text: (now) => `${label}: ${now} (${options.join(", ")})`,
  };
}

function buttonParts(label: string): Parts<number> {
  let presses = 0;
  return { kind: "button", label, value: 0, look: {}, accept: () => ++presses, text: () => `[${label}]` };
}

/** Shows the controls and, below them, what is computed of their values, anew with each move: the latest only. */
async function readout(
  show: Show,
  controls: readonly Control<unknown>[],
  compute: (...values: unknown[]) => unknown,
): Promise<void> {
  const isControl = (one: unknown) => typeof (one as Partial<Control<unknown>> | null)?.onChange === "function";
  if (!Array.isArray(controls) || !controls.every(isControl) || typeof compute !== "function")
    throw new TypeError(
      'Expected a list of controls, then a function of their values: readout([slider("γ", { value: 0.9 })], (g) => g ** 2)',
    );
  for (const control of controls) await show(control);
  const now = (): unknown => compute(...controls.map(({ value }) => value));
  let place: DisplayHandle | null = null;
  let working = false;
  let stale = false;
  const refresh = async (): Promise<void> => {
    stale = true;
    if (working) return;
    working = true;
    try {
      while (stale) {
        stale = false;
        try {
          const state = await now();
          if (place === null) place = await show(state);
          else await place.update(state);
        } catch (error) {
          if (!stale) throw error; // of a state that is the latest
        }
      }
    } finally {
      working = false;
    }
  };
  // Before the first state, which may take long: a move meanwhile is not lost.
  const ends = controls.map((control) => control.onChange(refresh));
  await refresh().catch((error: unknown) => {
    for (const end of ends) end();
    throw error;
  });
}
