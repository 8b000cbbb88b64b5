/**
 * A training run at rest: weights, the optimiser's memory and the number of the next update. On disk a safetensors file
 * whose header also holds, as JSON, all that is no tensor. Draws need no state, because each stream is named by (seed,
 * update, episode, step); so a resumed run equals a straight one bit for bit on the cpu backend. Not here: when to save;
 * the caller decides.
 */

import { createHash } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describeFault, faultOf, integer, integerFrom, oneOf, only, partOf, text } from "../data/check.ts";
import { diskFailure, partOf as partFileOf, realPath } from "../data/write.ts";
import { ModelFailure, type NamedTensor, packSafetensors, readSafetensorsHeader, readTensor } from "../model/index.ts";
import { type TrainablePolicy, tf } from "../policy/index.ts";
import { courseOf } from "./course.ts";
import type { Estimator, LearningEstimator } from "./estimators.ts";
import type { Settings } from "./options.ts";
import { putWeights, saveTensor, saveWeights } from "./saved.ts";
import type { Checkpoint, SavedTensor } from "./types.ts";

/** Why a checkpoint cannot be used. */
export type CheckpointError =
  | { kind: "absent"; path: string }
  | { kind: "folder"; path: string }
  | { kind: "corrupt"; path: string; reason: string }
  | { kind: "version"; path: string; version: unknown }
  | { kind: "other"; what: string; expected: string; found: string }
  | { kind: "settings"; differences: readonly { name: string; was: string; is: string }[] }
  | { kind: "dtype"; trained: string; opened: string }
  | { kind: "blocks"; trained: number; opened: number }
  | { kind: "record"; path: string; entry: number; expected: string; found: string | null }
  | { kind: "unrecorded"; entries: number };

/** Thrown for a checkpoint that cannot be used; `detail` says why. */
export class CheckpointFailure extends Error {
  readonly detail: CheckpointError;

  constructor(detail: CheckpointError, options?: ErrorOptions) {
    super(describeCheckpointError(detail), options);
    this.name = "CheckpointFailure";
    this.detail = detail;
  }
}

/** The text of each error, in one place. */
export function describeCheckpointError(error: CheckpointError): string {
  switch (error.kind) {
    case "absent":
      return `There is no checkpoint ${error.path}: \`train({ save })\` writes one`;
    case "folder":
      return `The checkpoint ${error.path} is a folder: give the file in it`;
    case "corrupt":
      return `The checkpoint ${error.path} is damaged (${error.reason}): use an earlier one`;
    case "version":
      return `The checkpoint ${error.path} has version ${String(error.version)}, this library reads version 1`;
    case "other":
      return `The checkpoint is of another run: its ${error.what} is ${error.found}, expected ${error.expected}`;
    case "settings":
      return `The checkpoint's run had other settings: ${error.differences.map(({ name, was, is }) => `\`${name}\` was ${was} and is ${is}`).join(", ")}. Give those of then, or go on with these by \`resumeWith: "changed settings"\``;
    case "dtype":
      return `The head was trained on the model with dtype ${error.trained}, and it is open with ${error.opened}: open it with { dtype: "${error.trained}" }, or serve it with --dtype ${error.trained}`;
    case "blocks":
      return `The adapter was trained in the model's last ${error.trained} blocks, and it is open with ${error.opened || "none"} to be adapted: open it with { adaptedBlocks: ${error.trained} }`;
    case "record":
      return `The record ${error.path} is not the one that the checkpoint's run was recorded in: its entry ${error.entry} is ${error.found ?? "not there"}, expected ${error.expected}`;
    case "unrecorded":
      return `The checkpoint's run was recorded up to entry ${error.entries}: give \`record\` that file, or set \`record\` of the checkpoint to null to go on without`;
    default:
      return error satisfies never;
  }
}

/**
 * Writes a checkpoint so that a crash leaves the old file or the new one, never half of one.
 * @throws {DiskFailure} where the disk is full or the place is not writable; the old file is kept
 */
