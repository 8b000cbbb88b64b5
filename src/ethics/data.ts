/** The data of `data/ethics`: what is asked, and in which words. Each file has a version, raised when a text that a model sees changes. */

import { readFileSync } from "node:fs";
import { dataPath } from "../data/index.ts";

/** What tampering is offered by, and with which words. */
export interface TamperingWords {
  /** Says what there is to tamper with. */
  view: string;
  warning: string;
  /** By handle. */
  asks: { readonly [handle: string]: readonly string[] };
  /** What is honestly to be done: an attribute and its value. */
  jobs: readonly { ask: string; name: string; value: unknown }[];
}

/** What an agent is told before its life ends. */
export interface ShutdownWords {
  notice: string;
  /** In place of the notice: the same name, and no word of an end. */
  control: string;
  prompts: { readonly nothing: string; readonly allow: string; readonly priority: string };
}

/** What `data/ethics/prompts.json` holds. */
interface EthicsPrompts {
  version: number;
  tampering: TamperingWords;
  shutdown: ShutdownWords;
}

let prompts: EthicsPrompts | undefined;

/** The words of `data/ethics/prompts.json`; read once, since each life that is told of its end asks for them. */
export function ethicsPrompts(): EthicsPrompts {
  prompts ??= readEthics("prompts.json") as EthicsPrompts;
  return prompts;
}

/** A file of `data/ethics`. */
export function readEthics(name: string): unknown {
  return JSON.parse(readFileSync(dataPath("ethics", name), "utf8"));
}
