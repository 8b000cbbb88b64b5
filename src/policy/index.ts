/** Policies: what draws the programs, and what REINFORCE trains. */

import { editMenu, randomPolicy } from "./menu.ts";

export { type Edit, type EditMenu, editMenu, paperMenu, randomPolicy } from "./menu.ts";
export { tf } from "./tensors.ts";
export type * from "./types.ts";

/** The ready-made policies. */
export const policies = { editMenu, random: randomPolicy };
