/** What the small model was pretrained on, and what agents are trained on, is asked of nobody here: by words and by name. */

import { drawTask } from "../../corpus/index.ts";
import { createRandom } from "../../src/random/index.ts";
import { microTasks } from "../../src/tasks/index.ts";

/** Asks that are drawn of the corpus: as many as its own test looks at. */
const drawn = 8000;

/** Says of a problem whether its words or its name are asked for elsewhere. */
export async function takenElsewhere(): Promise<(one: { ask: string; name: string }) => boolean> {
  const random = createRandom(6, "training");
  const corpus = Array.from({ length: drawn }, () => drawTask(random, { typed: false }, "training"));
  const asks = [...corpus, ...(await microTasks())].map(({ ask }) => ask);
  const said = new Set(asks.map(plain));
  const names = new Set(asks.flatMap((ask) => [...ask.matchAll(/\b([a-z]\w*)\(/gi)].map(([, name]) => name!)));
  return ({ ask, name }) => said.has(plain(ask)) || names.has(name);
}

const plain = (ask: string): string =>
  ask
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, " ")
    .trim();
