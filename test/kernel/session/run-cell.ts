/** Runs a cell through the runner's client and gathers what it brought. */

import type { Client } from "../../../kernel/notebook/client.ts";

/** What a cell brought: values shown as text, and its error. */
export interface Brought {
  shown: string[];
  stdout: string;
  /** What was said on stderr: warnings, and faults of types when the cell ran all the same. */
  stderr: string;
  error: { ename: string; evalue: string; traceback: string[] } | null;
}

/** A function that runs cells on a client. */
export function runOn(client: Client) {
  return async (code: string, { interruptAfterMs = 0 } = {}): Promise<Brought> => {
    const brought: Brought = { shown: [], stdout: "", stderr: "", error: null };
    let timer: NodeJS.Timeout | undefined;
    await client.execute(code, ({ header, content }) => {
      // Counted from where the kernel takes the cell up: a busy machine may take long to get there.
      if (header.msg_type === "execute_input" && interruptAfterMs > 0)
        timer = setTimeout(() => client.interrupt(), interruptAfterMs);
      if (header.msg_type === "stream") {
        brought.stdout += String(content.text);
        if (content.name === "stderr") brought.stderr += String(content.text);
      } else if (header.msg_type === "error") brought.error = content as unknown as Brought["error"];
      else if (/^(execute_result|display_data)$/.test(header.msg_type))
        brought.shown.push((content.data as { "text/plain": string })["text/plain"]);
    });
    clearTimeout(timer);
    return brought;
  };
}
