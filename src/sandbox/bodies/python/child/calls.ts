/**
 * A look at the agent from outside: one of its methods is called, as a line of its own would call it, or a name is read. What
 * comes of it leaves as plain data.
 */

import type { Told } from "../../../host/reply.ts";
import type { Agent } from "./agent.ts";
import type { Machine, Objects } from "./types.ts";

/** A `Told` as JSON: it is put together as text, in which a negative zero stays one. */
type ToldText = string;

/** What came of one call. */
interface Call {
  answer: ToldText;
  given: ToldText | null;
}

/** Asks the agent in memory. */
export interface Calls {
  has(method: string): boolean;
  read(name: string): ToldText;
  /** Calls a method; `given`: the arguments as it left them, null where it could change none. */
  call(method: string, list: readonly unknown[]): Call;
  /** Asks with each list until one call is stopped, which is told by null. Gives `Called.told` as JSON. */
  all(lists: readonly (readonly unknown[])[], ask: (list: readonly unknown[]) => Call | null): string;
}

/** Makes what asks. */
export type MakeCalls = (machine: Machine, objects: Objects, agent: Agent) => Calls;

(() => {
  const scope = globalThis as unknown as { makeCalls: MakeCalls };
  const words = "answer value result outcome total items first second third left right more".split(" ");

  scope.makeCalls = (machine, objects, agent) => {
    const told = (one: Exclude<Told, { kind: "value" }>): ToldText => JSON.stringify(one);
    const valueText = (text: string): ToldText => `{"kind":"value","value":${text}}`;
    const toldOf = (object: number): ToldText => {
      const plain = objects.plain(object);
      return "text" in plain ? valueText(plain.text) : told({ kind: "odd", what: plain.odd });
    };
    /** Names that the agent has not, and that a program might give. */
    const freshNames = (count: number): string[] => {
      const names: string[] = [];
      for (let i = 0; names.length < count; i++) {
        const word = words[i % words.length]!;
        const name = i < words.length ? word : `${word}_${Math.floor(i / words.length)}`;
        if (agent.find(name) === 0) names.push(name);
      }
      return names;
    };
    const isSimple = (value: unknown): boolean => typeof value !== "object" || value === null;

    return {
      has: (method) => {
        const found = agent.find(method);
        return found !== 0 && machine.c.PyCallable_Check(found) !== 0;
      },
      read(name) {
        const found = agent.find(name);
        return found === 0 ? told({ kind: "odd", what: "nothing: the agent has no such name" }) : toldOf(found);
      },
      all(lists, ask) {
        let stopped = false;
        const made = lists.map((list): Call => {
          if (stopped) return { answer: told({ kind: "uncalled" }), given: null };
          const one = ask(list);
          stopped = one === null;
          return one ?? { answer: told({ kind: "waits" }), given: null };
        });
        const [answers, given] = [made.map(({ answer }) => answer), made.map((one) => one.given ?? "null")];
        return `{"kind":"answers","answers":[${answers.join(",")}],"given":[${given.join(",")}]}`;
      },
      call(method, list) {
        const [to, ...names] = freshNames(1 + list.length);
        const access = /^[A-Za-z_]\w*$/.test(method) ? `self.${method}` : `self.__dict__[${literal(method)}]`;
        const simple = list.every(isSimple);
        const lines = simple ? [] : list.map((one, i) => `${names[i]} = ${literal(one)}`);
        const args = simple ? list.map(literal) : names;
        const error = agent.asNewborn([...lines, `${to} = ${access}(${args.join(", ")})`].join("\n"));
        const found = agent.find(to!);
        const answer =
          error === null
            ? toldOf(found === 0 ? objects.none : found)
            : told({ kind: "threw", error: { name: error.name, message: error.message, line: null } });
        const left = simple ? null : givenOf(names);
        for (const name of [to!, ...names]) agent.remove(name);
        return { answer, given: left };
      },
    };

    function givenOf(names: readonly string[]): ToldText {
      const parts = names.map((name) => {
        const found = agent.find(name);
        return found === 0 ? { odd: "nothing" } : objects.plain(found);
      });
      const odd = parts.find((one) => "odd" in one);
      if (odd !== undefined && "odd" in odd) return told({ kind: "odd", what: odd.odd });
      return valueText(`[${parts.map((one) => ("text" in one ? one.text : "null")).join(",")}]`);
    }
  };

  /** JSON data as Python writes it. */
  function literal(value: unknown): string {
    if (value === null || value === undefined) return "None";
    if (typeof value === "boolean") return value ? "True" : "False";
    if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
    if (typeof value !== "object") return JSON.stringify(value);
    return `{${Object.entries(value)
      .map(([key, one]) => `${JSON.stringify(key)}: ${literal(one)}`)
      .join(", ")}}`;
  }
})();
