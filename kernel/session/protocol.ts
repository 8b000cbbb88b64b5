/** What the protocol process and the user process say to each other: JSON lines on pipes of their own. */

/** File descriptors in the user process: messages out, commands in, commands for its interrupt thread. */
export const descriptors = { out: 3, commands: 4, urgent: 5 } as const;

/** From the user process. `run` is the execute request that caused it; null for none. */
export type UserMessage =
  | { type: "ready" }
  | { type: "stream"; run: number | null; name: "stdout" | "stderr"; text: string }
  /** An error that nobody caught or awaits, told when its cell may long be over. */
  | { type: "uncaught"; run: number | null; text: string }
  /** A question with its answer, so that the saved notebook can be read. */
  | { type: "asked"; run: number | null; text: string }
  | {
      type: "publish";
      run: number | null;
      message: string;
      content: object;
      metadata?: object | undefined;
      buffers?: string[] | undefined;
    }
  | { type: "result"; run: number; cell: number; data: object; metadata: object }
  | { type: "input"; run: number | null; prompt: string; password: boolean; sync: boolean }
  | { type: "done"; run: number; outcome: RunOutcome; expressions: { [name: string]: object } };

/** How a cell ended. */
export type RunOutcome = { status: "ok" } | { status: "error"; ename: string; evalue: string; traceback: string[] };

/** To the user process. */
export type UserCommand =
  | { type: "run"; run: number; cell: number; source: string; expressions: { [name: string]: string } }
  | { type: "interrupt"; number: number }
  | ({ type: "input" } & Answer)
  | { type: "comm"; run: number; message: string; content: object; metadata: object; buffers: string[] };

/** An answer to a question, or why there is none. `prepared`: nobody typed it, and another cannot be asked for. */
export type Answer = { text: string; prepared?: boolean } | { text: null; reason: string };

/**
 * The metadata of a stream message that tells of an error which nobody caught: for who runs a notebook without a reader.
 * Front ends show the text as any other, and keep no metadata of a stream.
 */
export const uncaughtMark = { autoagent: { uncaught: true } } as const;

/** Marks, on the native stdout and stderr, that a cell has written all it will: never shown. */
export function drainMark(run: number): string {
  return `\u0000autoagent-drained-${run}\u0000`;
}
