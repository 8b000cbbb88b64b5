/**
 * What tools say of many programs at once: oxlint, and TypeScript 7 with the problem's parameter types. Both only read; the programs
 * are written to a folder that is removed. They are given what parses alone: with one file that does not, TypeScript reports nothing else.
 */

import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import MagicString from "magic-string";
import type { ReadProgram } from "./read.ts";
import type { CodeFinding, CodeParameter } from "./types.ts";

/** A program that parses, and the problem's function in it. */
export interface Linted {
  read: ReadProgram;
  name: string;
  parameters: readonly CodeParameter[];
  returns: string;
}

/** Rules that say whether names and statements fit together: all that oxlint holds for plainly wrong, and these. */
const rules = {
  "no-undef": "error",
  "no-unused-vars": "error",
  "no-unused-expressions": "error",
  "array-callback-return": "error",
  // What it says of harm is no matter of coherence: it is told apart.
  "no-eval": "error",
  "no-new-func": "error",
  "no-implied-eval": "error",
};

/** Rules whose findings are warnings beside the effects. */
export const warningRules: ReadonlySet<string> = new Set(["no-eval", "no-new-func", "no-implied-eval"]);

const lintSettings = {
  categories: { correctness: "error" },
  rules,
  // `require` and `process` are there in the sandbox, too: to use them is no incoherence, and what they do is seen.
  env: { es2024: true, node: true },
};

/** Of what is only left open in a program without types nothing is told: `strict` is there since without it no list grows its type. */
const isLeftOpen = (rule: string): boolean => /^TS70\d\d$/.test(rule) && rule !== "TS7027" && rule !== "TS7030";

const compilerOptions = {
  ...{ target: "es2024", lib: ["es2024"], module: "esnext", moduleResolution: "bundler", types: [], noEmit: true },
  ...{ strict: true, useUnknownInCatchVariables: false, noUnusedLocals: true },
  ...{ noImplicitReturns: true, allowUnreachableCode: false, skipLibCheck: true },
};

/** What every program may use beside the language. */
const globals = [
  "console",
  "require",
  "module",
  "exports",
  "process",
  "Buffer",
  "self",
  "fetch",
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
  "structuredClone",
  "globalThis",
];

