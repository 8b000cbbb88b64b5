/**
 * Comms for user code: two-way channels to code in a front end, opened from either side. Spec: Jupyter messaging 5.4,
 * "Custom messages". Not here: which comms are open for `comm_info_request` (`kernel/session/comms.ts`).
 */

import { randomUUID } from "node:crypto";
import { checkOptions, type Entries } from "../common/options.ts";
import type { OutMessage } from "./types.ts";

/** What a front end or a cell says over a comm. */
export interface CommMessage {
  data: unknown;
  metadata?: object;
  buffers?: Uint8Array[];
}

/** One open channel. */
export interface Comm {
  readonly id: string;
  readonly target: string;
  /** Sends to the front end. Throws when the comm is closed. */
  send(data: object, options?: { buffers?: Uint8Array[]; metadata?: object }): void;
  /** Calls back for each message; the callback's output lands under the cell that gave it. */
  onMessage(callback: (message: CommMessage) => unknown): void;
  onClose(callback: (message: CommMessage) => unknown): void;
  close(data?: object): void;
}

/** The comms of a session. */
export interface Comms {
  /** Opens a channel to code that a front end registered under the target. */
  open(target: string, data?: object, options?: { buffers?: Uint8Array[]; metadata?: object }): Comm;
  /** Calls back when a front end opens a channel to the target; the last callback of a target counts. */
  onOpen(target: string, callback: (comm: Comm, opening: CommMessage) => unknown): void;
}

/** A comm message as the session passes it on. */
export interface ReceivedComm {
  message: string;
  content: object;
  metadata: object;
  /** Base64. */
  buffers: string[];
}

/** Keeps a callback with the cell that gave it. */
export type Bind = <A extends unknown[]>(callback: (...values: A) => unknown) => (...values: A) => unknown;

interface Entry {
  comm: Comm;
  message?: (message: CommMessage) => unknown;
  close?: (message: CommMessage) => unknown;
}

/** What may go with a message. */
const besides: Entries = (v) => ({
  buffers: v.optional(v.array(v.instance(Uint8Array, "a list of Uint8Arrays"), "a list of Uint8Arrays")),
  metadata: v.optional(v.looseObject({}, "an object")),
});

/** Makes the comms of a session on a door to the front ends. */
export function createComms(
  publish: (message: OutMessage) => void,
  bind: Bind,
): Comms & { receive(message: ReceivedComm): Promise<void> } {
  const open = new Map<string, Entry>();
  const targets = new Map<string, (comm: Comm, opening: CommMessage) => unknown>();

  const add = (id: string, target: string): Entry => {
    const post = (type: OutMessage["type"], data: object, options: object = {}): void => {
      checkOptions("send", options, besides);
      if (!open.has(id)) throw new Error(`The comm ${id} to ${target} is closed: open another.`);
      publish({ type, content: { comm_id: id, data }, ...options });
    };
    const comm: Comm = {
      id,
      target,
      send: (data, options) => post("comm_msg", data, options),
      onMessage(callback) {
        entry.message = bind(callback);
      },
      onClose(callback) {
        entry.close = bind(callback);
      },
      close(data = {}) {
        if (open.has(id)) post("comm_close", data);
        open.delete(id);
      },
    };
    const entry: Entry = { comm };
    open.set(id, entry);
    return entry;
  };

  return {
    open(target, data = {}, options = {}) {
      checkOptions("comms.open", options, besides);
      const { comm } = add(randomUUID(), target);
      publish({ type: "comm_open", content: { comm_id: comm.id, target_name: target, data }, ...options });
      return comm;
    },
    onOpen: (target, callback) => void targets.set(target, bind(callback)),
    async receive({ message, content, metadata, buffers }) {
      const { comm_id, target_name, data } = content as { comm_id: string; target_name?: string; data: unknown };
      const told = { data, metadata, buffers: buffers.map((text) => new Uint8Array(Buffer.from(text, "base64"))) };
      if (message === "comm_open") {
        const opened = targets.get(String(target_name));
        const { comm } = add(comm_id, String(target_name));
        if (opened === undefined)
          comm.close(); // as the protocol asks for a target that nobody knows
        else await opened(comm, told);
        return;
      }
      const entry = open.get(comm_id);
      if (message === "comm_close") open.delete(comm_id);
      await (message === "comm_close" ? entry?.close : entry?.message)?.(told);
    },
  };
}
