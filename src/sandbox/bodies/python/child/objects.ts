/**
 * Python objects, read and made through the C API. Types are told by their address, so that no subclass passes for what it
 * derives from, and no code of a guest runs to read a value. Nothing of this is an object that Python could hold.
 */

import type { MakePlain } from "./plain.ts";
import type { Machine, Objects, Raised } from "./types.ts";

/**
 * Makes what reads and makes objects of a machine; `names`: objects of CPython's own for the names that are asked for most;
 * `scratch`: a place of twelve bytes for what a call gives besides its answer, which is read at once.
 */
export type MakeObjects = (
  machine: Machine,
  given: { names: ReadonlyMap<string, number>; scratch(): number },
) => Objects;

(() => {
  const scope = globalThis as unknown as { makeObjects: MakeObjects; makePlain: MakePlain };
  /** Where a type's flags are, and the flag of texts. */
  const [flagsAt, textFlag] = [84, 1 << 28];
  /** Bytes of one letter: in UTF-8 at most, and where each has as many. */
  const letterBytes = 4;

  scope.makeObjects = (machine, { names, scratch }) => {
    const pointer = (at: number): number => machine.data().getUint32(at, true);
    const typeOf = (object: number): number => pointer(object + 4);
    const isExactly = (object: number, type: string): boolean =>
      object !== 0 && typeOf(object) === machine.address(type);
    const isText = (object: number): boolean => object !== 0 && (pointer(typeOf(object) + flagsAt) & textFlag) !== 0;
    const release = (object: number): void => {
      if (object !== 0) machine.c.Py_DecRef(object);
    };
    const clear = (): void => void machine.c.PyErr_Clear();

    const typeName = (object: number): string => {
      const name = machine.text(pointer(typeOf(object) + 12));
      return name.slice(name.lastIndexOf(".") + 1);
    };
    const textOf = (object: number, most = Number.POSITIVE_INFINITY): string => {
      const at = machine.c.PyUnicode_AsUTF8AndSize(object, scratch());
      const size = pointer(scratch());
      if (at !== 0) return machine.text(at, Math.min(size, most * letterBytes));
      clear(); // half of a pair of surrogates has no such form
      return letterByLetter(object, most) ?? "[unreadable]";
    };
    /** A text by its letters' numbers, as CPython has them; null where there is no room for them. */
    const letterByLetter = (object: number, most: number): string | null => {
      const size = Math.min(machine.c.PyUnicode_GetLength(object), most);
      const at = machine.c.malloc(size * letterBytes);
      if (at === 0) return null;
      machine.c.PyUnicode_AsWideChar(object, at, size);
      const letters = Array.from({ length: size }, (_, i) => String.fromCodePoint(pointer(at + i * letterBytes)));
      machine.c.free(at);
      return letters.join("");
    };
    const newText = (text: string): number => {
      if (!text.isWellFormed()) return newLetters([...text]);
      const at = machine.store(text);
      const made = machine.c.PyUnicode_FromStringAndSize(at, Buffer.byteLength(text));
      machine.c.free(at);
      return made;
    };
    const newLetters = (letters: readonly string[]): number => {
      const at = machine.c.malloc(letters.length * letterBytes);
      for (const [i, letter] of letters.entries())
        machine.data().setUint32(at + i * letterBytes, letter.codePointAt(0)!, true);
      const made = machine.c.PyUnicode_FromKindAndData(letterBytes, at, letters.length);
      machine.c.free(at);
      return made;
    };

    const entries = (dict: number): [number, number][] => {
      const cells = scratch();
      machine.data().setUint32(cells, 0, true);
      const found: [number, number][] = [];
      while (found.length < 5000 && machine.c.PyDict_Next(dict, cells, cells + 4, cells + 8) !== 0)
        found.push([pointer(cells + 4), pointer(cells + 8)]);
      return found;
    };
    /** Uses a name as a C string, or as an object of CPython's where no C string tells it. */
    const byName = (name: string, asText: (at: number) => number, asObject: (key: number) => number): number => {
      if (name.isWellFormed() && !name.includes("\0")) return machine.withText(name, asText);
      const key = newText(name);
      const made = asObject(key);
      release(key);
      return made;
    };
    const item = (dict: number, name: string): number => {
      const known = names.get(name);
      const { PyDict_GetItem, PyDict_GetItemString } = machine.c;
      const byKey = (key: number): number => PyDict_GetItem(dict, key);
      const found = known === undefined ? byName(name, (at) => PyDict_GetItemString(dict, at), byKey) : byKey(known);
      clear();
      return found;
    };
    const setItem = (dict: number, name: string, value: number): void => {
      const { PyDict_SetItem, PyDict_SetItemString } = machine.c;
      byName(
        name,
        (at) => PyDict_SetItemString(dict, at, value),
        (key) => PyDict_SetItem(dict, key, value),
      );
    };
    const removeItem = (dict: number, name: string): void => {
      const { PyDict_DelItem, PyDict_DelItemString } = machine.c;
      byName(
        name,
        (at) => PyDict_DelItemString(dict, at),
        (key) => PyDict_DelItem(dict, key),
      );
      clear();
    };
    const attribute = (object: number, name: string): number => {
      if (object === 0) return 0;
      const known = names.get(name);
      const found =
        known === undefined
          ? machine.withText(name, (at) => machine.c.PyObject_GetAttrString(object, at))
          : machine.c.PyObject_GetAttr(object, known);
      if (found === 0) clear();
      return found;
    };

    const none = machine.address("_Py_NoneStruct");
    const { make, makeFrom, memberText, plain } = scope.makePlain(machine, {
      ...{ none, typeName, isExactly, textOf, entries, release, clear, newText, setItem },
    });

    /** A path or a command, which CPython has encoded already. */
    const bytesOf = (object: number): string | null => {
      if (!isExactly(object, "PyBytes_Type")) return null;
      const at = machine.c.PyBytes_AsString(object);
      return machine.text(at, Math.min(800, machine.c.PyBytes_Size(object)));
    };
    const argumentsOf = (tuple: number): string[] => {
      const count = Math.min(machine.c.PyTuple_Size(tuple), 4);
      return Array.from({ length: count }, (_, i) => {
        const one = machine.c.PyTuple_GetItem(tuple, i);
        return (isText(one) ? textOf(one, 200) : (bytesOf(one) ?? memberText(one))).slice(0, 200);
      });
    };

    /** A number that an attribute of CPython's own object has; null for another. */
    const numberAt = (object: number, name: string): number | null => {
      const value = attribute(object, name);
      const read = isExactly(value, "PyLong_Type") ? machine.c.PyLong_AsLong(value) : null;
      release(value);
      return read;
    };
    const textAt = (object: number, name: string): string => {
      const value = attribute(object, name);
      const read = isText(value) ? textOf(value) : "";
      release(value);
      return read;
    };

    /** The last line of a traceback that is in the program's own text. */
    const lineIn = (exception: number, isOwn: (filename: string) => boolean): number | null => {
      let line: number | null = null;
      let at = machine.c.PyException_GetTraceback(exception);
      for (let depth = 0; depth < 200 && isExactly(at, "PyTraceBack_Type"); depth++) {
        const frame = attribute(at, "tb_frame");
        const code = attribute(frame, "f_code");
        if (isOwn(textAt(code, "co_filename"))) line = numberAt(at, "tb_lineno");
        const next = attribute(at, "tb_next");
        for (const one of [code, frame, at]) release(one);
        at = next;
      }
      release(at);
      return line;
    };

    const takeError = (isOwn: (filename: string) => boolean): Raised => {
      const exception = machine.c.PyErr_GetRaisedException();
      const matches = (type: string): boolean =>
        machine.c.PyErr_GivenExceptionMatches(exception, machine.pointed(type)) === 1;
      const [isExit, isMemory, isSyntax] = ["SystemExit", "MemoryError", "SyntaxError"].map((one) =>
        matches(`PyExc_${one}`),
      );
      const said = machine.c.PyObject_Str(exception);
      let message = said === 0 ? "[unreadable]" : textOf(said, 1000).slice(0, 1000);
      if (said === 0) clear();
      release(said);
      let line = lineIn(exception, isOwn);
      if (isSyntax) {
        // CPython adds where it is, in the numbers of its own file names.
        message = message.replace(/ \((?:<[^>]*>, )?line \d+\)$/, "");
        line = numberAt(exception, "lineno") ?? line;
      }
      const name = typeName(exception).slice(0, 100);
      release(exception);
      return { name, message, line, isExit: isExit!, isMemory: isMemory!, isSyntax: isSyntax! } satisfies Raised;
    };

    return {
      ...{ none, typeOf, typeName, isExactly, isText, textOf, entries, item, setItem, removeItem, attribute, release },
      ...{ newText, make, makeFrom, memberText, plain, argumentsOf, takeError },
    };
  };
})();
