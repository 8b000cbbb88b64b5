/** Kernels, those that run notebooks, and the user processes in which cells run. */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startClient } from "../../kernel/notebook/client.ts";
import { formatNotebook, type Notebook } from "../../kernel/notebook/format.ts";
import { runOn } from "../kernel/session/run-cell.ts";
import { outliving, processesBelow } from "../processes.ts";
import { until } from "../waiting.ts";
import type { Kind, Tally } from "./chaos.ts";
import { killFamily, killOne } from "./record.ts";

/** What a cell may be at when it is killed. */
const works = [
  "while (true) {}",
  "await new Promise(() => {});",
  "for (;;) await new Promise((r) => setTimeout(r, 1));",
];
/** A program of a cell's own; its id is shown. */
// It sleeps for longer than anybody waits for its end.
const program = 'require("node:child_process").spawn("sleep", ["4000"]).pid';

/** Kernels: a client's own, one that runs a notebook, and the command that has it run. */
export const kernel: Kind = {
  name: "kernel",
  share: 15,
  async open({ folder, random, tally }) {
    let strikes = 0;
    return {
      async strike() {
        const own = join(folder, `kernel-${strikes}`);
        mkdirSync(own);
        const afterMs = random.integer(300);
        if (strikes % 3 === 0) await killOfClient(own, random.choice(works), afterMs, tally);
        else await killOfNotebook(own, strikes % 3 === 1 ? "kernel" : "runner", afterMs, tally);
        strikes++;
      },
      async close() {},
    };
  },
};

async function killOfClient(folder: string, work: string, afterMs: number, tally: Tally): Promise<void> {
  const client = await startClient(folder, { environment: { AUTOAGENT_TYPES: "off" } });
  try {
    const run = runOn(client);
    const [pid] = (await run(program)).shown;
    tally.acknowledged++;
    const ended = run(work).then(
      () => "its cell ended as if nothing were",
      (error: Error) => error.message,
    );
    await sleep(afterMs);
    await killFamily(client.pid, tally);
    const said = await ended;
    if (!/^the kernel ended \(SIGKILL\)/.test(said)) tally.wrong.push(`of a killed kernel was said: ${said}`);
    if ((await outliving([Number(pid)])).length > 0) {
      process.kill(Number(pid), "SIGKILL");
      tally.wrong.push("a program that a cell had started outlived the kernel");
    }
  } finally {
    await client.close();
  }
}

/** A notebook that runs on for ever; its kernel or its runner is killed, and what had run stands in the output. */
async function killOfNotebook(
  folder: string,
  victim: "kernel" | "runner",
  afterMs: number,
  tally: Tally,
): Promise<void> {
  const [path, output, marks] = ["in.ipynb", "out.ipynb", "marks"].map((name) => join(folder, name));
  const mark = (n: number) => `require("node:fs").appendFileSync(${JSON.stringify(marks)}, "${n}\\n"); ${n} * 11`;
  const sources = [`// types: off\n${mark(1)}`, mark(2), mark(3), "await new Promise(() => {});"];
  const cells = sources.map((source) => ({
    ...{ cell_type: "code" as const, source, metadata: {}, outputs: [], execution_count: null },
  }));
  writeFileSync(path!, formatNotebook({ cells, metadata: {}, nbformat: 4, nbformat_minor: 5 }));
  writeFileSync(output!, "old");
  const main = join(import.meta.dirname, "../../kernel/cli.ts");
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const runner = spawn(process.execPath, [...flags, main, "run", path!, "--output", output!], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  runner.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const ended = new Promise<void>((resolve) => runner.on("close", () => resolve()));
  const kernelOf = (): number | undefined =>
    processesBelow(runner.pid!).find((pid) => readCommand(pid).includes("kernel/main.ts"));
  await until(() => existsSync(marks!), 20_000);
  await sleep(afterMs / 3);
  const done = existsSync(marks!) ? readFileSync(marks!, "utf8").split("\n").length - 1 : 0;
  const pid = victim === "kernel" ? kernelOf() : runner.pid;
  if (pid === undefined) throw new Error(`no kernel below the runner: ${said}`);
  await killFamily(pid, tally);
  await ended;
  const text = readFileSync(output!, "utf8");
  tally.acknowledged += done;
  if (victim === "runner") {
    if (text !== "old") tally.lost.push("a runner that was killed left something else than the old notebook");
    return;
  }
  if (!/the kernel ended \(SIGKILL\)/.test(said))
    tally.wrong.push(`of a killed kernel the runner said: ${said.slice(-300)}`);
  const { cells: ran } = JSON.parse(text) as Notebook;
  // The mark is set before the cell's value is out: the last one marked may have been cut off.
  for (let n = 1; n < done; n++)
    if (!JSON.stringify(ran[n - 1]!.outputs).includes(String(n * 11)))
      tally.lost.push(`cell ${n} ran, and its output is gone`);
}

function readCommand(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}

/** What a cell is told whose user process was killed. */
const ended = "The user process ended (signal SIGKILL): its variables are gone. A new one is ready.";

/** User processes of one kernel, which says so and goes on. */
export const userProcess: Kind = {
  name: "user process",
  share: 45,
  async open({ folder, random, tally }) {
    const client = await startClient(folder, { environment: { AUTOAGENT_TYPES: "off" } });
    const run = runOn(client);
    let count = 0;
    const counted = async (code: string) => {
      count++;
      return run(code);
    };
    return {
      async strike() {
        const { shown } = await counted("const kept = process.pid; kept");
        const pid = Number(shown[0]);
        const started = random.integer(3) === 0 ? Number((await counted(program)).shown[0]) : null;
        const isIdle = random.integer(3) === 0;
        const mark = join(folder, `begun-${count}`);
        const begin = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, "");`;
        const cell = isIdle ? null : counted(`${begin}\n${random.choice(works)}`);
        // A cell that came after the kernel had noticed would run in the new process, and these do not end there.
        while (cell !== null && !existsSync(mark)) await sleep(2);
        await sleep(random.integer(200));
        process.kill(pid, "SIGKILL");
        if (cell !== null) {
          const said = (await cell).error?.evalue ?? "nothing";
          if (said !== ended) tally.wrong.push(`the cell of a killed user process said: ${said}`);
        } else await outliving([pid]);
        const look = `[typeof kept, process.pid !== ${pid}]`;
        let next = await counted(look);
        // A cell that came before the kernel had noticed hears of it, and was not run.
        if (isIdle && next.error?.evalue === ended) next = await counted(look);
        if (next.shown[0] !== "[ 'undefined', true ]")
          tally.wrong.push(`the next cell gave ${next.shown[0] ?? next.error?.evalue}`);
        if (started !== null && (await outliving([started])).length > 0) {
          killOne([started], random);
          tally.wrong.push("a program that a cell had started outlived the user process");
        }
        tally.acknowledged += 1;
        const reply = await client.execute("1", () => {});
        if (reply.content.execution_count !== ++count)
          tally.lost.push(`the ${count}th cell counted as ${reply.content.execution_count}`);
      },
      close: () => client.close(),
    };
  },
};
