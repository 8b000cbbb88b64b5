/**
 * The `autoagent` command. Exit codes: 0 done; 1 something was refused, differs or is damaged; 2 wrong arguments.
 * Not here: what the commands do (`judge.ts`, `../record`), the launcher that finds Node 24 (`scripts/autoagent.mjs`).
 */

import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { extname } from "node:path";
import type { Readable } from "node:stream";
import { visible } from "../display/index.ts";
import { isHash } from "../record/head.ts";
import { exportFormats, exportRecord, openRecord, RecordFailure, replay } from "../record/index.ts";
import { type BodyName, bodies, createSandbox, defaultLimits, type Sandbox } from "../sandbox/index.ts";
import { makeAnswers } from "./answers.ts";
import { CliFailure } from "./error.ts";
import { helpTexts } from "./help.ts";
import { judgeStream } from "./judge.ts";
import { type Given, readArguments, readInteger, readLevel } from "./options.ts";

const sandboxOptions = { workers: { type: "string" }, "minimum-level": { type: "string" } } as const;

const commands: { [name: string]: (args: string[]) => Promise<number> } = {
  judge: runJudge,
  replay: runReplay,
  export: runExport,
  record: runRecord,
  // Loaded when it is asked for: the runtimes of models and tensors take a second.
  serve: async (args) => (await import("./serve.ts")).runServe(args),
  env: async (args) => (await import("./env.ts")).runEnv(args),
  worker: async (args) => (await import("./worker.ts")).runWorkerCommand(args),
  play: async (args) => (await import("./play.ts")).runPlay(args),
};

/** Names of the failures that are told in one sentence. */
const told = new Set([
  "CliFailure",
  "RecordFailure",
  "SandboxFailure",
  "EnvironmentFailure",
  "ServeFailure",
  "EnvironmentServerFailure",
  "ModelFailure",
  "LanguageModelFailure",
  "CheckpointFailure",
  "DiskFailure",
  "WorkersFailure",
]);

