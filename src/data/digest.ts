/** Short names of texts and of plain data, by their content. */

import { createHash } from "node:crypto";

/** Equal for equal lists of texts. */
export function digest(texts: readonly string[]): string {
  return createHash("sha256").update(texts.join("\0")).digest("hex").slice(0, 24);
}
