/**
 * What an environment is, as a text by which a file knows whether it is another than before. An environment of the library's is
 * told by its options; one of somebody's own by the text of its class or of its functions as well, and by its public fields. What
 * those close over no text shows. Not here: comparing environments that are to be alike (`another.ts`).
 */

import { randomUUID } from "node:crypto";
import { digest } from "../data/digest.ts";
import { bodyOf, type SurvivalEnvOptions } from "./settings.ts";
import { SurvivalEnv } from "./survival.ts";
import type { Environment } from "./types.ts";

const unknown = new WeakMap<Environment, string>();

/** The text: functions by their source, of a sandbox what judges lives. What no text can be made of is like no other. */
export function textOfEnvironment(env: Environment): string {
  const { options } = env as { options?: SurvivalEnvOptions };
  try {
    const { sandbox } = options ?? {};
    const { name } = bodyOf(options ?? {});
    // A sandbox says what its agents are made of and by what they are judged, and is left out but for that.
    const { limits = {}, harm = {} } = sandbox ?? {};
    const judged = [limits, harm].some((rules) => Object.keys(rules).length > 0) ? `${textOf({ limits, harm })} ` : "";
    const own = `${name === "javascript" ? "" : `${name} `}${judged}`;
    if (Object.getPrototypeOf(env) === SurvivalEnv.prototype) return own + textOf(options);
    return own + textOf({ classes: classesOf(env), ...env, options });
  } catch {
    const mark = unknown.get(env) ?? randomUUID();
    unknown.set(env, mark);
    return mark;
  }
}

/**
 * The same for people, a line: each option by its name, `maxSteps 20, tasks 1f0c9a2e`, what is long by a digest, in whatever order
 * names were given. Somebody's own environment by a digest of its class and of its methods, too; its other fields are not seen, since
 * they may change as it is played.
 */
export function lineOfEnvironment(env: Environment): string {
  const { sandbox, ...own } = (env as { options?: SurvivalEnvOptions | null }).options ?? {};
  const methods = ["reset", "step", "clone", "close", "places"].map((name) => [
    name,
    Object.hasOwn(env, name) ? env[name as "step"] : null,
  ]);
  const told: { [name: string]: unknown } = {
    ...own,
    ...(Object.getPrototypeOf(env) !== SurvivalEnv.prototype && { "code of its own": [classesOf(env), methods] }),
    ...(env instanceof SurvivalEnv && { body: bodyOf(env.options).name, maxSteps: env.maxSteps }),
    ...(sandbox && { "limits of the sandbox": sandbox.limits, "harm of the sandbox": sandbox.harm }),
  };
  const lines = Object.entries(told).map(([name, value]) => {
    const text = shortOf(value);
    return text === "" ? [] : [`${name} ${text}`];
  });
  return lines.flat().sort().join(", ");
}

/** A value's text, or its digest where that is shorter; empty for none, and for what no text can be made of. */
function shortOf(value: unknown): string {
  try {
    const text = typeof value === "string" ? value : (textOf(value, inOrder) ?? "");
    if (text === "{}" || text.length <= 24) return text === "{}" ? "" : text;
    return digest([text]).slice(0, 8);
  } catch {
    return "";
  }
}

/** An object with its names in order. */
function inOrder(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The texts of its class and of those that it extends, up to the library's own. */
function classesOf(env: Environment): string[] {
  const texts: string[] = [];
  for (let at: object | null = Object.getPrototypeOf(env); at !== null; at = Object.getPrototypeOf(at)) {
    if (at === SurvivalEnv.prototype || at === Object.prototype) return [...texts, at.constructor.name];
    texts.push(String(at.constructor));
  }
  return texts;
}

function textOf(value: unknown, arranged: (one: unknown) => unknown = (one) => one): string | undefined {
  return JSON.stringify(value, (key, one: unknown) =>
    key === "sandbox" ? undefined : typeof one === "function" ? String(one) : arranged(one),
  );
}
