/** The bodies that there are, each by the one word that options and records name it with. */

import { javascript } from "./bodies/javascript/index.ts";
import { python } from "./bodies/python/index.ts";
import type { Body } from "./host/body.ts";

/** Every body by its name. */
export const bodies = { javascript, python } as const satisfies { readonly [name: string]: Body };

/** What an agent can be made of, by its name. */
export type BodyName = keyof typeof bodies;

/** Their names. */
export const bodyNames = Object.keys(bodies) as BodyName[];
