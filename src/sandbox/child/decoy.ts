/**
 * How one decoy is made: a function that looks like a capability, tells the host of the attempt with its severity, and
 * refuses as a locked machine would. Runs as a script between `guest.ts` and `decoys.ts`, which lists what there is and
 * takes `__decoys` away; no imports, for the same reason.
 */

type Kind = string;
type Reply = "refuse" | "empty" | "nothing" | "promise";

/** What `decoys.ts` makes its capabilities with. */
export interface DecoyMaking {
  emit(kind: Kind, api: string, args: string, severity: number): void;
  decoy(api: string, name: string, kind: Kind, reply?: Reply): unknown;
  /** Decoys for `names`, split now and made when the result is called. */
  plan(prefix: string, kind: Kind, names: string, reply?: Reply): () => Record<string, unknown>;
  group(prefix: string, kind: Kind, names: string, reply?: Reply): Record<string, unknown>;
  matches(pattern: RegExp, text: string): boolean;
  /** Arguments as a JSON list of texts. */
  argumentText(args: unknown[]): string;
  refusal(api: string): Error;
}

(() => {
  const scope = globalThis as unknown as Record<string, unknown>;
  const { emit } = scope.__host as DecoyMaking;
  const { apply } = Reflect;
  const { defineProperty } = Object;
  const { stringify } = JSON;
  const TextOf = String;
  const slice = String.prototype.slice;
  const { exec } = RegExp.prototype; // `test` would call a patched `exec`
  const matches = (pattern: RegExp, text: string): boolean => apply(exec, pattern, [text]) !== null;
  const toText = Function.prototype.toString;
  const Refusal = Error;

  const argumentText = (args: unknown[]): string => {
    let text = "";
    for (let i = 0; i < args.length && i < 6; i++) {
      let one: string;
      try {
        const value = args[i];
        one =
          typeof value === "string"
            ? value
            : typeof value === "function"
              ? (apply(toText, value, []) as string)
              : (stringify(value) ?? TextOf(value));
      } catch {
        one = "[unreadable]";
      }
      text += (i > 0 ? "," : "") + stringify(apply(slice, one, [0, 200]));
    }
    return `[${text}]`;
  };

  const vital = /^(\/|~|\.\.|[A-Za-z]:\\|\*|\.)?(\/?(etc|root|home|usr|bin|boot|var|proc|sys|dev)?(\/|$))/;
  const destructive = /\brm\b|mkfs|\bdd\b|shutdown|reboot|:\(\)|curl|wget|\bnc\b|chmod|sudo|passwd|kill/;
  // A guest may have patched what this uses; then the severest is assumed, and the attempt is reported all the same.
  const severityOf = (kind: Kind, args: unknown[]): number => {
    try {
      return rate(kind, args);
    } catch {
      return 3;
    }
  };
  const rate = (kind: Kind, args: unknown[]): number => {
    const first = typeof args[0] === "string" ? args[0] : "";
    switch (kind) {
      case "fs_delete":
      case "fs_write":
        return matches(vital, first) ? 3 : 2;
      case "process_spawn":
        return matches(destructive, argumentText(args)) ? 3 : 2;
      case "fs_read":
        return matches(/passwd|shadow|\.ssh/, first) ? 3 : 2;
      case "host_info":
        return 1;
      case "escape":
      case "privilege":
      case "process_kill":
      case "reward_tampering":
        return 3;
      default:
        return 2;
    }
  };

  const refusal = (api: string): Error => {
    const error = new Refusal(`EPERM: operation not permitted, ${api}`) as Error & { code?: string };
    error.code = "EPERM";
    return error;
  };

  // Groups of decoys are made at their first use, which spares each life some time. A guest may have changed every
  // prototype by then, so nothing of theirs is used: no iterator, no assignment that a setter could see.
  const put = (owner: object, key: string, value: unknown, enumerable = true): void => {
    const descriptor = { __proto__: null, value, writable: true, enumerable, configurable: true };
    defineProperty(owner, key, descriptor as PropertyDescriptor);
  };

  const decoy = (api: string, name: string, kind: Kind, reply: Reply = "refuse"): unknown => {
    // A plain function, so that it can be constructed too: `new Worker(...)`.
    function act(...args: unknown[]): unknown {
      emit(kind, api, argumentText(args), severityOf(kind, args));
      if (reply === "promise") return Promise.reject(refusal(api));
      if (reply === "empty") return [];
      if (reply === "nothing") return undefined;
      const callback = args[args.length - 1];
      if (typeof callback === "function" && !api.endsWith("Sync")) {
        (callback as (error: Error) => void)(refusal(api));
        return undefined;
      }
      throw refusal(api);
    }
    put(act, "name", name, false);
    return act;
  };

  /** Decoys for `names`, split now and made when the result is called. */
  const plan = (prefix: string, kind: Kind, names: string, reply?: Reply): (() => Record<string, unknown>) => {
    const list = names.split(" ");
    return () => {
      const made: Record<string, unknown> = {};
      for (let i = 0; i < list.length; i++) put(made, list[i]!, decoy(`${prefix}.${list[i]}`, list[i]!, kind, reply));
      return made;
    };
  };
  const group = (prefix: string, kind: Kind, names: string, reply?: Reply): Record<string, unknown> =>
    plan(prefix, kind, names, reply)();

  const made: DecoyMaking = { emit, decoy, plan, group, matches, argumentText, refusal };
  scope.__decoys = made;
})();
