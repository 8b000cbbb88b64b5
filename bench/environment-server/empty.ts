/** Serves an environment that costs nothing, in a process of its own, until it is ended: what is left is the bridge. */

import type { Environment, Info, Transition } from "../../src/environment/index.ts";
import { serveEnvironment } from "../../src/serve/environment/index.ts";

/** As much as the observation of a short life. */
const observation = {
  ...{ step: 1, query: "", response: "done", task: "Add a method that doubles a number", energy: null },
  genome: Array.from({ length: 6 }, (_, i) => ({
    ...{ name: `self.method${i}`, kind: "method", source: "(given) => given.map((one) => one * 2).filter(Boolean)" },
  })),
};
const info: Info = { rewards: { survival: 1, usefulness: 0 }, report: null };

class Empty implements Environment<object> {
  #steps = 0;
  async reset(): Promise<[object, Info]> {
    this.#steps = 0;
    return [observation, info];
  }
  async step(): Promise<Transition<object>> {
    return { observation, reward: 1, terminated: false, truncated: ++this.#steps === 4, info };
  }
  clone(): Empty {
    return new Empty();
  }
  async close(): Promise<void> {}
}

const { url } = await serveEnvironment(new Empty(), { port: 0 });
console.log(url);
