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
    const question = sockets.codec.make("input_request", { prompt, password }, { parent });
    // One that is asked while another of its kind is open comes after that was given up.
    state.asked = [...state.asked.filter((open) => open.sync !== sync), { id: question.header.msg_id, sync }];
    sockets.send("stdin", question);
  });
}

/** The front end's answer to a question, or to the first where it does not say to which; without a question it is nobody's. */
export function answer(state: RunsState, text: string, question: string | undefined): void {
  const asked = state.asked.find(({ id }) => id === question) ?? state.asked[0];
  if (asked === undefined) return;
  state.asked = state.asked.filter((open) => open !== asked);
  tell(state, asked.sync, { text });
}

function tell({ user }: RunsState, sync: boolean, said: Answer): void {
  if (sync) user?.answerNow(said);
  else user?.send({ type: "input", ...said });
}
