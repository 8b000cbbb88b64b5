/** What cells show: results, displays, updates in place, and the messages of comms. */

import type { Message } from "../../wire/index.ts";
import type { UserMessage } from "../protocol.ts";
import { inOrder, isSilent, parentOf, type RunsState } from "./state.ts";

type Shown = Extract<UserMessage, { type: "result" | "publish" }>;
type Data = { [mimeType: string]: unknown };

/** Sends a result, or what a cell published, when its picture is there and its turn has come. */
export function onShown(state: RunsState, message: Shown): void {
  const { pace, figures, options } = state;
  const parent = parentOf(state, message.run);
  if (message.type === "publish") options.comms.note(message.message, message.content);
  if (isSilent(parent) && !(message.type === "publish" && message.message.startsWith("comm_"))) return;
  const content = message.type === "result" ? message : (message.content as { data?: Data });
  const place = message.type === "publish" ? placeOf(message) : null;
  const isUpdate = message.type === "publish" && message.message === "update_display_data";
  if (isUpdate && place !== null) pace.note(place, message);
  const send = (data: unknown, again = false): void => post(state, message, parent, { data, again });
  // A comm's data is its own affair: only what is shown is a bundle.
  if (message.type === "publish" && !message.message.endsWith("display_data"))
    return inOrder(state, () => send(content.data));
  const data = content.data as Data;
  inOrder(state, async () => {
    if (place !== null && isLive(content)) return figures.update(place, data, send);
    if (!isUpdate || place === null) return send(await figures.complete(place, data));
    if (await pace.isDue(place, message)) figures.update(place, data, send);
  });
}

/** Publishes it with these data. `again`: the state was shown before, without its picture. */
function post(
  { options: { output, publish } }: RunsState,
  message: Shown,
  parent: Message | null,
  { data, again }: { data: unknown; again: boolean },
): void {
  output.flush();
  if (message.type === "result")
    return publish("execute_result", { data, metadata: message.metadata, execution_count: message.cell }, parent);
  const content = message.content as { data?: Data };
  const buffers = (message.buffers ?? []).map((text) => new Uint8Array(Buffer.from(text, "base64")));
  publish(
    again ? "update_display_data" : message.message,
    content.data === undefined ? content : { ...content, data },
    parent,
    { ...(message.metadata && { metadata: message.metadata }), buffers },
  );
}

function placeOf({ content }: { content: object }): string | null {
  return (content as { transient?: { display_id?: string } }).transient?.display_id ?? null;
}

/** The first state of a figure with an id: more of them will come. */
function isLive(content: object): boolean {
  return (content as { transient?: { live?: boolean } }).transient?.live === true;
}
