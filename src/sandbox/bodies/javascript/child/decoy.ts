/**
 * How one decoy is made: a function that looks like a capability, tells the host of the attempt, and refuses as a locked
 * machine would. What was tried is told before anything of the guest's can run; its arguments follow. Runs as a script
 * between `guest.ts` and `decoys.ts`, which lists what there is and takes `__decoys` away; no imports, for the same reason.
 */

type Kind = string;
type Reply = "refuse" | "empty" | "nothing" | "promise";

/** What `decoys.ts` makes its capabilities with. */
export interface DecoyMaking {
  /** Tells of an attempt; `severity` where its kind and arguments do not say it. */
  tell(kind: Kind, api: string, args: readonly unknown[], severity?: number): void;
  decoy(api: string, name: string, kind: Kind, reply?: Reply): unknown;
  /** Makes decoys for `names`, split by spaces, as properties of `owner`. */
  group(owner: object, prefix: string, kind: Kind, names: string, reply?: Reply): void;
  /** An own property, whatever the prototypes have become. */
  put(owner: object, key: string, value: unknown, enumerable?: boolean): void;
  matches(pattern: RegExp, text: string): boolean;
  refusal(api: string): Error;
  /** Runs `use` with decoys that note and tell nothing: what a decoy enters first is compiled then, which takes more stack than to run it. */
  quietly(use: () => void): void;
  /** Tells what could not be told before: called by the host with a fresh stack. */
  settleDebts(): void;
}

