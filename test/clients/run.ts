/**
 * `npm run test:clients`: well-known clients of OpenAI's API against a server of this project, each call answered right or
 * refused by name. The model writes bytes and its weights come out of a formula; what is right is computed from the model itself,
 * one token after the other. Installs the clients once (`environments.ts`); exit code 1 if any call is wrong, and a sentence and 0 where
 * they cannot be installed.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { textTable } from "../../src/display/index.ts";
import { type Decoder, openModel } from "../../src/model/index.ts";
import { serve } from "../../src/serve/model/index.ts";
import { temporaryFolder } from "../model/shared.ts";
import { prepareNode, preparePython } from "./environments.ts";
import { expectations, writeModel } from "./expected.ts";

/** What a client made of a call. */
interface Outcome {
  client: string;
  call: string;
  outcome: "right" | "refused" | "wrong";
  why: string;
}

const python = preparePython();
const node = await prepareNode();
const missing = [python, node].flatMap((found) => ("missing" in found ? [found.missing] : []));
if (missing.length > 0) console.log(`Left out: ${missing.join("; ")}`);
using folder = temporaryFolder();
writeModel(folder.path);
const decoder = await openModel(folder.path);
const outcomes = await askAll(decoder);
await decoder.dispose();
const shown = { right: "right", refused: "refused by name", wrong: "WRONG" };
console.log(
  textTable(
    outcomes.map(({ client, call, outcome, why }) => ({ client, call, outcome: shown[outcome], "what or why": why })),
    { caption: `${outcomes.length} calls, ${outcomes.filter(({ outcome }) => outcome === "wrong").length} wrong` },
  ),
);
const silent = missing.length < 2 && outcomes.length === 0;
process.exitCode = silent || outcomes.some(({ outcome }) => outcome === "wrong") ? 1 : 0;

/** Serves the model and runs both languages' calls beside each other. */
async function askAll(model: Decoder): Promise<Outcome[]> {
  const faults: unknown[] = [];
  await using server = await serve(model, { name: "small", port: 0, onError: (error) => faults.push(error) });
  const file = join(folder.path, "expected.json");
  writeFileSync(file, JSON.stringify(await expectations(model, "small")));
  const own = (name: string) => join(import.meta.dirname, name);
  const children: ChildProcess[] = [];
  if ("path" in python)
    children.push(
      spawn(python.path, [own("calls.py"), server.url, file, folder.path], { stdio: ["ignore", "pipe", "pipe"] }),
    );
  if ("path" in node)
    children.push(
      spawn(process.execPath, [own("calls.mjs"), server.url, file], {
        cwd: node.path,
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
  const all = await Promise.all(children.map(readOutcomes));
  const logged = faults.map(
    (error): Outcome => ({
      ...{ client: "the server", call: "its log is empty", outcome: "wrong" },
      why: String(error),
    }),
  );
  return [...all.flat(), ...logged];
}

async function readOutcomes(child: ChildProcess): Promise<Outcome[]> {
  const ended = once(child, "exit");
  let said = "";
  child.stderr!.setEncoding("utf8").on("data", (piece: string) => {
    said = (said + piece).slice(-2000);
  });
  const outcomes: Outcome[] = [];
  for await (const line of createInterface({ input: child.stdout! }))
    if (line.startsWith('{"client"')) outcomes.push(JSON.parse(line) as Outcome);
  const [code] = (await ended) as [number | null];
  if (code !== 0)
    outcomes.push({ client: child.spawnfile, call: "all", outcome: "wrong", why: `it ended with ${code}: ${said}` });
  return outcomes;
}
