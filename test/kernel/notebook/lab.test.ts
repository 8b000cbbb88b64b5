/**
 * The kernel in JupyterLab, in headless Chromium: `npm run lab`, run all, a plot, the stop button, completion, restart,
 * the clone's documents and sources.
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Browser, type Page, chromium as playwright } from "playwright-core";
import { leaveOut, testPython } from "../../support.ts";
import { hangMs, until } from "../../waiting.ts";
import { notebookOf } from "./notebook-of.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const token = "test";
const sources = [
  'plot({ data: [{ x: [1, 2, 3], y: [2, 4, 3] }], layout: { title: { text: "Rising" } } })',
  "let kept = 40; const answer = kept + 2;\nanswer",
  'const who = await input("Who? ");\n"hello ".concat(who)',
  'console.log("begun");\nfor (;;) kept++;',
];
const controlCell = `const g = slider("gamma", { step: 0.1 });
const b = choice("baseline", ["mean", "none"]);
const again = button("again", () => console.log("pressed"));
await readout([g, b, again], (g, b, n) => html\`<b>g = \${g}, \${b}, \${n} presses</b>\`);`;
const lesson = "01-returns.ipynb";
const shots = process.env.SCREENSHOTS;

describe("the kernel in JupyterLab", () => {
  let server: ChildProcess | undefined;
  let browser: Browser | undefined;
  let page: Page;
  let base: string;
  const printed: string[] = [];
  const complaints: string[] = [];
  const home = mkdtempSync(join(tmpdir(), "autoagent-lab-"));
  const copies = join(root, "lab");
  mkdirSync(copies, { recursive: true });
  /** Beside the reader's copies of the lessons, which no test touches. */
  const folder = mkdtempSync(join(copies, "test-"));

  const cell = (i: number) => page.locator(".jp-NotebookPanel .jp-Notebook .jp-Cell").nth(i);
  const press = (name: string) => page.locator(`jp-button[data-command="notebook:${name}"]`).click();
  const look = async (name: string) => shots && (await page.screenshot({ path: join(shots, `lab-${name}.png`) }));
  const kernelState = async (name = "four.ipynb"): Promise<string | undefined> => {
    const answer = await fetch(`${base}/api/sessions?token=${token}`);
    type Session = { name: string; kernel: { execution_state: string; connections: number } };
    const session = ((await answer.json()) as Session[]).find((one) => one.name === name);
    return session && session.kernel.connections > 0 ? session.kernel.execution_state : undefined;
  };
  const comes = async (what: string, test: () => Promise<boolean>): Promise<void> => {
    if (await until(() => test().catch(() => false))) return;
    throw new Error(`${what} did not come: ${printed.join("").slice(-1500)}`);
  };

  before(async function () {
    testPython(this);
    writeFileSync(join(folder, "four.ipynb"), JSON.stringify(notebook()));
    writeFileSync(join(folder, lesson), readFileSync(join(root, "notebooks", lesson)));
    const port = await freePort();
    base = `http://127.0.0.1:${port}`;
    const options = ["--no-browser", `--ServerApp.port=${port}`, "--ServerApp.port_retries=0"];
    options.push(`--IdentityProvider.token=${token}`);
    server = spawn(process.execPath, [join(root, "scripts", "lab.mjs"), ...options], {
      env: {
        ...process.env,
        HOME: home,
        JUPYTER_CONFIG_DIR: join(home, "cfg"),
        JUPYTER_DATA_DIR: join(home, "data"),
        JUPYTER_RUNTIME_DIR: join(home, "run"),
      },
    });
    for (const stream of [server.stdout, server.stderr]) stream?.on("data", (text) => printed.push(String(text)));
    await comes("the server", async () => (await fetch(`${base}/api/status?token=${token}`)).ok);
    const { default: chromium } = await import("@sparticuz/chromium");
    browser = await playwright
      .launch({
        executablePath: await chromium.executablePath(),
        args: ["--no-sandbox", "--disable-gpu", "--headless=shell"],
      })
      .catch((error: Error) => leaveOut(this, `Chromium does not start here (${error.message.split("\n")[0]})`));
    page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    page.setDefaultTimeout(hangMs);
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => {
      if (/^https?:/.test(request.url()) && !request.url().startsWith(base)) complaints.push(request.url());
    });
    await page.goto(`${base}/lab/tree/lab/${basename(folder)}/four.ipynb?token=${token}&reset`, {
      waitUntil: "domcontentloaded",
    });
    await cell(0).waitFor();
    await comes("the kernel", async () => (await kernelState()) === "idle");
  });

  after(async () => {
    await browser?.close();
    if (server && server.exitCode === null) {
      const ended = new Promise((resolve) => server?.on("exit", resolve));
      server.kill("SIGTERM");
      await Promise.race([ended, sleep(8000)]);
      if (server.exitCode === null) server.kill("SIGKILL");
    }
    for (const made of [home, folder]) rmSync(made, { recursive: true, force: true, maxRetries: 5 });
  });

  it("says its address first, and nothing else that a reader must pass over", () => {
    const lines = printed.join("").split("\n");
    const address = lines.findIndex((line) => line.includes(`${base}/lab?token=`));
    assert.ok(address >= 0 && address < 10, printed.join(""));
    assert.doesNotMatch(lines.slice(0, address).join("\n"), /error|warn|fail| at /i);
    assert.ok(existsSync(join(copies, "01-returns.ipynb")));
  });

  it("runs all cells, draws the plot and takes an answer", async () => {
    await page.locator(".lm-MenuBar-item", { hasText: /^Run$/ }).click();
    await page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click();
    await cell(0).locator(".js-plotly-plot .main-svg").first().waitFor();
    assert.equal(await cell(0).locator(".gtitle").textContent(), "Rising");
    assert.equal(await cell(0).locator("[data-title*=Share]").count(), 0);
    const frame = await cell(0).locator(".js-plotly-plot .main-svg").first().boundingBox();
    assert.ok(frame && frame.height > 300 && frame.width > 600, JSON.stringify(frame));
    await cell(1).locator(".jp-OutputArea-output", { hasText: "42" }).waitFor();
    const box = cell(2).locator("input.jp-Stdin-input");
    await box.waitFor();
    await look("input");
    await box.fill("Ada");
    await box.press("Enter");
    await cell(2).locator(".jp-OutputArea-output", { hasText: "hello Ada" }).waitFor();
    const told = await cell(2).locator(".jp-OutputArea-output").allInnerTexts();
    assert.deepEqual(
      told.filter((text) => text.includes("Ada")).map((text) => text.trim()),
      ["Who?  Ada", "'hello Ada'"],
    );
  });

  it("the stop button ends a busy loop, and what was declared is kept", async () => {
    await cell(3).locator(".jp-OutputArea-output", { hasText: "begun" }).waitFor(); // until then there is nothing to stop
    await press("interrupt-kernel");
    await comes("the end of the loop", async () => (await kernelState()) === "idle");
    await look("stopped");
    assert.equal(await page.locator(".jp-Dialog").count(), 0);
    await type(3, "kept > 40");
    await page.keyboard.press("Shift+Enter");
    await cell(3).locator(".jp-OutputArea-output", { hasText: "true" }).waitFor();
  });

  it("completes a name that a cell declared", async () => {
    await type(3, "answ");
    await page.keyboard.press("Tab");
    const text = () => cell(3).locator(".cm-content").textContent();
    const list = page.locator(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-item", { hasText: "answer" });
    await comes("the completion", async () => (await list.count()) > 0 || (await text())?.trim() === "answer");
    await look("completion");
    await page.keyboard.press("Escape");
  });

  it("computes a readout anew when its slider, its choice or its button is moved", async () => {
    await insert(3, controlCell);
    await page.keyboard.press("Shift+Enter");
    const shown = (text: string) => cell(3).locator(".jp-OutputArea-output", { hasText: text }).waitFor();
    await shown("g = 0.5, mean, 0 presses");
    const range = cell(3).locator("input[type=range]:enabled");
    const { x, y, width, height } = (await range.boundingBox())!;
    await page.mouse.click(x + 0.8 * width, y + height / 2);
    await shown("g = 0.8, mean, 0 presses");
    await page.mouse.click(x + 0.88 * width, y + height / 2);
    await shown("g = 0.9, mean, 0 presses");
    await range.focus();
    await page.keyboard.press("ArrowLeft"); // the slider's, not the notebook's: its cell stays the active one
    await shown("g = 0.8, mean, 0 presses");
    await page.keyboard.press("ArrowUp");
    await shown("g = 0.9, mean, 0 presses");
    assert.ok(await cell(3).evaluate((node) => node.classList.contains("jp-mod-active")));
    await cell(3).locator("select").selectOption("none");
    await cell(3).locator("button", { hasText: "again" }).click();
    await shown("g = 0.9, none, 1 presses");
    await shown("pressed"); // what a callback prints lands under the cell that gave it
    await look("controls");
    await insert(1, "g.value = 0.2; g.value");
    await page.keyboard.press("Control+Enter");
    await shown("g = 0.2, none, 1 presses");
    assert.equal(await range.inputValue(), "0.2");
  });

  it("restarts to a kernel that knows nothing", async () => {
    await press("restart-kernel");
    await page.locator(".jp-Dialog button.jp-mod-accept").click();
    await page.locator(".jp-Dialog").waitFor({ state: "detached" });
    await comes("the new kernel", async () => (await kernelState()) === "idle");
    await type(3, "typeof kept");
    await page.keyboard.press("Shift+Enter");
    await cell(3).locator(".jp-OutputArea-output", { hasText: "undefined" }).waitFor();
    await look("restarted");
    assert.deepEqual(complaints, []);
  });

  it("changes nothing of a lesson but its outputs when it is run and saved", async () => {
    await page.goto(`${base}/lab/tree/lab/${basename(folder)}/${lesson}?reset`, { waitUntil: "domcontentloaded" });
    await cell(0).waitFor();
    await comes("the kernel", async () => (await kernelState(lesson)) === "idle");
    await page.locator(".lm-MenuBar-item", { hasText: /^Run$/ }).click();
    await page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click();
    await page.keyboard.press("Control+S");
    const saved = () => JSON.parse(readFileSync(join(folder, lesson), "utf8")) as SavedNotebook;
    const before = JSON.parse(readFileSync(join(root, "notebooks", lesson), "utf8")) as SavedNotebook;
    await comes("the saved run", async () => {
      await page.keyboard.press("Control+S");
      await sleep(300);
      return saved().cells.some(({ outputs = [] }) => JSON.stringify(outputs).includes("execute_result"));
    });
    assert.deepEqual(withoutOutputs(saved()), withoutOutputs(before));
  });

  it("opens the clone's documents and sources, also by a lesson's links", async () => {
    await page.goto(`${base}/lab/tree/lab/${lesson}?reset`, { waitUntil: "domcontentloaded" }); // only looked at
    await cell(0).waitFor();
    const link = page.locator(".jp-RenderedMarkdown a", { hasText: "src/training/estimators.ts" });
    await link.scrollIntoViewIfNeeded();
    await link.click();
    await page.locator(".jp-FileEditor .cm-content", { hasText: "export const estimators" }).waitFor();
    await look("source");
    await page.goto(`${base}/lab/tree/docs/kernel.md?reset`, { waitUntil: "domcontentloaded" });
    await page.locator(".jp-MarkdownViewer h1", { hasText: "The kernel on what people type" }).waitFor();
    await look("document");
    await page.goto(`${base}/lab?reset`, { waitUntil: "domcontentloaded" });
    await page.locator(".jp-DirListing-item", { hasText: "00-tour.ipynb" }).waitFor();
    await look("first");
    const opened = [copies, join(root, "docs"), join(root, "src", "training")];
    const beside = opened.filter((one) => existsSync(join(one, ".ipynb_checkpoints")));
    assert.deepEqual(beside, [], "checkpoints among the sources");
    assert.deepEqual(complaints, []);
  });

  async function insert(i: number, text: string): Promise<void> {
    await cell(i).locator(".cm-content").click();
    await page.keyboard.press("Control+A");
    await page.keyboard.insertText(text);
  }

  async function type(i: number, text: string): Promise<void> {
    await cell(i).locator(".cm-content").click();
    await page.keyboard.press("Control+A");
    await page.keyboard.type(text, { delay: 10 });
  }
});

interface SavedNotebook {
  cells: { outputs?: object[]; execution_count?: number | null }[];
}

function withoutOutputs({ cells, ...rest }: SavedNotebook): object {
  return { ...rest, cells: cells.map(({ outputs: _, execution_count: __, ...cell }) => cell) };
}

function notebook(): object {
  const kernelspec = { name: "autoagent", display_name: "TypeScript (AutoAgent Lab)", language: "typescript" };
  return notebookOf(sources, { kernelspec });
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
