/** What cells ask of the reader: passed to a front end that takes input, else answered from what was prepared. */

import type { Answer, UserMessage } from "../protocol.ts";
import { inOrder, parentOf, type RunsState } from "./state.ts";

/** A question of a cell. */
export function onInput(state: RunsState, message: Extract<UserMessage, { type: "input" }>): void {
  const { run, prompt, password, sync } = message;
  const parent = parentOf(state, run);
  if (parent?.content.allow_stdin !== true) {
    const found = state.answers.take(prompt);
    const said = "text" in found ? { text: found.text, prepared: true } : { text: null, reason: found.reason };
    return tell(state, sync, said);
  }
  const { output, sockets } = state.options;
  state.pace.hurry();
  inOrder(state, () => {
    output.flush();
    state.asked = { sync };
    sockets.send("stdin", sockets.codec.make("input_request", { prompt, password }, { parent }));
  });
}

/** The front end's answer; without a question it is nobody's. */
export function answer(state: RunsState, text: string): void {
  if (state.asked === null) return;
  const { sync } = state.asked;
  state.asked = null;
  tell(state, sync, { text });
}

function tell({ user }: RunsState, sync: boolean, said: Answer): void {
  if (sync) user?.answerNow(said);
  else user?.send({ type: "input", ...said });
}
