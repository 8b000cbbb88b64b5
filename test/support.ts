/** What several tests need: the Python tools or a printed reason, and a browser without a network. */

import type { Context } from "mocha";
import { type Page, chromium as playwright } from "playwright-core";
import { hangMs } from "./waiting.ts";

const pythonScript: string = "../scripts/python.mjs"; // plain JavaScript, for any Node: it has no types to check
const { findTestPython } = (await import(pythonScript)) as {
  findTestPython: () => { path: string } | { missing: string };
};

/** The interpreter with the pinned Jupyter tools. Without it the test is left out, and the reason printed. */
export function testPython(test: Context): string {
  const found = findTestPython();
  if ("path" in found) return found.path;
  return leaveOut(test, found.missing);
}

/** Leaves the running test or suite out, with the reason in the report. */
export function leaveOut(test: Context, reason: string): never {
  console.log(`      left out: ${reason}`);
  return test.skip() as never;
}

/** A page in headless Chromium, off-line, that collects every complaint and every request to a network. */
export async function openPage(
  test: Context,
  url: string,
  options: { width?: number; dark?: boolean } = {},
): Promise<{ page: Page; complaints: string[]; close: () => Promise<void> }> {
  const { default: chromium } = await import("@sparticuz/chromium");
  const browser = await playwright
    .launch({
      executablePath: await chromium.executablePath(),
      args: ["--no-sandbox", "--disable-gpu", "--headless=shell"],
    })
    .catch((error: Error) => leaveOut(test, `Chromium does not start here (${error.message.split("\n")[0]})`));
  const context = await browser.newContext({
    offline: true,
    viewport: { width: options.width ?? 1300, height: 1000 },
    colorScheme: options.dark ? "dark" : "light",
  });
  context.setDefaultTimeout(hangMs);
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => /^https?:/.test(request.url()) && complaints.push(`request: ${request.url()}`));
  await page.goto(url);
  return { page, complaints, close: () => browser.close() };
}

/** Turns of the event loop while something works. */
export async function turnsDuring(work: () => Promise<unknown>): Promise<number> {
  let turns = 0;
  let over = false;
  const turn = (): void => {
    turns++;
    if (!over) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  over = true;
  return turns;
}