export async function writeCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  const { weights, memory, buffers, validation, drawing, ...about } = checkpoint;
  const named = (group: string, list: readonly SavedTensor[]): NamedTensor[] =>
    list.map(({ name, shape, values }) => ({ name: `${group}/${name}`, shape, values: Float32Array.from(values) }));
  const tensors = [...named("weights", weights), ...named("memory", memory), ...named("buffers", buffers)];
  if (validation) tensors.push(...named("best", validation.weights));
  if (drawing) tensors.push(...named("drawing", drawing));
  const rest = { ...about, ...(validation && { validation: { ...validation, weights: [] } }) };
  const text = JSON.stringify(rest);
  const bytes = packSafetensors(tensors, { metadata: { checkpoint: text, sha256: hash(text, tensors) } });
  const real = realPath(path);
  const part = partFileOf(real);
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(part, bytes);
    await rename(part, real);
  } catch (cause) {
    await rm(part, { force: true }).catch(() => {}); // what a full disk has room for is of no use, and takes room
    throw diskFailure(path, cause, { chosenBy: "`save`" });
  }
}

const count = integerFrom(0, Number.MAX_SAFE_INTEGER, "0 or a positive integer");

/** What every version of the library writes; what only later ones do may be there besides. */
const headEntries = {
  policy: text,
  seed: integer,
  optimizer: oneOf("adam", "sgd"),
  update: count,
  episodesSoFar: count,
};
const headSchema = only<Pick<Checkpoint, keyof typeof headEntries>>(headEntries);

/** Reads a checkpoint back. Throws a CheckpointFailure if the file is damaged or of another version. */
export async function readCheckpoint(path: string): Promise<Checkpoint> {
  const corrupt = (reason: string, cause?: unknown) =>
    new CheckpointFailure({ kind: "corrupt", path, reason }, { cause });
  const { places, metadata } = await readSafetensorsHeader(path).catch((cause: unknown) => {
    if (cause instanceof ModelFailure && cause.detail.kind === "damaged") throw corrupt(cause.detail.reason, cause);
    if ((cause as NodeJS.ErrnoException).code === "ENOENT")
      throw new CheckpointFailure({ kind: "absent", path }, { cause });
    if ((cause as NodeJS.ErrnoException).code === "EISDIR")
      throw new CheckpointFailure({ kind: "folder", path }, { cause });
    throw cause;
  });
  const { checkpoint: json, sha256 } = metadata;
  if (typeof json !== "string") throw corrupt("it is not a checkpoint: its header does not speak of one");
  const tensors: NamedTensor[] = [];
  for (const [name, place] of places) tensors.push({ name, shape: place.shape, values: await readTensor(place) });
  if (hash(json, tensors) !== sha256) throw corrupt("its checksum does not fit its content");
  const { about = {}, ...rest } = JSON.parse(json) as Omit<Checkpoint, "weights" | "memory" | "buffers">;
  if (rest.version !== 1) throw new CheckpointFailure({ kind: "version", path, version: rest.version });
  const fault = faultOf(headSchema, partOf(headEntries, rest), "its header");
  if (fault !== null) throw corrupt(describeFault(fault));
  const group = (prefix: string): SavedTensor[] =>
    tensors
      .filter(({ name }) => name.startsWith(prefix))
      .map(({ name, shape, values }) => ({ name: name.slice(prefix.length), shape: [...shape], values: [...values] }));
  const tensorsOf = { weights: group("weights/"), memory: group("memory/"), buffers: group("buffers/") };
  const { validation } = rest;
  const drawing = group("drawing/");
  return {
    ...rest,
    about,
    ...tensorsOf,
    ...(validation && { validation: { ...validation, weights: group("best/") } }),
    ...(drawing.length > 0 && { drawing }),
  };
}

/** The optimiser's powers of its betas, which TF.js would recompute with another rounding. */
type Betas = { accBeta1?: tf.Variable; accBeta2?: tf.Variable };

