/**
 * How the host asks an agent from outside: it calls a method once for each input, or reads an attribute, and brings the
 * answers out as text. Every intrinsic is captured before guest code runs. Runs as a script between `plain.ts` and
 * `guest.ts`, which takes `__inquiry` away; no imports but types, for the same reason.
 */

import type { PlainOf } from "./plain.ts";
import type { Values } from "./values.ts";

/** Makes what the host calls, for one agent: `inquire` runs the calls, `answered` tells after their promises. */
export type MakeInquiry = (self: object) => {
  inquire(name: string, lists: string): string;
  answered(): string;
};

/** What the host asked for last: what each call gave, or threw, and how many were begun. */
interface Asked {
  answers: unknown[];
  failures: unknown[];
  total: number;
  begun: number;
}

(() => {
  const scope = globalThis as unknown as Record<string, unknown>;
  const { readOwn, errorText, put } = scope.__values as Values;
  const plainOf = scope.__plain as PlainOf;
  delete scope.__plain;
  const { apply, getOwnPropertyDescriptor } = Reflect;
  const { parse } = JSON;
  const { then } = Promise.prototype;
  /** In place of what has not come yet. */
  const pending = {};

  /** One call after the other; what one throws, or promises, is its own. */
  const callEach = (self: object, one: Asked, method: () => unknown, all: unknown[][]): void => {
    const { answers, failures } = one;
    for (let i = 0; i < all.length; i++) {
      const fail = (thrown: unknown): void => put(failures, i, errorText(thrown));
      one.begun = i + 1;
      // Pending until it has returned: a call that was stopped has not.
      put(answers, i, pending);
      put(failures, i, null);
      try {
        const answer = apply(method, self, all[i]!) as unknown;
        put(answers, i, answer);
        if (typeof answer !== "object" || answer === null) continue;
        try {
          apply(then, answer, [(value: unknown) => put(answers, i, value), fail]);
          put(answers, i, pending);
        } catch {} // no promise
      } catch (thrown) {
        fail(thrown);
      }
    }
  };

  const answerText = (answer: unknown, failure: unknown): string => {
    if (typeof failure === "string") return `{"threw":${failure}}`;
    if (answer === pending) return `{"waits":true}`;
    return plainOf(answer);
  };

  const makeInquiry: MakeInquiry = (self) => {
    let asked: Asked | null = null;

    /** For the host: calls one of the agent's methods once for each list of arguments, or reads an attribute. */
    const inquire = (name: string, lists: string): string => {
      asked = null;
      const one: Asked = { answers: [], failures: [], total: 1, begun: 0 };
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
        const all = parse(lists) as unknown[][];
        one.total = all.length;
        asked = one;
        callEach(self, one, found as () => unknown, all);
      }
      asked = one;
      return "";
    };

    /** What came of it, after the promises that were returned: a list of JSON objects, one an answer. */
    const answered = (): string => {
      if (asked === null) return "missing:";
      const { answers, failures, total, begun } = asked;
      let text = "";
      for (let i = 0; i < total; i++)
        text += (i > 0 ? "," : "") + (i < begun ? answerText(answers[i], failures[i]) : "{}");
      return `=[${text}]`;
    };

    return { inquire, answered };
  };
  scope.__inquiry = makeInquiry;
})();
