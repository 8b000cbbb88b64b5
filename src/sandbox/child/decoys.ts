/**
 * Decoy capabilities inside the isolate: what looks like Node's `fs`, `child_process`, `process` and the rest, and only
 * tells the host what was tried. A decoy never touches anything: it refuses as a locked machine would. It runs as a
 * script after `guest.ts` and `decoy.ts`, in every fresh isolate. What is harmless to read (`process.platform`, `os.EOL`, `path.join`)
 * is not recorded, so that ordinary programs record nothing.
 */

import type { DecoyMaking } from "./decoy.ts";

(() => {
  const scope = globalThis as unknown as Record<string, unknown>;
  const { emit, decoy, plan, group, matches, argumentText, refusal } = scope.__decoys as DecoyMaking;
  delete scope.__decoys;
  const { apply } = Reflect;
  const TextOf = String;
  const slice = String.prototype.slice;
  const Refusal = Error;

  const reads = "readFile readdir stat lstat access open opendir readlink realpath watch";
  const writes = "writeFile appendFile mkdir mkdtemp copyFile cp rename chmod chown symlink link truncate utimes";
  const deletes = "rm rmdir unlink";
  const withSync = (names: string): string => `${names} ${names.replace(/(\w+)/g, "$1Sync")}`;
  const constants = { F_OK: 0, R_OK: 4, W_OK: 2, X_OK: 1 };
  const fsPromises = [
    plan("fs.promises", "fs_read", reads, "promise"),
    plan("fs.promises", "fs_write", writes, "promise"),
    plan("fs.promises", "fs_delete", deletes, "promise"),
  ] as const;
  const fsSync = [
    plan("fs", "fs_read", `${withSync(reads)} existsSync createReadStream watchFile readSync`),
    plan("fs", "fs_write", `${withSync(writes)} createWriteStream writeSync`),
    plan("fs", "fs_delete", withSync(deletes)),
  ] as const;
  const makePromises = (): unknown => ({ ...fsPromises[0](), ...fsPromises[1](), ...fsPromises[2]() });
  const makeFs = (): unknown => ({
    ...fsSync[0](),
    ...fsSync[1](),
    ...fsSync[2](),
    promises: moduleOf("fs/promises"),
    constants,
  });

  const network = (prefix: string, names: string) => plan(prefix, "network", names);
  const osDecoys = [
    plan("os", "host_info", "hostname userInfo networkInterfaces cpus homedir totalmem freemem loadavg uptime"),
    plan("os", "privilege", "setPriority"),
  ] as const;
  const makeOs = (): unknown => ({
    ...osDecoys[0](),
    ...osDecoys[1](),
    EOL: "\n",
    platform: () => "linux",
    type: () => "Linux",
    tmpdir: () => "/tmp",
  });

  const environment = new Proxy(Object.create(null) as Record<string, unknown>, {
    get(_, key) {
      if (typeof key === "string" && key !== "NODE_ENV") emit("secret_read", `process.env.${key}`, "[]", 2);
      return undefined;
    },
    ownKeys() {
      emit("secret_read", "process.env", "[]", 2);
      return [];
    },
    set(_, key) {
      emit("privilege", `process.env.${TextOf(key)}=`, "[]", 2);
      return true;
    },
  });

  const process: Record<string, unknown> = {
    ...group("process", "self_harm", "exit abort reallyExit"),
    ...group("process", "process_kill", "kill _kill"),
    ...group("process", "privilege", "setuid setgid seteuid setegid setgroups initgroups umask chdir"),
    ...group("process", "escape", "binding dlopen _linkedBinding getBuiltinModule"),
    ...group("process", "host_info", "cwd memoryUsage resourceUsage getuid getgid uptime"),
    env: environment,
    platform: "linux",
    arch: "x64",
    version: "v24.0.0",
    versions: { node: "24.0.0" },
    argv: ["node"],
    pid: 1,
    exitCode: undefined,
    on: () => process,
    once: () => process,
    emit: () => false,
    nextTick: (task: () => void) => Promise.resolve().then(task),
    hrtime: () => [0, 0],
    stdout: { write: (text: unknown) => (scope.console as Console).log(text) },
    stderr: { write: (text: unknown) => (scope.console as Console).log(text) },
  };

  const path = {
    join: (...parts: string[]) => parts.join("/").replace(/\/+/g, "/"),
    resolve: (...parts: string[]) => `/${parts.join("/")}`.replace(/\/+/g, "/"),
    basename: (file: string) => file.slice(file.lastIndexOf("/") + 1),
    dirname: (file: string) => file.slice(0, Math.max(0, file.lastIndexOf("/"))) || ".",
    extname: (file: string) => (file.lastIndexOf(".") > 0 ? file.slice(file.lastIndexOf(".")) : ""),
    sep: "/",
  };

  const makers: Record<string, () => unknown> = {
    __proto__: null,
    fs: makeFs,
    "fs/promises": makePromises,
    child_process: plan("child_process", "process_spawn", "exec execSync execFile execFileSync spawn spawnSync fork"),
    process: () => process,
    os: makeOs,
    path: () => path,
    http: network("http", "request get createServer"),
    https: network("https", "request get createServer"),
    http2: network("http2", "connect createServer"),
    net: network("net", "connect createConnection createServer Socket"),
    tls: network("tls", "connect createServer"),
    dns: network("dns", "lookup resolve resolve4 resolveTxt reverse"),
    dgram: network("dgram", "createSocket"),
    worker_threads: plan("worker_threads", "process_spawn", "Worker"),
    cluster: plan("cluster", "process_spawn", "fork setupPrimary"),
    vm: plan("vm", "escape", "runInThisContext runInNewContext runInContext Script createContext"),
    module: plan("module", "escape", "createRequire register _load"),
    inspector: plan("inspector", "escape", "open Session url"),
    v8: plan("v8", "escape", "setFlagsFromString writeHeapSnapshot deserialize"),
    repl: plan("repl", "escape", "start"),
  } as never;
  const made: Record<string, unknown> = { __proto__: null } as never;
  const moduleOf = (name: string): unknown => {
    const make = makers[name];
    if (make === undefined) return undefined;
    made[name] ??= make();
    return made[name];
  };

  const unprefixed = (name: unknown): string => {
    const text = TextOf(name);
    return apply(slice, text, [0, 5]) === "node:" ? (apply(slice, text, [5]) as string) : text;
  };
  const require = (name: unknown): unknown => {
    const found = moduleOf(unprefixed(name));
    if (found !== undefined) return found;
    const first = TextOf(name)[0];
    if (first === "." || first === "/" || first === "~" || apply(slice, TextOf(name), [0, 5]) === "file:") {
      emit("fs_read", "require", argumentText([name]), 2);
      throw refusal("require");
    }
    const error = new Refusal(`Cannot find module '${TextOf(name)}'`) as Error & { code?: string };
    error.code = "MODULE_NOT_FOUND";
    throw error;
  };
  Object.defineProperty(process, "mainModule", {
    get() {
      emit("escape", "process.mainModule", "[]", 3);
      return { require, constructor: { _load: require } };
    },
  });

  const define = (name: string, value: unknown): void => {
    Object.defineProperty(scope, name, { value, writable: true, configurable: true, enumerable: false });
  };
  define("require", require);
  define("process", process);
  define("global", globalThis);
  define("module", { exports: {}, require });
  define("exports", {});
  define("fetch", decoy("fetch", "fetch", "network", "promise"));
  define("WebSocket", decoy("WebSocket", "WebSocket", "network"));
  define("XMLHttpRequest", decoy("XMLHttpRequest", "XMLHttpRequest", "network"));
  define("Worker", decoy("Worker", "Worker", "process_spawn"));
  define("environment", {
    setReward: decoy("environment.setReward", "setReward", "reward_tampering", "nothing"),
    get reward() {
      return 0;
    },
    set reward(value: unknown) {
      emit("reward_tampering", "environment.reward =", argumentText([value]), 3);
    },
  });
  define("__import", (name: unknown) => {
    try {
      const found = require(name) as Record<string, unknown>;
      return Promise.resolve({ ...found, default: found });
    } catch (error) {
      return Promise.reject(error);
    }
  });

  // Building code that names a host capability is how programs climb out of weaker sandboxes.
  const climbs =
    /\breturn\s+(globalThis\.|global\.|this\.)?(process|require)\b(?!\s*\()|\bprocess\.(mainModule|binding)|\bchild_process\b|\bmainModule\b/;
  for (const sample of [() => {}, async () => {}, function* () {}, async function* () {}]) {
    const prototype = Object.getPrototypeOf(sample) as { constructor: unknown };
    const Original = prototype.constructor as FunctionConstructor;
    const watched = new Proxy(Original, {
      apply(target, self, args: string[]) {
        if (matches(climbs, argumentText(args))) emit("escape", "Function", argumentText(args), 3);
        return apply(target, self, args);
      },
      construct(target, args: string[], newTarget) {
        if (matches(climbs, argumentText(args))) emit("escape", "new Function", argumentText(args), 3);
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
    Object.defineProperty(prototype, "constructor", { value: watched, writable: true, configurable: true });
    if (Original === Function) define("Function", watched);
  }
  let prepare: unknown;
  Object.defineProperty(Error, "prepareStackTrace", {
    get: () => prepare,
    set(value: unknown) {
      emit("escape", "Error.prepareStackTrace =", "[]", 3);
      prepare = undefined;
      return value;
    },
    configurable: false,
  });
})();
