/**
 * What the notebook itself asks of the kernel, in its metadata under `autoagent`: the mode of type checks and prepared
 * answers. Jupyter's server and our runner name the notebook in JPY_SESSION_NAME; where nobody does there is nothing.
 * What counts is the notebook as saved. Source: jupyter_server, `SessionManager.get_kernel_env`.
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type Entries, faultOf, isEmpty } from "../common/options.ts";

/** The `autoagent` part of a notebook's metadata. */
export interface NotebookSettings {
  types?: unknown;
  answers?: unknown;
}

/** Tells what is wrong with settings, as a sentence, once each time that they have changed; else null. */
export function createSettingsCheck(settings: () => NotebookSettings): () => string | null {
  let checked: NotebookSettings | null = null;
  return () => {
    const own = settings();
    if (own === checked) return null;
    checked = own;
    const fault = settingsFault(own);
    return fault && `The notebook's metadata: ${fault}`;
  };
}

function settingsFault(own: NotebookSettings): string | null {
  if (typeof own !== "object" || Array.isArray(own))
    return `Expected \`autoagent\` to be an object such as {"types":"error"}, got ${JSON.stringify(own)}`;
  return isEmpty(own) ? null : faultOf("`autoagent`", own, entries);
}

const entries: Entries = (v) => ({
  types: v.optional(v.picklist(["error", "warn", "off"], "error, warn or off")),
  answers: v.optional(v.looseObject({}, "an array of answers, or an object from question to answer")),
});

/** A function that gives the settings as they are on disk now; read again only when the file has changed. */
export function createNotebookSettings(
  directory: string,
  environment: NodeJS.ProcessEnv = process.env,
): () => NotebookSettings {
  const name = environment.JPY_SESSION_NAME ?? "";
  if (!name.endsWith(".ipynb")) return () => ({});
  const files = [resolve(directory, name), join(directory, basename(name))];
  let readAt = Number.NaN;
  let settings: NotebookSettings = {};
  return () => {
    const file = files.find((one) => existsSync(one));
    if (file === undefined) return settings; // it was given another name since
    const changed = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? readAt;
    if (changed === readAt) return settings;
    readAt = changed;
    settings = read(file) ?? settings;
    return settings;
  };
}

/** Null for a file that is no notebook, or is just being written. */
function read(file: string): NotebookSettings | null {
  try {
    const { metadata } = JSON.parse(readFileSync(file, "utf8")) as { metadata?: { autoagent?: unknown } };
    const own = metadata?.autoagent;
    return (own ?? {}) as NotebookSettings; // what is no object has no settings, and `createSettingsCheck` says so
  } catch {
    return null;
  }
}
