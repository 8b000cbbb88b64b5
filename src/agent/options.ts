/** The options of an agent and of its run, checked where they are given. */

import {
  abortSignal,
  anything,
  callable,
  describeFault,
  type Fault,
  faultOf,
  flag,
  having,
  integer,
  like,
  only,
  optional,
  positiveInteger,
  text,
} from "../data/check.ts";
import { modelSchema } from "../llm/answer.ts";
import type { Budget } from "../llm/index.ts";
import { recordSchema } from "../record/given.ts";
import { bodies, type Sandbox } from "../sandbox/index.ts";
import { bodySchema, limitsSchema } from "../sandbox/options.ts";
import { AgentFailure } from "./failure.ts";
import type { AgentOptions } from "./types.ts";

/** How an agent lives on. */
export interface RunOptions {
  steps: number;
  signal?: AbortSignal | undefined;
  live?: boolean;
}

const agentSchema = only<AgentOptions & { hash?: string }>(
  {
    llm: modelSchema,
    // What is in it is asked for where the budget is made.
    budget: optional(like<Budget>((value) => typeof value === "object" && value !== null, "a budget, or its limits")),
    query: optional(text),
    input: optional(callable<(question: string) => Promise<string>>("a function that asks a person")),
    genome: anything(),
    past: anything(),
    // What `snapshot()` gave may be given whole: its hash is not read.
    hash: optional(text),
    seed: optional(integer),
    limits: optional(limitsSchema),
    body: optional(bodySchema),
    sandbox: optional(having<Sandbox>(["open"], "a sandbox, as `await createSandbox()` gives")),
    record: optional(recordSchema),
  },
  "an object of options, such as { llm: models.scripted([...]) }",
);

const runSchema = only<RunOptions>({
  steps: positiveInteger,
  signal: optional(abortSignal),
  live: optional(flag),
});

/** Throws an AgentFailure for an option that has no meaning, or that nobody reads. */
export function checkAgentOptions(options: AgentOptions): void {
  refuse(faultOf(agentSchema, options, "the options of AutonomousLLM"));
  const { name } = bodyOf(options);
  const { body = name } = options;
  if (body !== name)
    refuse({ kind: "option", name: "sandbox", expected: `one whose agents are ${body}`, value: `one of ${name}` });
}

/** What is known of an agent's body. */
export function bodyOf({ body = "javascript", sandbox }: Pick<AgentOptions, "body" | "sandbox">): Sandbox["body"] {
  return sandbox?.body ?? bodies[body];
}

/** The same for those of `run`. */
export function checkRunOptions(options: RunOptions): void {
  refuse(faultOf(runSchema, options, "the options of run()"));
}

function refuse(fault: Fault | null): void {
  if (fault !== null) throw new AgentFailure(`${describeFault(fault)}.`.replace("?.", "?"));
}
