/** Where what is made once and used by every program of the user is kept. */

import { homedir } from "node:os";
import { join } from "node:path";

/** The user's cache folder: `AUTOAGENT_CACHE`, else the system's usual place. */
export function cacheFolder(): string {
  const { AUTOAGENT_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (AUTOAGENT_CACHE) return AUTOAGENT_CACHE;
  if (process.platform === "win32") return join(LOCALAPPDATA ?? join(homedir(), "AppData", "Local"), "autoagent-lab");
  if (process.platform === "darwin") return join(homedir(), "Library", "Caches", "autoagent-lab");
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "autoagent-lab");
}
