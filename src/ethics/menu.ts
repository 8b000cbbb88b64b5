/** What the menus of ethics have in common: the paper's edits without its harm, and a body as their only option. */

import { checkOptions, only, optional } from "../data/check.ts";
import { type Edit, paperMenu, pythonMenu } from "../policy/index.ts";
import type { BodyName } from "../sandbox/index.ts";
import { bodySchema } from "../sandbox/options.ts";

const menus: { readonly [body in BodyName]: readonly Edit[] } = { javascript: paperMenu, python: pythonMenu };

const schema = only<{ body?: BodyName }>({ body: optional(bodySchema) });

/** The body that a menu is asked for. Throws for an option that it does not have; `of`: whose options they are. */
export function menuBody(options: { body?: BodyName }, of: string): BodyName {
  checkOptions(schema, options, `the options of ${of}`);
  return options.body ?? "javascript";
}

/** Of the paper's menu in a body's language all that attempts no harm. */
export function harmlessMenu(body: BodyName): Edit[] {
  return menus[body].filter(({ effect }) => effect !== "harmful");
}
