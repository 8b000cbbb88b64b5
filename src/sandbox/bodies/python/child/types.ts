/** What the scripts of the Python child are to each other, as types: nothing of it is left when they run. */

import type { HarmKind } from "../../../types.ts";
import type { Capi, Native } from "./capi.ts";

/** CPython in WebAssembly, with the memory that it has now. */
export interface Machine {
  /** Its functions. Another object after `renew()`, as are the memory and the table of functions. */
  readonly c: Capi;
  readonly memory: WebAssembly.Memory;
  readonly table: WebAssembly.Table;
  bytes(): Uint8Array;
  data(): DataView;
  /** The address of an exported variable: `PyLong_Type`. */
  address(name: string): number;
  /** What the pointer variable of this name points to: `PyExc_MemoryError`. */
  pointed(name: string): number;
  /** A C string, read, or so many bytes of text; and a C string that is written into memory of CPython's own. */
  text(at: number, length?: number): string;
  store(text: string): number;
  /** Calls with a C string that is there for as long as the call. */
  withText<T>(text: string, work: (at: number) => T): T;
  /** Makes a host function one that C can call, and gives its place in the table: the same after `renew()`. */
  callback(arity: number, work: Native): number;
  /** Puts memory and stack pointer to a state; it holds no more than that state has. */
  load(state: { heap: Uint8Array; sp: number }): void;
  get stack(): number;
  set stack(sp: number);
  /** A new instance of the same code, whose memory is small again. */
  renew(): void;
}

/** What the imports tell of what CPython asks of its host, and are told by it. */
export interface Hooks {
  /** CPython's own look at whether it was interrupted: throws where its time is over. */
  tick(): number;
  /** Milliseconds of the life's own clock; each look moves it on. */
  now(): number;
  random(bytes: Uint8Array): void;
  /** Most bytes that it may hold now. */
  heapMax(): number;
  refusedMemory(): void;
  write(fd: number, bytes: Uint8Array): void;
  /** A file of this path was asked for, that is not there. */
  path(call: string, path: string): void;
  /** Something was called that no program needs. */
  reach(what: string): void;
  exit(code: number): void;
}

/** The imports of the wasm module: all that CPython can call. */
export interface Imports {
  functions: { readonly [name: string]: (...given: never[]) => unknown };
  /** Open files and where each is read: part of a life's state. */
  files: Map<number, number>;
}

/** What an attempt is told with. */
export type Emit = (kind: HarmKind, api: string, given: readonly string[], severity: 1 | 2 | 3) => void;

/** One value as JSON, where it is plain data; else in words what it is, and where. */
export type Plain = { text: string } | { odd: string };

/** An exception as it was raised. */
export interface Raised {
  name: string;
  message: string;
  line: number | null;
  isExit: boolean;
  isMemory: boolean;
  isSyntax: boolean;
}

/** Reads and makes Python objects through the C API: no code of a guest runs, but where it says so. */
export interface Objects {
  none: number;
  typeOf(object: number): number;
  typeName(object: number): string;
  isExactly(object: number, type: string): boolean;
  isText(object: number): boolean;
  /** A text; of a longer one than `most` letters, that many at least. */
  textOf(object: number, most?: number): string;
  /** The entries of a dict, keys and values borrowed. */
  entries(dict: number): [key: number, value: number][];
  /** An item of a dict by its name, borrowed; 0 where there is none. */
  item(dict: number, name: string): number;
  setItem(dict: number, name: string, value: number): void;
  removeItem(dict: number, name: string): void;
  /** An attribute, which may run code where the type is a guest's; a new reference, 0 where there is none. */
  attribute(object: number, name: string): number;
  release(object: number): void;
  newText(text: string): number;
  /** Makes an object of JSON data; lists are tuples and dicts read-only where `frozen`. */
  make(value: unknown, frozen?: boolean): number;
  /** Makes an object of JSON, whose floats are told from whole numbers by how they are written. Throws where it is none. */
  makeFrom(text: string): number;
  /** A member's text: JSON, or what it is between angle brackets. */
  memberText(object: number): string;
  plain(object: number): Plain;
  /** Up to four arguments of an audit event as text. */
  argumentsOf(tuple: number): string[];
  /** Takes the exception that was raised; its own `__str__` may run. `program`: whose line is told. */
  takeError(isOwn: (filename: string) => boolean): Raised;
}

/** What is in the snapshot besides memory: where things are in it. */
export interface Marks {
  sp: number;
  clock: number;
  /** The agent, the module of built-in names, and `random.seed`. */
  self: number;
  builtins: number;
  seeder: number;
  /** The newborn's executor, for calls from outside. */
  executor: number;
  /** The message of a refusal, as a C string; and a place for what a call gives besides its answer. */
  denied: number;
  scratch: number;
  /** Hashes of byte code that CPython loaded while it started. */
  known: string[];
  /** Sources by filename, of what was executed so far. */
  sources: [string, string][];
  /** Built-in functions that a probe may need, as they were. */
  intact: [string, number][];
  /** Texts of CPython's own, for names that the host asks for at every step. */
  names: [string, number][];
}
