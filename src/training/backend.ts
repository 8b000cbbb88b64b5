/**
 * Which TF.js backend trains. For a policy of a few numbers plain JavaScript is the fastest and the most exact; the
 * faster engines are for heads over a language model.
 */

import { tf } from "../policy/index.ts";

/** Makes TF.js ready and returns the backend's name. A backend that was chosen before stays. */
export async function prepareBackend(): Promise<string> {
  if (tf.getBackend() === undefined || tf.getBackend() === "") await tf.setBackend("cpu");
  await tf.ready();
  return tf.getBackend();
}
