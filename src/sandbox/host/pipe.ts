/**
 * The child's two pipes, a line at a time and without the event loop: streams are slow in an engine without a JIT. Runs in
 * the child before `main.ts`; no imports, for the same reason.
 */

/** Reads the parent's lines and writes to it. */
export interface Pipe {
  /** The next line, waited for. Ends the process when the parent is gone. */
  readLine(): string;
  send(message: object): void;
}

(globalThis as unknown as { makePipe: unknown }).makePipe = (builtin: NodeJS.Process["getBuiltinModule"]): Pipe => {
  const { readSync, writeSync } = builtin("node:fs");
  const chunk = Buffer.alloc(65_536);
  let read: Buffer[] = [];
  let rest = Buffer.alloc(0);
  const readLine = (): string => {
    for (;;) {
      const end = rest.indexOf(10);
      if (end >= 0) {
        const line = Buffer.concat([...read, rest.subarray(0, end)]).toString();
        read = [];
        rest = rest.subarray(end + 1);
        return line;
      }
      if (rest.length > 0) read.push(rest);
      rest = Buffer.from(chunk.subarray(0, readSome()));
    }
  };
  const readSome = (): number => {
    for (;;) {
      try {
        const bytes = readSync(0, chunk);
        if (bytes === 0) process.exit(0); // the parent is gone
        return bytes;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EOF") process.exit(0);
        if (code !== "EAGAIN") throw error;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      }
    }
  };
  const send = (message: object): void => {
    let text = Buffer.from(`${JSON.stringify(message)}\n`);
    while (text.length > 0) {
      try {
        text = text.subarray(writeSync(1, text));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      }
    }
  };
  return { readLine, send };
};