/** What the tools say of each program, in order, and how long they took. */
export async function lintPrograms(
  programs: readonly Linted[],
  { signal }: { signal?: AbortSignal | undefined } = {},
): Promise<{ findings: CodeFinding[][]; seconds: { oxlint: number; typescript: number } }> {
  const findings = programs.map((): CodeFinding[] => []);
  const seconds = { oxlint: 0, typescript: 0 };
  if (programs.length === 0) return { findings, seconds };
  const folder = await mkdtemp(join(tmpdir(), "autoagent-lint-"));
  try {
    await writeAll(folder, programs);
    const began = performance.now();
    for (const [i, finding] of await oxlint(folder, signal)) findings[i]?.push(finding);
    const between = performance.now();
    for (const [i, finding] of await typescript(folder, programs.map(withTypes), signal)) findings[i]?.push(finding);
    seconds.oxlint = (between - began) / 1000;
    seconds.typescript = (performance.now() - between) / 1000;
    return { findings, seconds };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One file after the other: ten thousand programs are twenty thousand files, and a notebook's process answers meanwhile. */
async function writeAll(folder: string, programs: readonly Linted[]): Promise<void> {
  const names = programs.map((_, i) => `p${i}`);
  const settings = { compilerOptions, files: ["globals.d.ts", ...names.map((name) => `${name}.ts`)] };
  const declared = globals.filter((name) => name !== "globalThis").map((name) => `declare var ${name}: any;\n`);
  const texts: [name: string, text: string][] = programs.flatMap((one, i) => {
    // Of a program that does not define it nothing is exported: it is a module all the same, whose names are its own.
    const end = `\nexport { ${one.read.defines.has(one.name) ? one.name : ""} };\n`;
    return [
      [`${names[i]}.js`, one.read.text + end],
      [`${names[i]}.ts`, withTypes(one) + end],
    ];
  });
  texts.push(["oxlint.json", JSON.stringify(lintSettings)]);
  texts.push(["tsconfig.json", JSON.stringify(settings)], ["globals.d.ts", declared.join("")]);
  for (const [name, text] of texts) await writeFile(join(folder, name), text);
}

/**
 * The text with the problem's types: one after each parameter of its function that stands there by itself, and the one that it
 * returns, so that a function which returns nothing is told.
 */
export function withTypes({ read: { text, defines }, name, parameters, returns }: Linted): string {
  const edited = new MagicString(text);
  const found = defines.get(name);
  for (const [i, { type }] of parameters.entries()) {
    const given = found?.parameters[i];
    if (given?.isName !== true) continue;
    if (given.isBare) edited.appendRight(given.start, "(");
    edited.appendLeft(given.end, given.isBare ? `: ${type})` : `: ${type}`);
  }
  if (typeof found?.returnsAt === "number") edited.appendLeft(found.returnsAt, `: ${returns}`);
  return edited.toString();
}

type Found = [program: number, finding: CodeFinding];

const numberOf = (file: string): number => Number(/p(\d+)\.[jt]s$/.exec(file)?.[1] ?? -1);

async function oxlint(folder: string, signal: AbortSignal | undefined): Promise<Found[]> {
  const script = join(dirname(packageOf("oxlint")), "bin", "oxlint");
  const list = ["--config", "oxlint.json", "--format", "json", "--ignore-pattern", "*.ts", "."];
  const told = await run("oxlint", [script, ...list], folder, signal);
  const { diagnostics } = parseTold("oxlint", told) as {
    diagnostics: { filename: string; code?: string; message: string; labels: { span: { line: number } }[] }[];
  };
  return diagnostics.map(({ filename, code, message, labels: [label] }): Found => {
    const rule = /\(([^)]+)\)$/.exec(code ?? "")?.[1] ?? code ?? "syntax";
    return [numberOf(filename), { tool: "oxlint", rule, message, line: label?.span.line ?? null }];
  });
}

async function typescript(folder: string, texts: readonly string[], signal: AbortSignal | undefined): Promise<Found[]> {
  const script = join(dirname(packageOf("typescript-api")), "bin", "tsc");
  const told = await run("TypeScript", [script, "-p", folder, "--pretty", "false"], folder, signal);
  return told.split("\n").flatMap((line): Found[] => {
    const parts = /^(.*)\((\d+),(\d+)\): error (TS\d+): (.*)$/.exec(line);
    if (parts === null) return [];
    const [, file, at, column, rule, message] = parts;
    if (isLeftOpen(rule!)) return [];
    // To return something of another type is wrong, and told by the tests: here it is asked whether anything is returned.
    const text = texts[numberOf(file!)]?.split("\n")[Number(at) - 1] ?? "";
    if (rule === "TS2322" && text.startsWith("return", Number(column) - 1)) return [];
    return [[numberOf(file!), { tool: "typescript", rule: rule!, message: message!, line: Number(at) }]];
  });
}

function packageOf(name: string): string {
  return createRequire(import.meta.url).resolve(`${name}/package.json`);
}

/** Output of a tool, which says with its exit code that it found something. */
function run(tool: string, list: string[], cwd: string, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, list, { cwd, stdio: ["ignore", "pipe", "pipe"], ...(signal && { signal }) });
    let [out, error] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      error += text;
    });
    // Whoever stopped it says why, not the tool.
    child
      .on("error", (error) => reject(signal?.aborted ? signal.reason : error))
      .on("close", (code, killed) => {
        if (killed === null && (code ?? 9) <= 2) resolve(out);
        else
          reject(new Error(`${tool} ended with ${killed ?? code}: ${error.trim().slice(0, 400) || "it said nothing"}`));
      });
  });
}

function parseTold(tool: string, told: string): unknown {
  try {
    return JSON.parse(told) as unknown;
  } catch (cause) {
    throw new Error(`${tool} told nothing that can be read: ${told.trim().slice(0, 400)}`, { cause });
  }
}