/** Runs the command line and returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  // A reader that has seen enough (`| head`) is no error; what a command then does is its own affair.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
  const [name = "--help", ...rest] = args;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  try {
    if (name === "--version" || name === "-v") {
      const { version } = createRequire(import.meta.url)("autoagent-lab/package.json") as { version: string };
      process.stdout.write(`${version}\n`);
      return 0;
    }
    if (command === undefined) {
      if (name !== "--help" && name !== "-h") throw new CliFailure({ kind: "command", found: name });
      process.stdout.write(`${helpTexts[""]}\n`);
      return 0;
    }
    if (rest.includes("--help") || rest.includes("-h")) {
      process.stdout.write(`${helpTexts[name as keyof typeof helpTexts]}\n`);
      return 0;
    }
    return await command(rest);
  } catch (error) {
    if (!(error instanceof Error && told.has(error.name))) throw error;
    process.stderr.write(`${error.message}\n`);
    return error instanceof CliFailure ? 2 : 1;
  }
}

async function runJudge(args: string[]): Promise<number> {
  const texts = { timeout: { type: "string" }, record: { type: "string" }, model: { type: "string" } } as const;
  const options = { ...sandboxOptions, ...texts, url: { type: "string" } } as const;
  const given = readArguments("judge", args, { options, least: 0, most: 1 });
  const stepMs = readInteger(given, "timeout", { low: 1, high: 600_000 }) ?? defaultLimits.stepMs;
  const { model, url } = given.values as { model?: string; url?: string };
  const [path = "-"] = given.positionals;
  const input = await openInput(path);
  const answers = await makeAnswers({ ...(model !== undefined && { model }), ...(url !== undefined && { url }) });
  const record =
    typeof given.values.record === "string" ? openRecord(given.values.record, { create: true }) : undefined;
  try {
    return await withSandboxes(given, async (sandboxOf, workers) => {
      const limits = { ...defaultLimits, stepMs };
      const { refused, failure } = await judgeStream(input, process.stdout, {
        sandboxOf,
        limits,
        answers,
        concurrency: workers * 4,
        ...(record && { record }),
      });
      if (failure !== null) throw new CliFailure({ kind: "input", path, detail: failure.message }, { cause: failure });
      return refused > 0 ? 1 : 0;
    });
  } finally {
    record?.close();
  }
}

async function runReplay(args: string[]): Promise<number> {
  const options = { ...sandboxOptions, json: { type: "boolean" } } as const;
  const given = readArguments("replay", args, { options, least: 1, most: 2 });
  const [path, wanted] = given.positionals;
  if (wanted !== undefined && !/^\d+$/.test(wanted))
    throw new CliFailure({ kind: "field", name: "ID", expected: "an episode's number", value: JSON.stringify(wanted) });
  using record = openRecord(path!, { readOnly: true });
  const ids = wanted === undefined ? record.episodes().map(({ id }) => id) : [record.episode(Number(wanted)).id!];
  return await withSandboxes(given, async (sandboxOf, workers) => {
    let differing = 0;
    const running: ReturnType<typeof replay>[] = [];
    const tell = async (): Promise<void> => {
      const one = await running.shift()!;
      if (!one.agrees) differing++;
      const { episode, steps, agrees, difference, fault, otherRules } = one;
      const line = given.values.json
        ? JSON.stringify({ episode, steps, agrees, difference, fault, otherRules })
        : String(one);
      if (given.values.json || !agrees || ids.length === 1) process.stdout.write(`${line}\n`);
    };
    for (const id of ids) {
      const { body } = record.episode(id).start;
      const one = sandboxOf(bodyNamed(body?.name)).then((sandbox) => replay(record, id, sandbox));
      one.catch(() => {}); // where another fails first, this one ends with the sandbox, and nobody asks for it
      running.push(one);
      if (running.length >= workers * 4) await tell();
    }
    while (running.length > 0) await tell();
    if (ids.length !== 1 && !given.values.json)
      process.stdout.write(`${ids.length - differing} of ${ids.length} episodes agree byte for byte\n`);
    return differing > 0 ? 1 : 0;
  });
}

async function runExport(args: string[]): Promise<number> {
  const options = { format: { type: "string" }, output: { type: "string" } } as const;
  const given = readArguments("export", args, { options, least: 1, most: 1 });
  const { output = "-" } = given.values;
  const { format = exportFormats.find((one) => extname(String(output)).toLowerCase() === `.${one}`) ?? "jsonl" } =
    given.values;
  const known = exportFormats.find((one) => one === format);
  if (known === undefined)
    throw new CliFailure({ kind: "option", name: "format", expected: "jsonl, csv or parquet", value: String(format) });
  const rows = exportRecord(given.positionals[0]!, { format: known, output: String(output) });
  if (output !== "-") process.stderr.write(`${rows} steps written to ${output}\n`);
  return 0;
}

async function runRecord(args: string[]): Promise<number> {
  const options = { head: { type: "string" } } as const;
  const [verb = "", ...rest] = args;
  if (verb !== "verify" && verb !== "list")
    throw new CliFailure({
      kind: "arguments",
      command: "record",
      detail: `record needs verify or list, got ${JSON.stringify(verb)}`,
    });
  const given = readArguments("record", rest, { options, least: 1, most: 1 });
  const { head } = given.values;
  if (head !== undefined && !isHash(String(head).toLowerCase())) {
    const expected = "a hash of 64 hexadecimal digits, as `record verify` printed it";
    throw new CliFailure({ kind: "option", name: "head", expected, value: String(head) });
  }
  using record = openRecord(given.positionals[0]!, { readOnly: true });
  if (verb === "list") {
    for (const { id, steps, verdict, cause, complete } of record.episodes()) {
      const why = complete ? visible(cause).replace(/\s+/g, " ") : "without an end: it goes on, or was cut off";
      process.stdout.write(`${id}\t${steps} ${steps === 1 ? "step" : "steps"}\t${verdict}\t${why}\n`);
    }
    return 0;
  }
  const { ok, broken, entries, ...found } = record.verify(typeof head === "string" ? { head } : {});
  if (!ok) {
    const { entry, reason } = broken!;
    throw new RecordFailure({ kind: "chain", path: record.path, entry, reason });
  }
  process.stdout.write(`${entries} entries and ${found.genomes} genomes are as recorded; head ${found.head}\n`);
  if (found.kept === null && head === undefined)
    process.stdout.write(
      `Without ${record.path}-head or --head HASH, entries lost from the end of the record cannot be seen\n`,
    );
  return 0;
}

/** The body of this name; of one that is not ours the replay says that it was another. */
function bodyNamed(name: string | undefined): BodyName {
  return name !== undefined && Object.hasOwn(bodies, name) ? (name as BodyName) : "javascript";
}

/** Works with a sandbox for each body, opened when it is first asked for; that of JavaScript at once, so that its faults are told. */
async function withSandboxes(
  given: Given,
  work: (sandboxOf: (body: BodyName) => Promise<Sandbox>, workers: number) => Promise<number>,
): Promise<number> {
  const workers = readInteger(given, "workers", { low: 1, high: 256 }) ?? Math.min(4, availableParallelism());
  const minimumLevel = readLevel(given, 0);
  const opened = new Map<BodyName, Promise<Sandbox>>();
  const sandboxOf = (body: BodyName): Promise<Sandbox> => {
    const known = opened.get(body) ?? createSandbox({ body: bodies[body], workers, minimumLevel });
    opened.set(body, known);
    return known;
  };
  await sandboxOf("javascript");
  try {
    return await work(sandboxOf, workers);
  } finally {
    for (const one of opened.values()) await (await one.catch(() => null))?.dispose();
  }
}

async function openInput(path: string): Promise<Readable> {
  if (path === "-") return process.stdin;
  try {
    const file = await open(path);
    if ((await file.stat()).isDirectory()) {
      await file.close();
      throw new Error("it is a folder");
    }
    return createReadStream(path, { fd: file });
  } catch (cause) {
    throw new CliFailure({ kind: "input", path, detail: (cause as Error).message }, { cause });
  }
}
