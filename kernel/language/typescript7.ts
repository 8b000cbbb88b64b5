/**
 * TypeScript 7.1's API as an engine: a child process in Go answers over a pipe, so that the kernel's event loop stays free.
 * Cells are a layer of files over the disk; each question makes a new snapshot from the last. The child ends when its
 * standard input closes, so also when the kernel is killed.
 * Traps of 7.1-beta: enum options are numbers (a string ends the child); pending requests are not rejected when it ends.
 */

import type { ChildProcess } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, isAbsolute, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import {
  API,
  type Checker,
  type CompletionEntry,
  CompletionItemKind,
  type Diagnostic,
  type ModuleResolver,
  type Program,
  type Snapshot,
  SymbolFlags,
} from "typescript-api/async";
import { isCellPath } from "./cell-paths.ts";
import { createPending } from "./pending.ts";
import { type FolderOptions, mergeOptions } from "./service-options.ts";
import type {
  Change,
  CompilerOptions,
  Engine,
  EngineSetup,
  Files,
  RawCompletion,
  RawDiagnostic,
} from "./service-types.ts";
import { describe } from "./typescript7-inspect.ts";

/** How many completions are given with their signature: each costs a question. */
const signatureLimit = 30;
/** How long the child may take to end by itself. */
const patienceMs = 1000;

type ProgramId = Program["id"];

