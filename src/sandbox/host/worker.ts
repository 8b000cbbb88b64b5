/**
 * What a locked child is to whoever sends it requests: they are answered in order, one at a time, or end with what is known
 * of its death. Not here: how it is heard (`child.ts`) and started (`start.ts`).
 */

import type { Effect } from "../types.ts";
import type { ReadReply, Reply } from "./reply.ts";

/** How a request ended: an answer, a fault of the child by its own account, or its death with the evidence. */
export type Outcome<R = Reply> =
  | { kind: "answer"; reply: R; effects: Effect[]; ms: number }
  | { kind: "fault"; message: string; effects: Effect[]; ms: number }
  | { kind: "death"; death: Death; effects: Effect[]; ms: number };

/** The evidence of a child's death. */
export interface Death {
  /**
   * Set when the parent killed it, and why. `doubt`: for what another life did in it. `lost`: it was gone before this
   * request was sent, or it moved on from a child whose other guest waits for the model. Neither says anything about the
   * request.
   */
  killed: "wall" | "memory" | "flood" | "protocol" | "doubt" | "lost" | null;
  /** The wall clock was over while the machine did something else: the child had little of that time on a processor. */
  starved?: boolean;
  code: number | null;
  signal: string | null;
  /** The last 8 KB of the child's stderr. */
  stderr: string;
}

/** What to do when executed code calls the model. */
export type AskHandler = (query: string) => Promise<string>;

/** How a request is made. The wall clock begins anew with each answer. */
export interface RequestOptions<R> {
  /** How its answer is read: one that is not of this shape ends the child. */
  read: ReadReply<R>;
  wallMs: number;
  ask?: AskHandler | undefined;
  /** How many answers it may have, of which `onAnswer` is given all but the last. @default 1 */
  answers?: number;
  onAnswer?: ((outcome: Outcome<R>) => void) | undefined;
}

/** A running child. */
export interface Worker {
  readonly pid: number;
  /** Lives that are open in it now, and how many it has had. */
  lives: number;
  served: number;
  /** True while it is kept for one life alone. */
  exclusive: boolean;
  /** True while a guest in it waits for the model: nobody else gets a turn. */
  readonly thinking: boolean;
  /** Called when it is free again. */
  onFree: () => void;
  readonly alive: boolean;
  /** Resolves with the last answer; `onAnswer` is given those before it, of a message that has many. */
  request<R>(message: object, options: RequestOptions<R>): Promise<Outcome<R>>;
  /** Ends it at once, for a reason that is no request's of its own. */
  kill(): void;
  /** Resolves when the process is gone. */
  readonly gone: Promise<void>;
}
