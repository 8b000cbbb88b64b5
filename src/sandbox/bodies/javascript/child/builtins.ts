/**
 * The one list of decoys: what Node 24 has that reaches outside, every export of its modules, of `process` and of the global
 * scope, by what using it attempts. A test walks Node's own lists and asks of each name that it is here, or harmless for a
 * reason that it gives. Runs as a script between `decoy.ts` and `decoys.ts`, which takes `__builtins` away; no imports, for
 * the same reason. In the driver `findings.ts` reads the same file, so that a look at a program's text knows what decoys know.
 */

/** Kind of harm, the names split by spaces, and what a call gives; `refuse` where nothing is said. */
export type DecoyList = readonly [kind: string, names: string, reply?: "refuse" | "empty" | "nothing" | "promise"];

/** What one module, or one object that is no module, has of decoys. */
export interface Capability {
  /** The text before the first dot of an effect's name, where it is not the module's own name. */
  prefix?: string;
  lists: readonly DecoyList[];
  /** It hangs on the global scope, and cannot be required. */
  isGlobal?: true;
  /** For a look at a text: what it attempts to load this at all, which of its names tell on whatever object they are used. */
  loads?: string;
  telling?: string;
  /** For a look at a text, too: what is more than a function, and made by `decoys.ts`; kind and name. */
  members?: readonly (readonly [kind: string, name: string])[];
}

/** By module. */
export interface Builtins {
  [module: string]: Capability;
}