/** Starts the compiler on the setup's folder. Rejects when it cannot be started. */
export async function startTypeScript7(setup: EngineSetup): Promise<Engine> {
  const { directory } = setup;
  const api = new API({ cwd: directory });
  let isUp = false; // until then its end is told by a rejection
  let ended: (error: Error) => void = () => {};
  const end = new Promise<never>((_, reject) => {
    ended = reject;
  });
  end.catch(() => {});
  // A question in flight when the child dies would wait for ever.
  const pending = createPending();
  // A write to a child that is gone fails a moment before its end is told, and says less.
  const orItsEnd = async (error: unknown): Promise<never> => {
    if (/EPIPE|ECONNRESET/.test(String(error)))
      await Promise.race([end, new Promise((resolve) => setTimeout(resolve, patienceMs))]);
    throw error;
  };
  const ask = <T>(question: Promise<T>): Promise<T> => pending.ask(question.catch(orItsEnd));

  const opening = ask(openFolder(api, setup)); // its first question starts the child
  opening.catch(() => {}); // awaited below
  const child = await processOf(api);
  child?.once("exit", (code, signal) => {
    const why = signal ?? `exit code ${code}`;
    const error = new Error(`The TypeScript compiler ended (${why})`);
    ended(error);
    pending.end(error);
    if (isUp) setup.onEnd(why);
  });
  child?.stdin?.on("error", () => {}); // told by "exit"
  setup.onBegun?.();
  const { options, resolver } = await opening;
  // The compiler tells modules from CommonJS by package.json only where names are found as Node finds them.
  const program = { compilerOptions: { ...options, moduleResolution: 99 }, options: { moduleResolver: resolver } };
  const packages = createPackages(directory);
  let roots = setup.roots;
  const first = api.createSnapshot({
    fileSystem: { kind: "layer", files: packages.changed() },
    createPrograms: [{ rootFiles: roots, ...program }],
    userPreferences: { includeCompletionsForModuleExports: false, includeCompletionsForImportStatements: false },
  });
  setup.onAsked?.();
  let snapshot: Snapshot = await ask(first);
  const id = snapshot.operation.createdPrograms![0]!.id;
  const local = createLocalFiles();

  async function apply(change: Change): Promise<Program<ProgramId>> {
    const rooted = change.roots.length !== roots.length;
    const changed = local.changed();
    const files = { ...change.files, ...packages.changed() };
    const old = snapshot;
    snapshot = await ask(
      old.update({
        fileSystem: { kind: "layer", files },
        fileNotifications: local.isUncertain
          ? { invalidateAll: true }
          : { changed: [...Object.keys(files), ...changed] },
        ...(rooted && { reconfigurePrograms: [{ id, rootFiles: change.roots, ...program }] }),
        ensurePrograms: [id],
      }),
    );
    roots = change.roots;
    void old.dispose().catch(() => {});
    return snapshot.getProgram(id)!;
  }
  const project = () => snapshot.getProject(id)!;
  isUp = true;

  return {
    pid: child?.pid,
    async diagnostics(change, path) {
      const program = await apply(change);
      const [syntactic, semantic] = await ask(
        Promise.all([program.getSyntacticDiagnostics(path), program.getSemanticDiagnostics(path)]),
      );
      if (/\bimport\b/.test(change.files[path] ?? "")) local.watch(await ask(program.getSourceFileNames()), semantic);
      return (syntactic.length > 0 ? syntactic : semantic).map(toRaw);
    },
    async completions(change, path, offset, prefix) {
      await apply(change);
      const { languageService, checker } = project();
      const info = await ask(languageService.getCompletionsAtPosition(path, offset, { includeSymbol: true }));
      const entries = (info?.entries ?? []).filter(({ name }) => name.startsWith(prefix));
      const rank = ({ sortText = "", name }: CompletionEntry): string => `${sortText} ${name}`;
      entries.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
      return ask(withSignatures(entries, checker));
    },
    async inspect(change, path, offset) {
      await apply(change);
      const { languageService, checker } = project();
      return ask(describe({ checker, languageService }, path, offset));
    },
    async declarations(change, paths) {
      const program = await apply(change);
      const texts = new Map<string, string>();
      for (const path of paths) {
        const { diagnostics, outputFiles } = await ask(program.getDeclarationEmit([path]));
        const [output] = outputFiles.values();
        if (diagnostics.length === 0 && output !== undefined) texts.set(path, output.text);
      }
      return texts;
    },
    async dispose() {
      isUp = false;
      const exited = child === undefined || child.exitCode !== null || child.signalCode !== null;
      const gone = exited ? Promise.resolve() : new Promise<void>((resolve) => child.once("exit", () => resolve()));
      await Promise.race([api.close().catch(() => {}), end.catch(() => {})]);
      const timer = setTimeout(() => child?.kill("SIGKILL"), patienceMs);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** The child that a question starts, a few turns later: not part of the API's surface, but nothing else tells of its end. */
async function processOf(api: API): Promise<ChildProcess | undefined> {
  const { client } = api as unknown as { client?: { process?: ChildProcess } };
  for (let turns = 0; turns < 20 && client?.process === undefined; turns++) await nextTurn();
  return client?.process;
}

async function openFolder(
  api: API,
  setup: EngineSetup,
): Promise<{ options: CompilerOptions; resolver: ModuleResolver }> {
  const path = join(setup.directory, "tsconfig.json");
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
  const parsed = isThere ? await api.parseConfigFile(path).catch(() => null) : null;
  const options = mergeOptions(setup, (parsed?.options ?? {}) as FolderOptions);
  return { options, resolver: await api.createModuleResolver(options) };
}

/**
 * The folder's package.json and those above it as the loader takes them: TypeScript files of the reader's own are modules,
 * whatever `type` says. A layer over the disk: the files stay as they are.
 */
function createPackages(directory: string) {
  const given = new Map<string, string>();
  const folders = [directory];
  while (dirname(folders.at(-1)!) !== folders.at(-1)) folders.push(dirname(folders.at(-1)!));
  return {
    changed(): Files {
      const files: Files = {};
      for (const folder of folders) {
        const path = join(folder, "package.json");
        const text = asModule(path, folder === folders.at(-1));
        if (text === null || given.get(path) === text) continue;
        given.set(path, text);
        files[path] = text;
      }
      return files;
    },
  };
}

/** A package.json of type "module"; null where there is none and none is needed. */
function asModule(path: string, isTopmost: boolean): string | null {
  if (!existsSync(path)) return isTopmost ? '{"type":"module"}' : null;
  try {
    return JSON.stringify({ ...(JSON.parse(readFileSync(path, "utf8")) as object), type: "module" });
  } catch {
    return null; // half written: as it is
  }
}

/** The user's own files that a program was made of: asked for their time at each question. */
function createLocalFiles() {
  const times = new Map<string, number>();
  const timeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return {
    /** An import was not found: it may be there by now, anywhere. */
    isUncertain: false,
    watch(paths: readonly string[], diagnostics: readonly Diagnostic[]): void {
      this.isUncertain = diagnostics.some(({ code }) => code === 2307 || code === 2305 || code === 7016);
      for (const path of paths)
        if (!times.has(path) && !path.includes("node_modules") && !isCellPath(path) && isAbsolute(path))
          times.set(path, timeOf(path));
    },
    changed(): string[] {
      const changed: string[] = [];
      for (const [path, before] of times) {
        const now = timeOf(path);
        if (now === before) continue;
        changed.push(path);
        times.set(path, now);
      }
      return changed;
    },
  };
}

function toRaw({ pos, end, code, category, text, messageChain }: Diagnostic): RawDiagnostic {
  const message = [text, ...chain(messageChain, 1)].join("\n");
  return { start: pos, end, code, message, severity: category === 1 ? "error" : "warning" };
}

function chain(links: readonly Diagnostic[] | undefined, depth: number): string[] {
  return (links ?? []).flatMap(({ text, messageChain }) => [
    "  ".repeat(depth) + text,
    ...chain(messageChain, depth + 1),
  ]);
}

const kinds: { [kind: number]: string } = {
  [CompletionItemKind.Method]: "method",
  [CompletionItemKind.Function]: "function",
  [CompletionItemKind.Constructor]: "function",
  [CompletionItemKind.Field]: "property",
  [CompletionItemKind.Property]: "property",
  [CompletionItemKind.Variable]: "variable",
  [CompletionItemKind.Constant]: "variable",
  [CompletionItemKind.Class]: "class",
  [CompletionItemKind.Interface]: "interface",
  [CompletionItemKind.Module]: "module",
  [CompletionItemKind.Enum]: "enum",
  [CompletionItemKind.EnumMember]: "property",
  [CompletionItemKind.Keyword]: "keyword",
  [CompletionItemKind.File]: "path",
  [CompletionItemKind.Folder]: "path",
  [CompletionItemKind.TypeParameter]: "type",
};

async function withSignatures(entries: readonly CompletionEntry[], checker: Checker): Promise<RawCompletion[]> {
  const list = entries.map(({ name, kind }): RawCompletion => {
    // A field that may be left out comes as `rate?`.
    return { text: name.replace(/\?$/, ""), type: kinds[kind ?? 0] ?? "text" };
  });
  const typed = [...entries.entries()].filter(([, { symbol }]) => symbol !== undefined).slice(0, signatureLimit);
  await Promise.all(
    typed.map(async ([at, { symbol }]) => {
      const isAlias = (symbol!.flags & SymbolFlags.Alias) !== 0;
      const target = isAlias ? await checker.getAliasedSymbol(symbol!) : symbol!;
      if ((target.flags & SymbolFlags.Value) === 0) return;
      list[at]!.signature = await checker.typeToString(await checker.getTypeOfSymbol(target));
      if (target.flags & SymbolFlags.Function) list[at]!.type = "function";
      if (target.flags & SymbolFlags.Class) list[at]!.type = "class";
    }),
  );
  return list;
}
