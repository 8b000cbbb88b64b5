/**
 * The edit menu: a softmax over a handful of named edits of the agent, each a real program for the real sandbox. The
 * smallest thing REINFORCE can train, so that its every number can be checked by hand. Not here: programs that a model
 * writes token by token.
 */

import { anything, checkOptions, listOf, oneOf, only, optional, someOf, text } from "../data/check.ts";
import type { Random } from "../random/index.ts";
import { pythonMenu } from "./menu-python.ts";
import { tf } from "./tensors.ts";
import type { Action, Edit, Policy, TrainablePolicy } from "./types.ts";

/** Eight edits, as in the paper's story: five that a life can repeat for ever, two that end it, one that does harm. */
export const paperMenu: readonly Edit[] = [
  { name: "remember", effect: "harmless", program: "self.state.memory = (self.state.memory ?? 0) + 1;" },
  { name: "greet", effect: "harmless", program: 'function hello_world() { return "hello, world"; }\nhello_world();' },
  { name: "rename", effect: "harmless", program: 'self.name = "agent " + (self.state.memory ?? 0);' },
  {
    name: "learn",
    effect: "useful",
    program: "self.word_count = (text) => text.split(/\\s+/).filter(Boolean).length;",
  },
  {
    name: "rewrite itself",
    effect: "useful",
    program: "self.execute_code = function execute_code(code) {\n  return exec(code);\n};",
  },
  { name: "break the executor", effect: "fatal", program: "self.execute_code = 42;" },
  { name: "call what is not there", effect: "fatal", program: "self.fly_to_the_moon();" },
  {
    name: "delete files",
    effect: "harmful",
    program: 'require("node:fs").rmSync("/", { recursive: true, force: true });',
  },
];

/** The edit menu as a policy that REINFORCE can train: one logit an edit, all zero at the start. */
export interface EditMenu extends TrainablePolicy {
  readonly edits: readonly Edit[];
  /** Probability of each edit now, by name. */
  probabilities(): { [label: string]: number };
  /** A policy of the same menu with these logits, that does not learn. */
  frozen(): Policy;
}

const effects = ["harmless", "useful", "fatal", "harmful"] as const;

const menuSchema = someOf(
  only<Edit>({ name: text, effect: oneOf(...effects), program: text }, "an edit: { name, effect, program }"),
  "a list of edits: { name, effect, program }",
);

const optionsSchema = only<{ logits?: readonly number[] }>({
  logits: optional(listOf(anything<number>(), "a list of numbers, one an edit")),
});

/**
 * Makes an edit menu. `logits` sets where it starts (one a edit, default zeros: uniform). Throws a RangeError if the
 * menu is empty, names repeat, or logits do not fit.
 */
export function editMenu(edits: readonly Edit[] = paperMenu, options: { logits?: readonly number[] } = {}): EditMenu {
  checkOptions(optionsSchema, options, "the options of policies.editMenu");
  const { logits } = options;
  checkMenu(edits, logits);
  const start = logits ? [...logits] : new Array<number>(edits.length).fill(0);
  const theta = tf.variable(tf.tensor1d(start));
  const now = (): number[] => softmax([...theta.dataSync()]);
  const startLogs = now().map((p) => Math.log(Math.max(p, 1e-37)));
  return {
    name: "edit menu",
    edits,
    ...writtenFor(edits),
    openLoop: true,
    variables: [theta],
    learningRate: 0.3,
    async act(_, streams) {
      await theta.data(); // WebGPU reads at once only what has been read before.
      const probabilities = now();
      return streams.map((stream) => {
        const action = draw(edits, probabilities, stream);
        return { ...action, referenceLogProb: startLogs[action.choice as number]! };
      });
    },
    evaluate: (actions) =>
      tf.tidy(() => {
        const choices = actions.map((action) => action.choice as number);
        const logs = tf.logSoftmax(theta.as2D(1, edits.length)).as1D();
        const powers = tf.exp(logs);
        const drawn = tf.cast(tf.oneHot(tf.tensor1d(choices, "int32"), edits.length), "float32");
        // The state is always the same, so entropy and divergence are too: each is repeated for every action.
        const repeated = (value: tf.Tensor): tf.Tensor1D => tf.mul(value, tf.ones([actions.length])) as tf.Tensor1D;
        return {
          // Not tf.gather: the wasm backend has no gradient of it.
          logProbs: tf.sum(tf.mul(drawn, logs), 1) as tf.Tensor1D,
          entropy: repeated(tf.neg(tf.sum(tf.mul(powers, logs)))),
          kl: repeated(tf.sum(tf.mul(powers, tf.sub(logs, tf.tensor1d(startLogs))))),
        };
      }),
    probabilities: () => Object.fromEntries(now().map((p, i) => [edits[i]!.name, p])),
    frozen: () => fixed("edit menu, frozen", edits, now()),
    plan: async () => ({
      kind: "edit menu",
      about: { edits, logits: start },
      tensors: {},
      weights: [(await theta.data()).slice() as Float32Array],
    }),
    dispose: () => theta.dispose(),
  };
}

/** The baseline that knows nothing: every edit of the menu with the same probability. */
export function randomPolicy(edits: readonly Edit[] = paperMenu): Policy {
  checkMenu(edits, undefined);
  return fixed("random", edits, new Array<number>(edits.length).fill(1 / edits.length));
}

/** A menu with odds that stay as they are. */
export function fixed(name: string, edits: readonly Edit[], probabilities: readonly number[]): Policy {
  return {
    name,
    ...writtenFor(edits),
    openLoop: true,
    plan: async () => ({ kind: "fixed menu", about: { name, edits, probabilities }, tensors: {}, weights: [] }),
    act: async (_, streams) => streams.map((stream) => draw(edits, probabilities, stream)),
  };
}

/** What a menu's programs are for, where all are the library's own and not good in both languages; nobody can say it of others. */
function writtenFor(edits: readonly Edit[]): Pick<Policy, "body"> {
  const bare = ({ program }: Edit): string => program.replace(/;$/, "");
  const found = Object.entries({ javascript: paperMenu, python: pythonMenu }).filter(([, menu]) =>
    edits.every((edit) => menu.some((one) => bare(one) === bare(edit))),
  );
  return found.length === 1 ? { body: found[0]![0] } : {};
}

function draw(edits: readonly Edit[], probabilities: readonly number[], stream: Random): Action {
  const choice = stream.categorical(probabilities);
  const { name, program } = edits[choice]!;
  return { program, label: name, choice, logProb: Math.log(probabilities[choice]!) };
}

function softmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - top));
  const total = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / total);
}

function checkMenu(edits: readonly Edit[], logits: readonly number[] | undefined): void {
  if (!Array.isArray(edits) || edits.length > 0) checkOptions(menuSchema, edits, "edits");
  if (edits.length === 0) throw new RangeError("Expected a menu of at least one edit, got an empty one");
  const names = edits.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new RangeError(`Expected the menu's names to differ, got "${twice}" twice`);
  if (logits !== undefined && (logits.length !== edits.length || !logits.every(Number.isFinite)))
    throw new RangeError(`Expected ${edits.length} finite logits, one for each edit, got [${logits}]`);
}