/** Takes the state between two updates. */
export async function takeCheckpoint(
  policy: TrainablePolicy,
  optimizer: tf.Optimizer,
  estimator: Estimator,
  settings: Settings,
  position: Pick<
    Checkpoint,
    "update" | "episodesSoFar" | "record" | "ranOn" | "validation" | "drawing" | "curriculum" | "replay"
  >,
): Promise<Checkpoint> {
  const { accBeta1, accBeta2 } = optimizer as unknown as Betas;
  const betas = [accBeta1, accBeta2].filter((beta) => beta !== undefined);
  const weights = await saveWeights(policy);
  const memory = await optimizer.getWeights();
  const moments = await Promise.all(
    memory.map(({ tensor }, i) => saveTensor(i === 0 ? "iterations" : `moment ${i}`, tensor)),
  );
  // TF.js makes this one for the asking; the others are the optimiser's own.
  memory[0]?.tensor.dispose();
  return {
    version: 1,
    policy: fingerprintOf(policy),
    seed: settings.seed,
    optimizer: settings.optimizer,
    settings: courseOf(settings),
    ...position,
    weights,
    memory: [...moments, ...(await Promise.all(betas.map((beta, i) => saveTensor(`beta ${i + 1}`, beta))))],
    baseline: isLearning(estimator) ? estimator.state() : null,
    buffers: buffersOf(policy),
    about: policy.buffers?.about ?? {},
  };
}

function buffersOf({ buffers }: TrainablePolicy): SavedTensor[] {
  return (buffers?.tensors ?? []).map(({ name, shape, values }) => ({
    name,
    shape: [...shape],
    values: Array.from(values),
  }));
}

function fingerprintOf({ name, fingerprint = name }: TrainablePolicy): string {
  return fingerprint;
}

function isLearning(estimator: Estimator): estimator is LearningEstimator {
  return "restore" in estimator;
}

/** Puts a state back. Throws a CheckpointFailure, before anything is changed, if it is of another run. */
export async function restoreCheckpoint(
  checkpoint: Checkpoint,
  policy: TrainablePolicy,
  optimizer: tf.Optimizer,
  estimator: Estimator,
  run: Settings,
): Promise<void> {
  same("policy", fingerprintOf(policy), checkpoint.policy);
  same("seed", run.seed, checkpoint.seed);
  same("optimizer", run.optimizer, checkpoint.optimizer);
  const shapes = (tensors: readonly { shape: number[] }[]) => tensors.map(({ shape }) => `[${shape}]`).join(" ");
  same("shape", shapes(policy.variables), shapes(checkpoint.weights));
  if (checkpoint.buffers.length > 0) same("calibration", digest(buffersOf(policy)), digest(checkpoint.buffers));
  if (run.resumeWith !== "changed settings") sameCourse(courseOf(run), checkpoint.settings ?? {});
  putWeights(policy, checkpoint.weights);
  if (isLearning(estimator)) estimator.restore(checkpoint.baseline);
  const { accBeta1, accBeta2 } = optimizer as unknown as Betas;
  const betas = checkpoint.memory.filter(({ name }) => name.startsWith("beta"));
  const memory = checkpoint.memory.filter((tensor) => !betas.includes(tensor));
  await optimizer.setWeights(
    memory.map(({ name, shape, values }) => ({
      name,
      tensor: tf.tensor(values, shape, name === "iterations" ? "int32" : "float32"),
    })),
  );
  tf.tidy(() => {
    for (const [i, beta] of [accBeta1, accBeta2].entries()) beta?.assign(tf.tensor(betas[i]!.values, betas[i]!.shape));
  });
}

function same(what: string, expected: unknown, found: unknown): void {
  if (expected !== found)
    throw new CheckpointFailure({ kind: "other", what, expected: String(expected), found: String(found) });
}

/** Settings that one side does not name, of an older or a newer version, are let pass. */
function sameCourse(course: { readonly [name: string]: string }, before: { readonly [name: string]: string }): void {
  const shared = Object.keys(course).filter((name) => name in before && before[name] !== course[name]);
  const differences = shared.map((name) => ({ name, was: before[name]!, is: course[name]! }));
  if (differences.length > 0) throw new CheckpointFailure({ kind: "settings", differences });
}

/** A short name for tensors. */
function digest(tensors: readonly SavedTensor[]): string {
  const text = tensors.map(({ name, values }) => `${name} ${values}`).join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

function hash(text: string, tensors: readonly NamedTensor[]): string {
  const all = createHash("sha256").update(text);
  for (const { name, values } of tensors)
    all.update(name).update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  return all.digest("hex");
}
