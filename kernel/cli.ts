/**
 * The `autoagent-kernel` command: runs a notebook headless, and installs the kernel into Jupyter. Exit codes: 0 done,
 * 1 a cell failed or left an error that nobody caught, 2 the arguments or the input are at fault, 130 stopped. Not here:
 * finding Node 24 (`scripts/autoagent-kernel.mjs`).
 */

import { parseArgs } from "node:util";
import { InstallFailure, install, listInstalled, uninstall } from "./install.ts";
import { NotebookFailure, type RunProgress, runNotebook } from "./notebook/index.ts";

const help = `Usage: autoagent-kernel COMMAND [OPTIONS]

  run NOTEBOOK          run a notebook without a front end
    --output FILE         where the executed notebook goes (default: nowhere; NOTEBOOK is not written to)
    --html FILE           where the page goes: one file that needs no network
    --timeout SECONDS     longest time for one cell (default: none)
    --allow-errors        go on after a cell that fails
    --parameters KEY=VALUE  set after the cell tagged "parameters", or first; VALUE is JSON, else text; may be repeated
  install               make the kernel known to Jupyter, with a plotly renderer for JupyterLab 4 and Notebook 7
    --user                into your own data folder (the default)
    --prefix PATH         into a Python environment instead
    --name NAME           name of the kernel (default: autoagent)
  uninstall             take it away again: --user, --prefix, --name as above
  list                  where the kernel is installed; --prefix as above
`;

/** A mistake in the arguments. */
class UsageFailure extends Error {
  override readonly name = "UsageFailure";
}

const where = { user: { type: "boolean" }, prefix: { type: "string" }, name: { type: "string" } } as const;
const commands: { [name: string]: (args: string[]) => Promise<number> | number } = {
  run,
  install(args) {
    const { kernel, renderer } = install(place(args));
    console.log(`Installed the kernel in ${kernel}\nand the plotly renderer in ${renderer}.`);
    return 0;
  },
  uninstall(args) {
    for (const folder of uninstall(place(args))) console.log(`Removed ${folder}.`);
    return 0;
  },
  list(args) {
    const found = listInstalled(place(args));
    if (found.length === 0) console.log("The kernel is not installed: run `autoagent-kernel install`.");
    for (const { name, folder, works } of found)
      console.log(`${name}  ${folder}${works ? "" : "  (what it starts is gone: install it again)"}`);
    return 0;
  },
};

// The launcher that handed over to this process may be killed, and nobody would be left to end what it started.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
process.exitCode = await main(process.argv.slice(2));

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h" || args.includes("--help")) {
    console.log(help);
    return name === undefined ? 2 : 0;
  }
  try {
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command === undefined)
      throw new UsageFailure(
        `Unknown command ${JSON.stringify(name)}: it is one of ${Object.keys(commands).join(", ")}.`,
      );
    return await command(args);
  } catch (error) {
    const known = [UsageFailure, InstallFailure, NotebookFailure].some((kind) => error instanceof kind);
    const wrongOption = String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
    if (!known && !wrongOption) throw error;
    console.error((error as Error).message);
    return 2;
  }
}

function place(args: string[]): { prefix?: string; name?: string } {
  const { user, ...values } = parseArgs({ args, options: where }).values;
  if (user && values.prefix !== undefined) throw new UsageFailure("Give --user or --prefix, not both.");
  return values;
}

async function run(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      output: { type: "string" },
      html: { type: "string" },
      timeout: { type: "string" },
      "allow-errors": { type: "boolean", default: false },
      parameters: { type: "string", multiple: true, default: [] },
    },
  });
  const [path] = positionals;
  if (path === undefined || positionals.length > 1)
    throw new UsageFailure("Give one notebook: autoagent-kernel run NOTEBOOK.");
  const stop = new AbortController();
  process.on("SIGINT", () => stop.abort());
  process.on("SIGTERM", () => stop.abort());
  const { failure } = await runNotebook({
    path,
    ...(values.output !== undefined && { output: values.output }),
    ...(values.html !== undefined && { html: values.html }),
    timeoutMs: secondsOf(values.timeout) * 1000,
    allowErrors: values["allow-errors"],
    parameters: Object.fromEntries(values.parameters.map(parameterOf)),
    onProgress: tell,
    signal: stop.signal,
  });
  if (failure !== null) console.error(visible(`Cell ${failure.cell} failed: ${failure.title}\n${failure.traceback}`));
  if (stop.signal.aborted) return 130; // a cell that may fail leaves no failure where it was stopped
  return failure === null || values["allow-errors"] ? 0 : 1;
}

function secondsOf(text = "0"): number {
  const seconds = Number(text);
  if (!(seconds >= 0) || text.trim() === "" || seconds > 2_000_000)
    throw new UsageFailure(`Expected --timeout to be seconds, from 0 to 2000000, got ${JSON.stringify(text)}.`);
  return seconds;
}

function parameterOf(text: string): [string, unknown] {
  const [, name, value] = /^([A-Za-z_$][\w$]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined)
    throw new UsageFailure(
      `Expected --parameters to be KEY=VALUE with a variable's name as KEY, got ${JSON.stringify(text)}.`,
    );
  try {
    return [name, JSON.parse(value)];
  } catch {
    return [name, value]; // not JSON: a text
  }
}

/** What a cell prints or shows may hold a terminal's control characters: they become pictures (ESC is ␛). */
function visible(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, (c) => {
    const code = c.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : "\ufffd";
  });
}

/** One line that is rewritten on a terminal; elsewhere a line a cell. */
function tell({ cell, cells, title, seconds, note, done }: RunProgress): void {
  const what = visible(note !== "" && !done ? note : title).replaceAll(/\s/g, " ");
  const line = `[${cell}/${cells}] ${seconds.toFixed(1).padStart(5)} s  ${what}`.slice(
    0,
    (process.stderr.columns || 100) - 1,
  );
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}${done ? "\n" : ""}`);
  else if (done) process.stderr.write(`${line}\n`);
}
