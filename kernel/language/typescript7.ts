/**
 * TypeScript 7.1's API as an engine: a child process in Go answers over a pipe, so that the kernel's event loop stays free.
 * Cells are a layer of files over the disk; each question makes a new snapshot from the last. The child ends when its
 * standard input closes, so also when the kernel is killed.
 * A trap of 7.1-beta: enum options are numbers (a string ends the child).
 */

import { statSync } from "node:fs";
import { join } from "node:path";
import { API, type CompletionEntry, type ModuleResolver, type Program, type Snapshot } from "typescript-api/async";
import { type FolderOptions, mergeOptions } from "./service-options.ts";
import type { Change, CompilerOptions, Engine, EngineSetup, RawCompletion, RawDiagnostic } from "./service-types.ts";
import { toRaw, withSignatures } from "./typescript7-answers.ts";
import { askChild, type CompilerChild, endChild, newChild, watchChild } from "./typescript7-child.ts";
import { createLocalFiles, createPackages, type LocalFiles, type Packages } from "./typescript7-files.ts";
import { describe } from "./typescript7-inspect.ts";

type ProgramId = Program["id"];
type SyntheticProgram = NonNullable<Snapshot["operation"]["createdPrograms"]>[number];
type ProgramOptions = { compilerOptions: CompilerOptions; options: { moduleResolver: ModuleResolver } };

/** A compiler that runs, and the last snapshot of what it compiles. */
interface CompilerState {
  readonly child: CompilerChild;
  readonly packages: Packages;
  readonly local: LocalFiles;
  readonly program: ProgramOptions;
  readonly id: SyntheticProgram["id"];
  roots: string[];
  snapshot: Snapshot;
}

/** Starts the compiler on the setup's folder. Rejects when it cannot be started. */
export async function startTypeScript7(setup: EngineSetup): Promise<Engine> {
  const state = await start(setup);
  state.child.isUp = true;
  return {
    pid: state.child.process?.pid,
    diagnostics: (change, path) => diagnose(state, change, path),
    completions: (change, path, offset, prefix) => complete(state, change, { path, offset, prefix }),
    async inspect(change, path, offset) {
      await apply(state, change);
      const { languageService, checker } = state.snapshot.getProject(state.id)!;
      return askChild(state.child, describe({ checker, languageService }, path, offset));
    },
    declarations: (change, paths) => declare(state, change, paths),
    dispose: () => endChild(state.child),
  };
}

async function start(setup: EngineSetup): Promise<CompilerState> {
  const api = new API({ cwd: setup.directory });
  const child = newChild(api);
  const opening = askChild(child, openFolder(api, setup)); // its first question starts the child
  opening.catch(() => {}); // awaited below
  await watchChild(child, setup.onEnd);
  setup.onBegun?.();
  const { options, resolver } = await opening;
  // The compiler tells modules from CommonJS by package.json only where names are found as Node finds them.
  const program = { compilerOptions: { ...options, moduleResolution: 99 }, options: { moduleResolver: resolver } };
  const packages = createPackages(setup.directory);
  const first = api.createSnapshot({
    fileSystem: { kind: "layer", files: packages.changed() },
    createPrograms: [{ rootFiles: setup.roots, ...program }],
    userPreferences: { includeCompletionsForModuleExports: false, includeCompletionsForImportStatements: false },
  });
  setup.onAsked?.();
  const snapshot: Snapshot = await askChild(child, first);
  const id = snapshot.operation.createdPrograms![0]!.id;
  return { child, packages, local: createLocalFiles(), program, id, roots: setup.roots, snapshot };
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

/** The program with a change: a new snapshot in place of the last. */
async function apply(state: CompilerState, change: Change): Promise<Program<ProgramId>> {
  const { child, packages, local, program, id, snapshot: old } = state;
  const rooted = change.roots.length !== state.roots.length;
  const changed = local.changed();
  const files = { ...change.files, ...packages.changed() };
  state.snapshot = await askChild(
    child,
    old.update({
      fileSystem: { kind: "layer", files },
      fileNotifications: local.isUncertain ? { invalidateAll: true } : { changed: [...Object.keys(files), ...changed] },
      ...(rooted && { reconfigurePrograms: [{ id, rootFiles: change.roots, ...program }] }),
      ensurePrograms: [id],
    }),
  );
  state.roots = change.roots;
  void old.dispose().catch(() => {});
  return state.snapshot.getProgram(id)!;
}

async function diagnose(state: CompilerState, change: Change, path: string): Promise<RawDiagnostic[]> {
  const { child, local } = state;
  const program = await apply(state, change);
  const [syntactic, semantic] = await askChild(
    child,
    Promise.all([program.getSyntacticDiagnostics(path), program.getSemanticDiagnostics(path)]),
  );
  if (/\bimport\b/.test(change.files[path] ?? ""))
    local.watch(await askChild(child, program.getSourceFileNames()), semantic);
  return (syntactic.length > 0 ? syntactic : semantic).map(toRaw);
}

async function complete(
  state: CompilerState,
  change: Change,
  { path, offset, prefix }: { path: string; offset: number; prefix: string },
): Promise<RawCompletion[]> {
  await apply(state, change);
  const { languageService, checker } = state.snapshot.getProject(state.id)!;
  const asked = languageService.getCompletionsAtPosition(path, offset, { includeSymbol: true });
  const info = await askChild(state.child, asked);
  const entries = (info?.entries ?? []).filter(({ name }) => name.startsWith(prefix));
  const rank = ({ sortText = "", name }: CompletionEntry): string => `${sortText} ${name}`;
  entries.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  return askChild(state.child, withSignatures(entries, checker));
}

async function declare(
  state: CompilerState,
  change: Change,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const program = await apply(state, change);
  const texts = new Map<string, string>();
  for (const path of paths) {
    const { diagnostics, outputFiles } = await askChild(state.child, program.getDeclarationEmit([path]));
    const [output] = outputFiles.values();
    if (diagnostics.length === 0 && output !== undefined) texts.set(path, output.text);
  }
  return texts;
}
