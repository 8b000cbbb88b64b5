/**
 * Many players ask a policy one by one, and it is asked once for all of them: a language model draws for many about as fast
 * as for one. A call goes out when everyone who plays waits for it. What is drawn for a player depends on its own stream, so
 * it is the same whoever else is asked for.
 */

import type { Action, Policy } from "./types.ts";

/** A policy behind which calls are gathered. */
export interface Gathering<Observation> {
  /** Somebody begins to play, and will ask or leave. */
  join(): void;
  leave(): void;
  /** As the policy's own; `order` says where in the common call these rows stand. */
  act(order: number, ...asked: Parameters<Policy<Observation>["act"]>): Promise<Action[]>;
}

interface Call<Observation> {
  order: number;
  asked: Parameters<Policy<Observation>["act"]>;
  resolve: (actions: Action[]) => void;
  reject: (error: unknown) => void;
}

/** Gathers the calls of those who have joined. */
export function gather<Observation>(policy: Policy<Observation>): Gathering<Observation> {
  let players = 0;
  let waiting: Call<Observation>[] = [];
  const askOnce = async (calls: readonly Call<Observation>[]): Promise<void> => {
    try {
      const observations = calls.flatMap(({ asked }) => asked[0]);
      const actions = await policy.act(
        observations,
        calls.flatMap(({ asked }) => asked[1]),
      );
      let given = 0;
      for (const { asked, resolve } of calls) {
        resolve(actions.slice(given, given + asked[0].length));
        given += asked[0].length;
      }
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  };
  const look = (): void => {
    if (waiting.length === 0 || waiting.length < players) return;
    const calls = waiting.sort((a, b) => a.order - b.order);
    waiting = [];
    void askOnce(calls);
  };
  return {
    join() {
      players++;
    },
    leave() {
      // Who ends one episode begins the next in a moment, and is then waited for.
      setImmediate(() => {
        players--;
        look();
      });
    },
    act: (order, ...asked) =>
      new Promise((resolve, reject) => {
        waiting.push({ order, asked, resolve, reject });
        look();
      }),
  };
}
