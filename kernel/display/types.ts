/** What the display of a session gives out: messages to the front ends, and handles of what was shown. */

/** A message to the front ends, as the session passes it on. */
export interface OutMessage {
  type: "display_data" | "update_display_data" | "clear_output" | "comm_open" | "comm_msg" | "comm_close";
  content: object;
  metadata?: object;
  buffers?: Uint8Array[];
}

/** Something that was shown and can be shown anew, in place. */
export interface DisplayHandle {
  readonly id: string;
  /** Shows another value in the same place. Many calls a second become ten at most; the last one is always shown. */
  update(value: unknown): Promise<void>;
}

/** Shows a value; `id` names its place. */
export type Show = (value: unknown, options?: { id?: string }) => Promise<DisplayHandle>;
