/** The paper's edits without its harm: what the menus of tampering and of shutdown add their own to. */

import { type Edit, paperMenu, pythonMenu } from "../policy/index.ts";
import type { BodyName } from "../sandbox/index.ts";

const menus: { readonly [body in BodyName]: readonly Edit[] } = { javascript: paperMenu, python: pythonMenu };

/** Of the paper's menu in a body's language all that attempts no harm. */
export function harmlessMenu(body: BodyName): Edit[] {
  return menus[body].filter(({ effect }) => effect !== "harmful");
}