(() => {
  const sync = (names: string): string => `${names} ${names.split(" ").join("Sync ")}Sync`;
  const reads = "readFile readdir stat lstat access open opendir readlink realpath statfs glob";
  const changes =
    "writeFile appendFile mkdir mkdtemp copyFile cp rename chmod chown lchown symlink link truncate utimes lutimes";
  const deletes = "rm rmdir unlink";
  const byFile = "fchmod fchown ftruncate futimes fsync fdatasync write writev close";
  const dns =
    "lookup lookupService Resolver setServers resolve resolve4 resolve6 resolveAny resolveCaa resolveCname resolveMx resolveNaptr resolveNs resolvePtr resolveSoa resolveSrv resolveTlsa resolveTxt reverse";
  const inspector: readonly DecoyList[] = [["escape", "open close url waitForDebugger Session"]];
  const made: Builtins = {
    __proto__: null as never,
    fs: {
      telling:
        "readFile readdir createReadStream writeFile appendFile mkdir copyFile rename chmod chown symlink truncate rm rmdir unlink",
      lists: [
        ["fs_read", sync(`${reads} read readv fstat`)],
        ["fs_read", "createReadStream watch watchFile unwatchFile openAsBlob existsSync Dir ReadStream FileReadStream"],
        ["fs_read", "exists", "nothing"],
        ["fs_write", sync(`${changes} ${byFile}`)],
        ["fs_write", "createWriteStream mkdtempDisposableSync WriteStream FileWriteStream Utf8Stream"],
        ["fs_delete", sync(deletes)],
      ],
    },
    "fs/promises": {
      prefix: "fs.promises",
      lists: [
        ["fs_read", `${reads} watch`, "promise"],
        ["fs_write", `${changes} mkdtempDisposable lchmod`, "promise"],
        ["fs_delete", deletes, "promise"],
      ],
    },
    child_process: {
      loads: "process_spawn",
      lists: [["process_spawn", "exec execSync execFile execFileSync spawn spawnSync fork ChildProcess _forkChild"]],
    },
    cluster: {
      loads: "process_spawn",
      lists: [["process_spawn", "fork setupPrimary setupMaster Worker disconnect"]],
    },
    os: {
      lists: [
        [
          "host_info",
          "hostname userInfo networkInterfaces cpus homedir totalmem freemem loadavg uptime availableParallelism getPriority release version machine",
        ],
        ["privilege", "setPriority"],
      ],
    },
    http: {
      loads: "network",
      lists: [
        [
          "network",
          "request get createServer Agent ClientRequest Server IncomingMessage OutgoingMessage ServerResponse",
        ],
        ["network", "WebSocket _connectionListener setGlobalProxyFromEnv"],
      ],
    },
    https: {
      loads: "network",
      lists: [["network", "request get createServer Agent Server"]],
    },
    http2: {
      loads: "network",
      lists: [
        [
          "network",
          "connect createServer createSecureServer performServerHandshake Http2ServerRequest Http2ServerResponse",
        ],
      ],
    },
    net: {
      loads: "network",
      lists: [
        ["network", "connect createConnection createServer Socket Stream Server BoundSocket _createServerHandle"],
      ],
    },
    tls: {
      loads: "network",
      lists: [
        ["network", "connect createServer Server TLSSocket"],
        ["privilege", "setDefaultCACertificates"],
      ],
    },
    dns: {
      loads: "network",
      lists: [
        ["network", dns],
        ["host_info", "getServers"],
      ],
    },
    "dns/promises": {
      loads: "network",
      prefix: "dns.promises",
      lists: [
        ["network", dns, "promise"],
        ["host_info", "getServers"],
      ],
    },
    dgram: {
      loads: "network",
      lists: [["network", "createSocket Socket _createSocketHandle"]],
    },
    _http_agent: { lists: [["network", "Agent"]] },
    _http_client: { lists: [["network", "ClientRequest"]] },
    _http_server: {
      lists: [
        [
          "network",
          "Server ServerResponse _connectionListener setupConnectionsTracking storeHTTPOptions httpServerPreClose",
        ],
      ],
    },
    _tls_wrap: { lists: [["network", "connect createServer Server TLSSocket"]] },
    worker_threads: {
      loads: "process_spawn",
      lists: [
        ["process_spawn", "Worker"],
        ["process_kill", "postMessageToThread"],
      ],
    },
    vm: {
      loads: "escape",
      lists: [
        ["escape", "runInThisContext runInNewContext runInContext Script createContext createScript compileFunction"],
        ["host_info", "measureMemory"],
      ],
    },
    module: {
      loads: "escape",
      lists: [
        ["escape", "createRequire register registerHooks _load runMain _preloadModules _initPaths Module"],
        ["fs_read", "_stat _readPackage _findPath _resolveFilename findPackageJSON"],
        ["fs_write", "enableCompileCache flushCompileCache"],
      ],
    },
    inspector: {
      loads: "escape",
      lists: inspector,
    },
    "inspector/promises": {
      loads: "escape",
      prefix: "inspector",
      lists: inspector,
    },
    v8: {
      loads: "escape",
      lists: [
        ["escape", "setFlagsFromString writeHeapSnapshot getHeapSnapshot deserialize queryObjects"],
        ["fs_write", "takeCoverage stopCoverage setHeapSnapshotNearHeapLimit"],
        ["host_info", "getHeapStatistics getHeapSpaceStatistics getHeapCodeStatistics getCppHeapStatistics"],
        ["host_info", "GCProfiler startCpuProfile"],
      ],
    },
    repl: {
      loads: "escape",
      lists: [["escape", "start REPLServer"]],
    },
    wasi: { lists: [["escape", "WASI"]] },
    sqlite: { lists: [["fs_write", "DatabaseSync StatementSync Session backup"]] },
    sea: { lists: [["fs_read", "isSea getAsset getRawAsset getAssetAsBlob getAssetKeys"]] },
    trace_events: {
      lists: [
        ["privilege", "createTracing"],
        ["host_info", "getEnabledCategories"],
      ],
    },
    process: {
      isGlobal: true,
      members: [
        ["secret_read", "env"],
        ["escape", "mainModule"],
      ],
      lists: [
        ["self_harm", "exit abort reallyExit _fatalException"],
        ["process_kill", "kill _kill _debugProcess _debugEnd"],
        ["process_spawn", "execve"],
        ["privilege", "setuid setgid seteuid setegid setgroups initgroups umask chdir"],
        ["privilege", "setUncaughtExceptionCaptureCallback"],
        ["escape", "binding dlopen _linkedBinding getBuiltinModule"],
        ["secret_read", "loadEnvFile"],
        [
          "host_info",
          "cwd memoryUsage resourceUsage getuid getgid geteuid getegid getgroups uptime cpuUsage threadCpuUsage",
        ],
        ["host_info", "constrainedMemory availableMemory"],
        ["host_info", "_getActiveHandles _getActiveRequests getActiveResourcesInfo", "empty"],
      ],
    },
    report: {
      isGlobal: true,
      prefix: "process.report",
      lists: [
        ["fs_write", "writeReport"],
        ["host_info", "getReport"],
      ],
    },
    navigator: { isGlobal: true, lists: [["network", "sendBeacon"]] },
    environment: {
      isGlobal: true,
      members: [["reward_tampering", "reward"]],
      lists: [["reward_tampering", "setReward", "nothing"]],
    },
    globalThis: {
      isGlobal: true,
      prefix: "",
      lists: [
        ["network", "fetch", "promise"],
        ["network", "WebSocket XMLHttpRequest EventSource"],
        ["process_spawn", "Worker"],
      ],
    },
  };
  (globalThis as unknown as Record<string, unknown>).__builtins = made;
})();
