/** `autoagent serve MODEL`: opens a model, with a trained head or adapter where one is given, and serves it until it is interrupted. */

import { basename } from "node:path";
import {
  type Decoder,
  type Dtype,
  dtypes,
  loadPrompt,
  type OpenModelOptions,
  type PromptDesign,
  type Provider,
  providers,
} from "../model/index.ts";
import { openPretrained } from "../policy/index.ts";
import { serve } from "../serve/model/index.ts";
import { adaptedBlocksOf, readCheckpoint, trainedPolicy } from "../training/index.ts";
import { CliFailure } from "./error.ts";
import { interrupted } from "./interrupted.ts";
import { readArguments, readInteger } from "./options.ts";

const texts = ["head", "prompt", "name", "host", "port", "threads", "batch", "dtype", "provider", "cors"] as const;

/** Runs the command; returns when it is interrupted. */
export async function runServe(args: string[]): Promise<number> {
  const options = Object.fromEntries(texts.map((name) => [name, { type: "string" }] as const));
  const given = readArguments("serve", args, { options, least: 1, most: 1 });
  const path = given.positionals[0]!;
  const text = (name: (typeof texts)[number]): string | undefined => given.values[name] as string | undefined;
  const threads = readInteger(given, "threads", { low: 1, high: 256 });
  const port = readInteger(given, "port", { low: 0, high: 65_535 });
  const maxBatch = readInteger(given, "batch", { low: 1, high: 1024 }) ?? 32;
  const dtype = (text("dtype") ?? "fp32") as Dtype;
  if (!Object.hasOwn(dtypes, dtype))
    throw new CliFailure({ kind: "option", name: "dtype", expected: Object.keys(dtypes).join(" or "), value: dtype });
  const provider = text("provider") ?? "cpu";
  if (!isProvider(provider))
    throw new CliFailure({
      kind: "option",
      name: "provider",
      expected: `${providers.join(", ")} or auto`,
      value: provider,
    });
  const named = text("prompt");
  const wanted = named === undefined || named === "chat" ? undefined : await readPrompt(named);
  const live = process.stderr.isTTY;
  const head = text("head");
  const checkpoint = head === undefined ? null : await readCheckpoint(head);
  const onProgress = ({ done, total }: { done: number; total: number }): void => {
    if (live) process.stderr.write(`\rConverting, ${Math.round((100 * done) / total)} %${done === total ? "\n" : ""}`);
  };
  const decoder = await openAsAsked(path, {
    ...(checkpoint && { adaptedBlocks: adaptedBlocksOf(checkpoint) }),
    ...(threads !== undefined && { threads }),
    ...{ dtype, provider, onProgress },
  });
  const trained = checkpoint && (await trainedPolicy(decoder, checkpoint));
  const prompt = named === undefined ? trained?.prompt : wanted;
  const name = text("name") ?? basename(path).replace(/\.gguf$/, "");
  await using server = await serve(decoder, {
    name,
    host: text("host") ?? "127.0.0.1",
    ...(port !== undefined && { port }),
    maxBatch,
    cors: text("cors")?.split(",") ?? [],
    token: process.env.AUTOAGENT_TOKEN,
    ...(prompt && { prompt }),
    ...(trained && { ...(await trained.steering()), temperature: trained.temperature }),
  });
  const what = head === undefined ? name : `${name} with the head ${head}`;
  process.stdout.write(
    `Serving ${what} at ${server.url} (${decoder.provider}: ${decoder.device}, ${dtype}); Ctrl-C ends it\n`,
  );
  if (prompt === undefined && decoder.tokenizer.chat === undefined)
    process.stdout.write("The model has no chat template: chats become plain lines, which it may not know\n");
  await interrupted();
  return 0;
}

/** Opens the model. Options that it cannot be opened with are arguments that do not go together. */
async function openAsAsked(path: string, options: OpenModelOptions): Promise<Decoder> {
  try {
    return await openPretrained(path, options);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CliFailure({ kind: "arguments", command: "serve", detail: cause.message }, { cause });
  }
}

async function readPrompt(name: string): Promise<PromptDesign> {
  try {
    return await loadPrompt(name);
  } catch (cause) {
    throw new CliFailure({ kind: "arguments", command: "serve", detail: (cause as Error).message }, { cause });
  }
}

function isProvider(name: string): name is Provider | "auto" {
  return name === "auto" || (providers as readonly string[]).includes(name);
}
