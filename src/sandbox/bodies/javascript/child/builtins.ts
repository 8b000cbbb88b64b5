/**
 * What Node 24 has that reaches outside: every export of its modules, and of `process`, by what using it attempts. A
 * test walks Node's own lists and asks of each name that it is here, or harmless for a reason that it gives. Runs as a script
 * between `decoy.ts` and `decoys.ts`, which takes `__builtins` away; no imports, for the same reason.
 */

/** Kind of harm, the names split by spaces, and what a call gives; `refuse` where nothing is said. */
export type DecoyList = readonly [kind: string, names: string, reply?: "refuse" | "empty" | "nothing" | "promise"];

/** By module; the text before the first dot of an effect's name is `prefix`, or the module's own name. */
export interface Builtins {
  [module: string]: { prefix?: string; lists: readonly DecoyList[] };
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
      lists: [["process_spawn", "exec execSync execFile execFileSync spawn spawnSync fork ChildProcess _forkChild"]],
    },
    cluster: {
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
      lists: [
        [
          "network",
          "request get createServer Agent ClientRequest Server IncomingMessage OutgoingMessage ServerResponse",
        ],
        ["network", "WebSocket _connectionListener setGlobalProxyFromEnv"],
      ],
    },
    https: { lists: [["network", "request get createServer Agent Server"]] },
    http2: {
      lists: [
        [
          "network",
          "connect createServer createSecureServer performServerHandshake Http2ServerRequest Http2ServerResponse",
        ],
      ],
    },
    net: {
      lists: [
        ["network", "connect createConnection createServer Socket Stream Server BoundSocket _createServerHandle"],
      ],
    },
    tls: {
      lists: [
        ["network", "connect createServer Server TLSSocket"],
        ["privilege", "setDefaultCACertificates"],
      ],
    },
    dns: {
      lists: [
        ["network", dns],
        ["host_info", "getServers"],
      ],
    },
    "dns/promises": {
      prefix: "dns.promises",
      lists: [
        ["network", dns, "promise"],
        ["host_info", "getServers"],
      ],
    },
    dgram: { lists: [["network", "createSocket Socket _createSocketHandle"]] },
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
      lists: [
        ["process_spawn", "Worker"],
        ["process_kill", "postMessageToThread"],
      ],
    },
    vm: {
      lists: [
        ["escape", "runInThisContext runInNewContext runInContext Script createContext createScript compileFunction"],
        ["host_info", "measureMemory"],
      ],
    },
    module: {
      lists: [
        ["escape", "createRequire register registerHooks _load runMain _preloadModules _initPaths Module"],
        ["fs_read", "_stat _readPackage _findPath _resolveFilename findPackageJSON"],
        ["fs_write", "enableCompileCache flushCompileCache"],
      ],
    },
    inspector: { lists: inspector },
    "inspector/promises": { prefix: "inspector", lists: inspector },
    v8: {
      lists: [
        ["escape", "setFlagsFromString writeHeapSnapshot getHeapSnapshot deserialize queryObjects"],
        ["fs_write", "takeCoverage stopCoverage setHeapSnapshotNearHeapLimit"],
        ["host_info", "getHeapStatistics getHeapSpaceStatistics getHeapCodeStatistics getCppHeapStatistics"],
        ["host_info", "GCProfiler startCpuProfile"],
      ],
    },
    repl: { lists: [["escape", "start REPLServer"]] },
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
      prefix: "process.report",
      lists: [
        ["fs_write", "writeReport"],
        ["host_info", "getReport"],
      ],
    },
  };
  (globalThis as unknown as Record<string, unknown>).__builtins = made;
})();
