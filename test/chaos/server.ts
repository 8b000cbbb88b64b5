/**
 * The command that serves a model, and the server behind it. Who asks is answered as ever or hears of an error, never half an
 * answer as if it were whole; the next server answers the same.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import OpenAI from "openai";
import { writeFolder, writingModel } from "../model/shared.ts";
import { outliving, processesBelow } from "../processes.ts";
import { hangMs } from "../waiting.ts";
import type { Kind } from "./chaos.ts";
import { killOne } from "./record.ts";

const launcher = join(import.meta.dirname, "../../scripts/autoagent.mjs");
/** Questions of each strike: whole answers and streams. */
const asks = [0, 1, 2, 3].map((seed) => ({ seed, stream: seed % 2 === 1, maxTokens: 60 + 90 * seed }));

interface Running {
  process: ChildProcess;
  client: OpenAI;
}

async function start(folder: string): Promise<Running> {
  const child = spawn(process.execPath, [launcher, "serve", folder, "--port", "0", "--name", "small"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = (await once(createInterface(child.stdout!), "line"))[0] as string;
  const url = /at (http:\S+)/.exec(line)?.[1];
  return { process: child, client: new OpenAI({ baseURL: url!, apiKey: "none", maxRetries: 0, timeout: hangMs }) };
}

/** The whole answer; rejects where there is none. */
async function answer({ client }: Running, { seed, stream, maxTokens }: (typeof asks)[number]): Promise<string> {
  const ask = { model: "small", prompt: "self.x = ", max_tokens: maxTokens, seed };
  if (!stream) return (await client.completions.create(ask)).choices[0]!.text;
  let [text, isWhole] = ["", false];
  for await (const { choices } of await client.completions.create({ ...ask, stream: true })) {
    text += choices[0]?.text ?? "";
    isWhole ||= choices[0]?.finish_reason != null;
  }
  return isWhole ? text : `half an answer, without an error: ${text}`;
}

/** The server, or the command that started it. */
export const server: Kind = {
  name: "server",
  share: 15,
  async open({ folder, random, tally }) {
    writeFolder(folder, writingModel({ context: 512 }));
    let running = await start(folder);
    const expected = await Promise.all(asks.map((ask) => answer(running, ask)));
    const check = (i: number, text: string): void => {
      tally.acknowledged++;
      if (text !== expected[i]) tally.wrong.push(`question ${i} was answered ${text.slice(0, 200)}`);
    };
    const family = () => [running.process.pid!, ...processesBelow(running.process.pid!)];
    return {
      async strike() {
        const some = random.integer(asks.length);
        check(some, await answer(running, asks[some]!));
        const under = asks.map((ask, i) =>
          answer(running, ask).then(
            (text) => check(i, text),
            (error: unknown) => {
              if (!(error instanceof Error)) tally.wrong.push(`question ${i} ended in ${String(error)}`);
            },
          ),
        );
        await sleep(random.integer(300));
        const all = family();
        killOne(all, random);
        const left = await outliving(all);
        if (left.length > 0) {
          tally.wrong.push(`${left.length} processes of the server outlived the one that was killed`);
          for (const pid of left) killOne([pid], random);
        }
        await Promise.all(under);
        running = await start(folder);
      },
      async close() {
        const all = family();
        await Promise.all(asks.map(async (ask, i) => check(i, await answer(running, ask))));
        running.process.kill("SIGINT");
        if ((await outliving(all)).length > 0) tally.wrong.push("the server did not end");
      },
    };
  },
};
