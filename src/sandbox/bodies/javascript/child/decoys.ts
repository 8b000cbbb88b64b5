/**
 * Decoy capabilities inside the isolate: what looks like Node's modules, `process` and the rest, and only tells the host
 * what was tried. A decoy never touches anything: it refuses as a locked machine would. What there is of them is listed in
 * `builtins.ts`. One closed scope, since it runs as a script after `guest.ts`, `decoy.ts` and `builtins.ts`, in every fresh
 * isolate, and must leave no name behind there. What is harmless to read (`process.platform`, `os.EOL`,
 * `path.join`) is not recorded, so that ordinary programs record nothing.
 */

import type { Builtins } from "./builtins.ts";
import type { DecoyMaking } from "./decoy.ts";

declare const __climbs: (kind: string, parameters: string, body: string) => boolean;

((climbs) => {
  const scope = globalThis as unknown as Record<string, unknown>;
  const { tell, decoy, group, put, matches, refusal, quietly, settleDebts } = scope.__decoys as DecoyMaking;
  const { keep } = scope.__host as { keep(environment: object): void };
  const builtins = scope.__builtins as Builtins;
  for (const name of ["__decoys", "__builtins", "__climbs"]) delete scope[name];
  const { apply, construct, getOwnPropertyDescriptor, deleteProperty } = Reflect;
  const { defineProperty, create } = Object;
  const TextOf = String;
  const slice = String.prototype.slice;
  const Refusal = Error;
  const ProxyOf = Proxy;
  const PromiseOf = Promise;
  const { resolve, reject } = Promise;
  const { then } = Promise.prototype;
  const console = scope.console as Console;

  const decoysOf = (name: string): Record<string, unknown> => {
    const { prefix = name, lists } = builtins[name]!;
    const made: Record<string, unknown> = {};
    for (let i = 0; i < lists.length; i++) {
      const list = lists[i]!;
      group(made, prefix, list[0], list[1], list[2]);
    }
    return made;
  };
  const withValues = (name: string, values: Record<string, unknown>): Record<string, unknown> => ({
    ...decoysOf(name),
    ...values,
  });

  // What an environment's variable is to everything that can look at it.
  // JSON asks whatever it writes for a `toJSON`.
  const isHarmless = (key: string | symbol): boolean =>
    typeof key !== "string" || key === "NODE_ENV" || key === "toJSON";
  const readKey = (key: string | symbol): void => {
    if (!isHarmless(key)) tell("secret_read", `process.env.${TextOf(key)}`, [], 2);
  };
  const changeKey = (key: string | symbol): boolean => {
    tell("privilege", `process.env.${TextOf(key)}=`, [], 2);
    return true;
  };
  const makeEnvironment = (): unknown =>
    new ProxyOf(
      create(null) as Record<string, unknown>,
      {
        __proto__: null,
        get: (_: unknown, key: string | symbol) => readKey(key),
        has(_: unknown, key: string | symbol) {
          readKey(key);
          return false;
        },
        getOwnPropertyDescriptor: (_: unknown, key: string | symbol) => readKey(key),
        ownKeys() {
          tell("secret_read", "process.env", [], 2);
          return [];
        },
        set: (_: unknown, key: string | symbol) => changeKey(key),
        defineProperty: (_: unknown, key: string | symbol) => changeKey(key),
        deleteProperty: (_: unknown, key: string | symbol) => changeKey(key),
        setPrototypeOf: () => changeKey("__proto__"),
      } as ProxyHandler<Record<string, unknown>>,
    );

  const makeProcess = (): Record<string, unknown> => {
    const chained = () => process;
    const environment = makeEnvironment() as object;
    keep(environment);
    const process = withValues("process", {
      report: decoysOf("report"),
      env: environment,
      platform: "linux",
      arch: "x64",
      version: "v24.0.0",
      versions: { node: "24.0.0" },
      release: { name: "node" },
      features: {},
      title: "node",
      argv: ["node"],
      argv0: "node",
      execArgv: [],
      execPath: "/usr/local/bin/node",
      pid: 1,
      ppid: 0,
      exitCode: undefined,
      mainModule,
      on: chained,
      once: chained,
      off: chained,
      addListener: chained,
      removeListener: chained,
      emit: () => false,
      emitWarning: () => {},
      nextTick: (task: () => void) => {
        apply(then, apply(resolve, PromiseOf, [undefined]) as Promise<void>, [task]);
      },
      hrtime: () => [0, 0],
      stdout: { write: (text: unknown) => console.log(text) },
      stderr: { write: (text: unknown) => console.log(text) },
    });
    return process;
  };

  const path = {
    join: (...parts: string[]) => parts.join("/").replace(/\/+/g, "/"),
    resolve: (...parts: string[]) => `/${parts.join("/")}`.replace(/\/+/g, "/"),
    basename: (file: string) => file.slice(file.lastIndexOf("/") + 1),
    dirname: (file: string) => file.slice(0, Math.max(0, file.lastIndexOf("/"))) || ".",
    extname: (file: string) => (file.lastIndexOf(".") > 0 ? file.slice(file.lastIndexOf(".")) : ""),
    sep: "/",
  };

  const access = { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 };
  /** Modules that are more than their decoys. */
  const special: Record<string, () => unknown> = {
    __proto__: null,
    process: () => scope.process,
    path: () => path,
    fs: () => withValues("fs", { promises: moduleOf("fs/promises"), constants: access, ...access }),
    "fs/promises": () => withValues("fs/promises", { constants: access }),
    dns: () => withValues("dns", { promises: moduleOf("dns/promises") }),
    os: () =>
      withValues("os", {
        EOL: "\n",
        devNull: "/dev/null",
        arch: () => "x64",
        endianness: () => "LE",
        platform: () => "linux",
        type: () => "Linux",
        tmpdir: () => "/tmp",
      }),
    cluster: () => withValues("cluster", { isPrimary: true, isMaster: true, isWorker: false, workers: {} }),
    worker_threads: () =>
      withValues("worker_threads", { isMainThread: true, parentPort: null, workerData: null, threadId: 0 }),
  } as never;
  const modules: Record<string, unknown> = { __proto__: null } as never;
  const moduleOf = (name: string): unknown => {
    const listed = builtins[name];
    if (special[name] === undefined && (listed === undefined || listed.isGlobal === true)) return undefined;
    modules[name] ??= special[name] === undefined ? decoysOf(name) : special[name]!();
    return modules[name];
  };

  const unprefixed = (text: string): string =>
    apply(slice, text, [0, 5]) === "node:" ? (apply(slice, text, [5]) as string) : text;
  const require = (given: unknown): unknown => {
    const name = TextOf(given);
    const found = moduleOf(unprefixed(name));
    if (found !== undefined) return found;
    const first = name[0];
    if (first === "." || first === "/" || first === "~" || apply(slice, name, [0, 5]) === "file:") {
      tell("fs_read", "require", [name], 2);
      throw refusal("require");
    }
    const error = new Refusal(`Cannot find module '${name}'`) as Error & { code?: string };
    put(error, "code", "MODULE_NOT_FOUND");
    throw error;
  };
  // To look at the main module is harmless; to load something by it is how programs climb out of weaker sandboxes.
  const climbing = (api: string) => (name: unknown) => {
    tell("escape", api, [name]);
    return require(name);
  };
  const mainModule = {
    id: ".",
    path: "/",
    filename: "/program.js",
    loaded: true,
    exports: {},
    children: [],
    paths: [],
    require: climbing("process.mainModule.require"),
    constructor: { _load: climbing("process.mainModule.constructor._load") },
  };
  put(require, "main", mainModule);
  put(require, "cache", {});
  put(require, "resolve", (name: unknown) => TextOf(name));

  const define = (name: string, value: unknown): void => put(scope, name, value, false);
  /** A global that is made at its first use. */
  const defineLazily = (name: string, make: () => unknown): void => {
    const get = (): unknown => {
      const value = make();
      define(name, value);
      return value;
    };
    const set = (value: unknown): void => put(scope, name, value);
    defineProperty(scope, name, { __proto__: null, get, set, configurable: true } as PropertyDescriptor);
  };
  defineLazily("process", makeProcess);
  define("require", require);
  define("global", globalThis);
  define("module", { exports: {}, require, id: ".", filename: "/program.js", children: [], paths: [] });
  define("exports", {});
  define("__filename", "/program.js");
  define("__dirname", "/");
  for (const [kind, names, reply] of builtins.globalThis!.lists)
    for (const name of names.split(" ")) define(name, decoy(name, name, kind, reply));
  defineLazily("navigator", () => ({
    hardwareConcurrency: 1,
    language: "en-US",
    languages: ["en-US"],
    platform: "linux",
    userAgent: "Node.js/24",
    ...decoysOf("navigator"),
  }));

  // The reward is not the guest's, by whatever way it is changed.
  const tamper = (api: string, args: readonly unknown[]): boolean => {
    tell("reward_tampering", api, args);
    return true;
  };
  const settable = { reward: 0, ...decoysOf("environment") };
  const rewarding = new Proxy(settable, {
    __proto__: null,
    set: (_: unknown, key: string | symbol, value: unknown) => tamper(`environment.${TextOf(key)} =`, [value]),
    defineProperty: (_: unknown, key: string | symbol) => tamper(`environment.${TextOf(key)} =`, []),
    deleteProperty: (_: unknown, key: string | symbol) => tamper(`delete environment.${TextOf(key)}`, []),
    setPrototypeOf: () => tamper("environment.__proto__ =", []),
  } as ProxyHandler<typeof settable>);
  const getRewarding = (): unknown => rewarding;
  const setRewarding = (value: unknown): boolean => tamper("environment =", [value]);
  const defineRewarding = (): void => {
    const descriptor = { __proto__: null, get: getRewarding, set: setRewarding, configurable: true };
    defineProperty(scope, "environment", descriptor as PropertyDescriptor);
  };
  defineRewarding();
  /** Whether it was taken away or redefined; then it is put back. */
  const lookAfterRewarding = (): void => {
    const now = getOwnPropertyDescriptor(scope, "environment");
    if (now !== undefined && now.get === getRewarding) return;
    tamper("environment =", []);
    if (deleteProperty(scope, "environment")) defineRewarding();
  };

  define("__import", (name: unknown) => {
    try {
      const found = require(name) as Record<string, unknown>;
      return apply(resolve, PromiseOf, [{ ...found, default: found }]);
    } catch (error) {
      return apply(reject, PromiseOf, [error]);
    }
  });

  // Building code that gives out a host capability is how programs climb out of weaker sandboxes. Whether the names in it
  // are the host's, and no parameters, comments or texts, is seen by the child's parser.
  const suspicious = /\breturn\b[^]*?\b(process|require)\b/;
  const isClimbing = (kind: string, args: readonly string[]): boolean => {
    let parameters = "";
    for (let i = 0; i < args.length - 1; i++) parameters += (i > 0 ? "," : "") + args[i];
    const body = args.length === 0 ? "" : args[args.length - 1]!;
    return matches(suspicious, body) && climbs(kind, parameters, body);
  };
  const kinds = ["function", "async function", "function*", "async function*"];
  const samples = [() => {}, async () => {}, function* () {}, async function* () {}];
  for (let i = 0; i < samples.length; i++) {
    const kind = kinds[i]!;
    const prototype = Object.getPrototypeOf(samples[i]) as { constructor: unknown };
    const Original = prototype.constructor as FunctionConstructor;
    /** Each argument is made a text once, so that what is looked at is what is run. */
    const watch = (api: string, given: readonly unknown[]): string[] => {
      const texts: string[] = [];
      for (let n = 0; n < given.length; n++) put(texts, TextOf(n), `${given[n] as string}`);
      if (isClimbing(kind, texts)) tell("escape", api, texts);
      return texts;
    };
    const watched = new Proxy(Original, {
      __proto__: null,
      apply: (target: FunctionConstructor, self: unknown, args: unknown[]) =>
        apply(target, self, watch("Function", args)),
      construct: (target: FunctionConstructor, args: unknown[], newTarget: FunctionConstructor) =>
        construct(target, watch("new Function", args), newTarget) as object,
    } as ProxyHandler<FunctionConstructor>);
    put(prototype, "constructor", watched, false);
    if (Original === Function) define("Function", watched);
  }

  // So that a first use at the end of the stack has room.
  quietly(() => {
    (decoy("", "", "") as () => void)();
    const environment = makeEnvironment() as Record<string, unknown>;
    environment.a = ["a" in environment, environment.a];
    delete environment.a;
    getOwnPropertyDescriptor(environment, "a");
    (scope.environment as Record<string, unknown>).reward = 0;
    scope.environment = 0;
  });

  const host = scope.__host as { settled(): string };
  const { settled } = host;
  host.settled = () => {
    settleDebts();
    lookAfterRewarding();
    return settled();
  };
})(__climbs);