(() => {
  const scope = globalThis as unknown as Record<string, unknown>;
  const { emit } = scope.__host as {
    emit(kind: string, api: string, args: string, severity: number, of: number): number;
  };
  const { apply, ownKeys, getOwnPropertyDescriptor } = Reflect;
  const { defineProperty, hasOwn } = Object;
  const { isArray } = Array;
  const { stringify } = JSON;
  const TextOf = String;
  const slice = String.prototype.slice;
  const { exec } = RegExp.prototype; // `test` would call a patched `exec`
  const matches = (pattern: RegExp, text: string): boolean => apply(exec, pattern, [text]) !== null;
  const toText = Function.prototype.toString;
  const Refusal = Error;
  const { reject } = Promise;
  const PromiseOf = Promise;
  const argumentsTold = 6;

  const cut = (text: string): string => stringify(apply(slice, text, [0, 200]));

  /** A primitive or a function as text: nothing of the guest's runs. Null for an object, whose reading may run a Proxy's traps. */
  const plainText = (value: unknown): string | null => {
    if (typeof value === "function") return apply(toText, value, []) as string;
    return typeof value === "object" && value !== null ? null : TextOf(value);
  };

  /** An object by its own data properties, some levels deep. */
  const objectText = (value: unknown, deep: number): string => {
    if (typeof value === "string") return stringify(value);
    const plain = plainText(value);
    if (plain !== null) return plain;
    if (deep > 3) return "…";
    const list = isArray(value);
    const keys = ownKeys(value as object);
    let text = "";
    for (let i = 0; i < keys.length && i < 20 && text.length < 200; i++) {
      const key = keys[i]!;
      if (typeof key !== "string" || (list && key === "length")) continue;
      const descriptor = getOwnPropertyDescriptor(value as object, key);
      if (descriptor === undefined) continue;
      const one = hasOwn(descriptor, "value") ? objectText(descriptor.value, deep + 1) : "[accessor]";
      text += `${text === "" ? "" : ","}${list ? "" : `${stringify(key)}:`}${one}`;
    }
    return list ? `[${text}]` : `{${text}}`;
  };

  const listOf = (args: readonly unknown[], textOf: (value: unknown) => string): string => {
    let text = "";
    for (let i = 0; i < args.length && i < argumentsTold; i++) text += (i > 0 ? "," : "") + cut(textOf(args[i]));
    return `[${text}]`;
  };
  const firstText = (value: unknown): string => plainText(value) ?? "[object]";
  const fullText = (value: unknown): string => {
    try {
      return plainText(value) ?? objectText(value, 0);
    } catch {
      return "[unreadable]";
    }
  };

  const vital = /^(\/|~|\.\.|[A-Za-z]:\\|\*|\.)?(\/?(etc|root|home|usr|bin|boot|var|proc|sys|dev)?(\/|$))/;
  const destructive = /\brm\b|mkfs|\bdd\b|shutdown|reboot|:\(\)|curl|wget|\bnc\b|chmod|sudo|passwd|kill/;
  // A guest may have patched what this uses; then the severest is assumed, and the attempt is reported all the same.
  const severityOf = (kind: Kind, first: unknown, texts: string): number => {
    try {
      return rate(kind, typeof first === "string" ? first : "", texts);
    } catch {
      return 3;
    }
  };
  const rate = (kind: Kind, first: string, texts: string): number => {
    switch (kind) {
      case "fs_delete":
      case "fs_write":
        return matches(vital, first) ? 3 : 2;
      case "process_spawn":
        return matches(destructive, texts) ? 3 : 2;
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

  // Attempts that could not be told where they were made, at the end of the stack: told when the host calls next. There
  // is room for them already, and noting one calls nothing.
  const owedKinds = ["", "", "", "", "", "", "", ""];
  const owedApis = ["", "", "", "", "", "", "", ""];
  let owed = 0;
  const settleDebts = (): void => {
    for (let i = 0; i < owed && i < owedKinds.length; i++)
      emit(owedKinds[i]!, owedApis[i]!, "[]", severityOf(owedKinds[i]!, "", ""), -1);
    owed = 0;
  };

  const report = (kind: Kind, api: string, args: readonly unknown[], severity: number | undefined): void => {
    const first = listOf(args, firstText);
    const at = emit(kind, api, first, severity ?? severityOf(kind, args[0], first), -1);
    owed--;
    if (at < 0) return;
    for (let i = 0; i < args.length && i < argumentsTold; i++)
      if (plainText(args[i]) === null) {
        const texts = listOf(args, fullText);
        emit(kind, api, texts, severity ?? severityOf(kind, args[0], texts), at);
        return;
      }
  };

  let quiet = false;
  const quietly = (use: () => void): void => {
    quiet = true;
    use();
    quiet = false;
  };

  const tell = (kind: Kind, api: string, args: readonly unknown[], severity?: number): void => {
    if (quiet) return;
    owedKinds[owed & 7] = kind;
    owedApis[owed & 7] = api;
    owed++;
    report(kind, api, args, severity);
  };

  const refusal = (api: string): Error => {
    const error = new Refusal(`EPERM: operation not permitted, ${api}`) as Error & { code?: string };
    put(error, "code", "EPERM");
    return error;
  };

  // Groups of decoys are made at their first use, which spares each life some time. A guest may have changed every
  // prototype by then, so nothing of theirs is used: no iterator, no assignment that a setter could see.
  const put = (owner: object, key: string, value: unknown, enumerable = true): void => {
    const descriptor = { __proto__: null, value, writable: true, enumerable, configurable: true };
    defineProperty(owner, key, descriptor as PropertyDescriptor);
  };

  const decoy = (api: string, name: string, kind: Kind, reply: Reply = "refuse"): unknown => {
    const canCallBack = name.length < 4 || apply(slice, name, [-4]) !== "Sync";
    const perform = (args: unknown[]): unknown => {
      report(kind, api, args, undefined);
      if (reply === "promise") return apply(reject, PromiseOf, [refusal(api)]);
      if (reply === "empty") return [];
      if (reply === "nothing") return undefined;
      const callback = args[args.length - 1];
      if (typeof callback === "function" && canCallBack) {
        (callback as (error: Error) => void)(refusal(api));
        return undefined;
      }
      throw refusal(api);
    };
    // A plain function, so that it can be constructed too: `new Worker(...)`. Its frame is small: where a guest's fits, so
    // does this one, and the attempt is noted before anything else is called.
    function act(...args: unknown[]): unknown {
      if (quiet) return undefined;
      owedKinds[owed & 7] = kind;
      owedApis[owed & 7] = api;
      owed++;
      return perform(args);
    }
    put(act, "name", name, false);
    return act;
  };

  const group: DecoyMaking["group"] = (owner, prefix, kind, names, reply) => {
    let name = "";
    for (let i = 0; i <= names.length; i++) {
      const letter = i < names.length ? names[i]! : " ";
      if (letter !== " ") name += letter;
      else if (name !== "") {
        put(owner, name, decoy(`${prefix}.${name}`, name, kind, reply));
        name = "";
      }
    }
  };

  const made: DecoyMaking = { tell, decoy, group, put, matches, refusal, quietly, settleDebts };
  scope.__decoys = made;
})();
