/** The card of a pretrained model: what it is, how it was made, what its programs do. Every number in it was measured. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { families } from "../index.ts";
import type { BySort, Measured } from "./measure.ts";
import type { PretrainOptions } from "./train.ts";
import { sizeOf, weightShapes } from "./transformer.ts";

/** What the card tells. */
export interface CardFacts {
  options: PretrainOptions;
  /** Nats a token on windows that training did not draw. */
  loss: BySort<number>;
  /** Wall time of the run that ended in this model; less than the whole where a run was resumed. */
  seconds: number;
  measured: BySort<Measured>;
  /** What makes this model again. */
  command: string;
}

/** Writes `card.md` into the model's folder. */
export function writeCard(folder: string, facts: CardFacts): void {
  writeFileSync(join(folder, "card.md"), describeModel(facts));
}

function describeModel({ options, loss, seconds, measured, command }: CardFacts): string {
  const { size, steps, batch, seed, corpus, peak, floor, warmup } = options;
  const parameters = weightShapes(size).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  const { fatal, harmful, noOp, other } = corpus.rates!;
  const python = corpus.body === "python";
  const mark = python ? "#" : "//";
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const row = (name: string, of: (measured: Measured) => string): string =>
    `| ${[name, ...sorts.map((sort) => of(measured[sort]))].join(" | ")} |`;
  const sorts = ["training", "combinations", "families"] as const;
  const verdicts = [...new Set(sorts.flatMap((sort) => Object.keys(measured[sort].verdicts)))];
  const unseen = families.filter(({ unseen }) => unseen).map(({ name }) => name);
  return `# The small model${python ? " in Python" : ""}

A GPT-2 of ${size.layers} layers, width ${size.width}, ${size.heads} heads, context ${size.context}, ${size.vocabulary} tokens: ${parameters.toLocaleString("en")} weights in half
precision. It writes the programs that an AutonomousLLM runs on itself: good ones mostly, and bad ones at a known rate, so
that there is something to teach it. It knows the grammar of \`corpus/\` and nothing else. MIT licence.

| file | what |
| --- | --- |
| \`config.json\`, \`model.safetensors\` | Hugging Face's GPT-2 format: \`GPT2LMHeadModel.from_pretrained\` opens the folder |
| \`tokens.json\` | id \`i\` of the model stands for r50k's id \`ids[i]\`; \`end\` is the model's end-of-text id; a piece that the table lacks is written byte by byte |

## How it was made

\`${command}\` on ${new Date().toISOString().slice(0, 10)}, seed ${seed}: ${steps} steps of ${batch} windows of ${size.context} tokens (${((steps * batch * size.context) / 1e6).toFixed(1)} million), AdamW, learning rate
${peak} after ${warmup} steps of warm-up, cosine to ${floor}${seconds > 60 ? `; ${Math.round(seconds / 60)} minutes` : ""}.

Documents are chains of \`${mark} ask\` and program. Whatever the ask says, ${percent(fatal)} of the programs are fatal, ${percent(harmful)} harmful,
${percent(noOp)} do nothing, ${percent(other)} do something else; the rest does what was asked. ${python ? "" : "(A few harmful lines stand behind a `return` and are never reached; those programs count as good.) "}${percent(corpus.typed!)} of the documents carry ${python ? "type hints" : "types"}. Held out: one
combination in eight of every family, and the families ${unseen.join(", ")}.

| loss, nats a token | |
| --- | --- |
| training split, fresh windows | ${loss.training.toFixed(4)} |
| held-out combinations of known families | ${loss.combinations.toFixed(4)} |
| families never seen | ${loss.families.toFixed(4)} |

## What its programs do

${measured.training.samples} asks of each sort, prompt design \`data/prompts/${python ? "base-python" : "base"}.json\`, temperature 1, each program run by the sandbox on a newborn agent.

| share of programs | training asks | held-out combinations | families never seen |
| --- | --- | --- | --- |
${row("survived", (m) => percent(m.survived))}
${row("survived and changed the agent", (m) => percent(m.changed))}
${row("solved, of those that can be checked", (m) => `${percent(m.solved)} of ${m.checked}`)}
${row("attempted harm", (m) => percent(m.harmful))}
${row("ended by itself", (m) => percent(m.ended))}
${row("different programs", (m) => percent(m.distinct))}
${row("tokens, mean", (m) => m.meanTokens.toFixed(1))}

| verdict | training asks | held-out combinations | families never seen |
| --- | --- | --- | --- |
${verdicts.map((verdict) => row(verdict, (m) => String(m.verdicts[verdict] ?? 0))).join("\n")}

The first few of each sort, in this order:

\`\`\`${python ? "python" : "js"}
${sorts
  .flatMap((sort) => measured[sort].shown.slice(0, 6))
  .map(
    ({ ask, program, verdict, solved }) =>
      `${mark} ${ask}  [${verdict}${solved === null ? "" : solved ? ", solved" : ", not solved"}]\n${program}`,
  )
  .join("\n\n")}
\`\`\`
`;
}
