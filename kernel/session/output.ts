/**
 * Output on its way to the front ends: stream text is joined for 10 ms or 64 KB, everything else flushes it first, so
 * that order is kept and a flood of lines becomes a few messages. Idle is sent after the last of it.
 */

import type { Message } from "../wire/index.ts";
import { uncaughtMark } from "./protocol.ts";

/** Sends on iopub. */
export type Publish = (
  type: string,
  content: object,
  parent: Parent,
  options?: { metadata?: object; buffers?: Uint8Array[] },
) => void;

/** The request that output belongs to; null for none. */
export type Parent = Message | null;

/** Joins stream text. */
export interface Coalescer {
  stream(name: "stdout" | "stderr", text: string, parent: Parent): void;
  /** An error that nobody caught: a message of its own, which says so. */
  uncaught(text: string, parent: Parent): void;
  flush(): void;
}

const holdMs = 10;
const holdCharacters = 65_536;

/** Makes a coalescer that sends with `publish`. */
export function createCoalescer(publish: Publish): Coalescer {
  let held: { name: "stdout" | "stderr"; parts: string[]; size: number; parent: Parent } | null = null;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (held === null) return;
    const { name, parts, parent } = held;
    held = null;
    publish("stream", { name, text: parts.join("") }, parent);
  };
  return {
    flush,
    uncaught(text, parent) {
      flush();
      publish("stream", { name: "stderr", text }, parent, { metadata: uncaughtMark });
    },
    stream(name, text, parent) {
      if (held !== null && (held.name !== name || held.parent?.header.msg_id !== parent?.header.msg_id)) flush();
      held ??= { name, parts: [], size: 0, parent };
      held.parts.push(text);
      held.size += text.length;
      if (held.size >= holdCharacters) flush();
      else timer ??= setTimeout(flush, holdMs);
    },
  };
}
