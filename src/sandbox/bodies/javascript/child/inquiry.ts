/**
 * How the host asks an agent from outside: it calls a method once for each input, or reads an attribute, and brings the
 * answers out as text. Every intrinsic is captured before guest code runs. Runs as a script between `plain.ts` and
 * `guest.ts`, which takes `__inquiry` away; no imports but types, for the same reason.
 */

import type { PlainOf } from "./plain.ts";
import type { Values } from "./values.ts";

/**
 * Makes what the host calls, for one agent: `inquire` gives the programs that make the calls, which are run like any step's,
 * so that a method cannot know the host by its receiver or its callers; `answered` tells after their promises.
 */
export type MakeInquiry = (self: object) => {
  inquire(name: string, lists: string): string;
  answered(): string;
  /** The next call begins; gives its number. */
  next(): number;
  gave(i: number, value: unknown): void;
  threw(i: number, thrown: unknown): void;
  /** What it gave is a promise: the answer comes later. */
  promised(i: number): void;
  /** Makes a call that no program can say. */
  direct(i: number): unknown;
  /** What a call gave, apart from the arguments that its program gives back beside it. */
  taken(i: number, answer: unknown): unknown;
};

/** Calls as the child sends them: each program in two parts, between which the agent stands. */
export interface Calls {
  lists: readonly (readonly unknown[])[];
  programs: readonly (readonly [before: string, after: string])[];
}

/** What the host asked for last: what each call gave, or threw, and how many were begun. */
interface Asked {
  answers: unknown[];
  failures: unknown[];
  /** For each call its arguments as it left them, null where it could change none. */
  given: unknown[];
  watched: boolean[];
  /** Which gave a promise. */
  later: boolean[];
  total: number;
  begun: number;
}

(() => {
  const scope = globalThis as unknown as Record<string, unknown>;
  const { quote, readOwn, errorText, put } = scope.__values as Values;
  const plainOf = scope.__plain as PlainOf;
  delete scope.__plain;
  const { apply, getOwnPropertyDescriptor } = Reflect;
  const { parse } = JSON;
  /** In place of what has not come yet. */
  const pending = {};

  const answerText = (answer: unknown, failure: unknown): string => {
    if (typeof failure === "string") return `{"kind":"threw","error":${failure}}`;
    if (answer === pending) return `{"kind":"waits"}`;
    return plainOf(answer);
  };

  /** The programs of the calls as a list of texts; notes which of them give their arguments back. */
  const programsOf = (one: Asked, programs: [string, string][], agent: string): string => {
    let list = "";
    for (let i = 0; i < programs.length; i++) {
      const before = programs[i]![0];
      const after = programs[i]![1];
      put(one.watched, i, before !== "");
      list += (i > 0 ? "," : "") + quote(after === "" ? "" : `${before === "" ? "return " : before}${agent}${after}`);
    }
    return `[${list}]`;
  };

  /** What a call gave. Of a program that gives its arguments back it is an array literal of ours: the answer, then these. */
  const takeFrom = (one: Asked, i: number, answer: unknown): unknown => {
    if (one.watched[i] !== true) return answer;
    const given: unknown[] = [];
    const total = (answer as unknown[]).length;
    for (let k = 1; k < total; k++) put(given, k - 1, readOwn(answer as object, `${k}`));
    put(one.given, i, given);
    return readOwn(answer as object, "0");
  };

  const makeInquiry: MakeInquiry = (self) => {
    let asked: Asked | null = null;
    let direct = (_: number): unknown => undefined;

    /** For the host: calls one of the agent's methods once for each list of arguments, or reads an attribute. */
    const inquire = (name: string, lists: string): string => {
      asked = null;
      const one: Asked = { answers: [], failures: [], given: [], watched: [], later: [], total: 1, begun: 0 };
      const state = readOwn(self, "state");
      const inState = typeof state === "object" && state !== null ? state : {};
      const isCall = lists !== "";
      const own = getOwnPropertyDescriptor(self, name) !== undefined;
      const found =
        own && (!isCall || typeof readOwn(self, name) === "function") ? readOwn(self, name) : readOwn(inState, name);
      if (!isCall) {
        put(one.answers, 0, found);
        put(one.failures, 0, null);
        one.begun = 1;
      } else if (typeof found !== "function") return "";
      else {
        const { lists: all, programs } = parse(lists) as { lists: unknown[][]; programs: [string, string][] };
        one.total = all.length;
        asked = one;
        const isOwn = own && readOwn(self, name) === found;
        direct = (i) => {
          put(one.given, i, all[i]);
          return apply(found as () => unknown, self, all[i]!) as unknown;
        };
        return programsOf(one, programs, isOwn ? "self" : "self.state");
      }
      asked = one;
      return "";
    };

    /** What came of it, after the promises that were returned, as JSON: `Called.told` of the host's `reply.ts`. */
    const answered = (): string => {
      if (asked === null) return '{"kind":"missing"}';
      const { answers, failures, given, later, total, begun } = asked;
      let text = "";
      let left = "";
      let promises = "";
      for (let i = 0; i < total; i++) {
        text += (i > 0 ? "," : "") + (i < begun ? answerText(answers[i], failures[i]) : '{"kind":"uncalled"}');
        const one = i < begun ? readOwn(given, `${i}`) : undefined;
        left += (i > 0 ? "," : "") + (one === undefined || one === null ? "null" : plainOf(one));
        if (i < begun && later[i] === true) promises += `${promises === "" ? "" : ","}${i}`;
      }
      return `{"kind":"answers","answers":[${text}],"given":[${left}],"later":[${promises}]}`;
    };

    const next = (): number => {
      const { answers, failures, begun } = asked!;
      asked!.begun = begun + 1;
      // Pending until it has returned: a call that was stopped has not.
      put(answers, begun, pending);
      put(failures, begun, null);
      put(asked!.later, begun, false);
      put(asked!.given, begun, null);
      return begun;
    };
    return {
      inquire,
      answered,
      next,
      gave: (i, value) => put(asked!.answers, i, value),
      threw: (i, thrown) => put(asked!.failures, i, errorText(thrown)),
      promised: (i) => put(asked!.later, i, true),
      direct: (i) => direct(i),
      taken: (i, answer) => takeFrom(asked!, i, answer),
    };
  };
  scope.__inquiry = makeInquiry;
})();
