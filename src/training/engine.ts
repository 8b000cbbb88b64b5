/**
 * What computes a training's updates. A policy that knows its own gradient (a token policy's head or adapter) has it computed by ONNX
 * Runtime, where its model runs if that is a CUDA device, else on the processor: one run of a graph in place of hundreds of
 * operations of TF.js. TF.js computes all others, and any loss that a user wrote, which it alone can differentiate; the
 * optimiser's step is TF.js's in any case. Estimators give advantages, which are plain numbers: any may be used with either.
 */

import type { GradientEngine, GradientOptions, TrainablePolicy } from "../policy/index.ts";
import {
  type BackendChoice,
  type BackendName,
  choice,
  few,
  prepareBackend,
  type TensorBackendName,
  tensorBackends,
} from "./backend.ts";

/** What a training computes with. `own`: the policy's engine; absent where TF.js differentiates. */
export interface Engine {
  backend: BackendChoice;
  own?: GradientEngine;
}

/** What is asked for. */
interface EngineOptions {
  policy: TrainablePolicy;
  /** A loss of the user's own. */
  ownLoss: boolean;
  options: GradientOptions;
  /** A backend by its name. */
  backend?: BackendName | undefined;
}

const providers = { "onnxruntime-cuda": "cuda", onnxruntime: "cpu" } as const;
type OwnName = keyof typeof providers;
const ownNames = Object.keys(providers) as OwnName[];

/**
 * Makes ready what computes the updates. `backend` asks for one by name, and throws an Error with the cure where it cannot be
 * had; else the first that works is taken.
 */
export async function openEngine({ policy, ownLoss, options, backend }: EngineOptions): Promise<Engine> {
  const hindrance = hindranceOf(policy, ownLoss);
  if (backend !== undefined && isOwn(backend)) {
    const tried = hindrance === null ? await tryOwn(policy, options, backend) : { why: hindrance };
    if ("why" in tried) throw new Error(`The backend ${backend} cannot be used: ${tried.why}`);
    return opened(backend, tried.own, []);
  }
  const names: readonly string[] = [...ownNames, ...tensorBackends];
  if (backend !== undefined) {
    if (!names.includes(backend))
      throw new RangeError(`Unknown backend ${JSON.stringify(backend)}: use ${names.join(", ")}`);
    return { backend: await prepareBackend({ backend }) };
  }
  const size = policy.variables.reduce((sum, variable) => sum + variable.size, 0);
  if (size <= few || policy.openGradient === undefined) return { backend: await prepareBackend({ size }) };
  const passedOver: BackendChoice["passedOver"] = [];
  for (const name of ownNames) {
    const why = hindrance ?? elsewhere(policy, name);
    const tried = why === null ? await tryOwn(policy, options, name) : { why };
    if ("own" in tried) return opened(name, tried.own, passedOver);
    passedOver.push({ backend: name, why: tried.why });
  }
  const others = await prepareBackend({ size });
  return { backend: choice(others.backend, others.device, [...passedOver, ...others.passedOver]) };
}

function isOwn(name: BackendName): name is OwnName {
  return Object.hasOwn(providers, name);
}

/** Why ONNX Runtime cannot compute the gradient; null where it can. */
function hindranceOf(policy: TrainablePolicy, ownLoss: boolean): string | null {
  if (policy.openGradient === undefined)
    return `the policy ${policy.name} has no gradient of its own, TF.js differentiates it`;
  return ownLoss ? "it computes the policy gradient's loss alone, and `loss` is a function of yours" : null;
}

/** Why not there, where a policy's model runs elsewhere. */
function elsewhere({ runsOn }: TrainablePolicy, name: OwnName): string | null {
  const provider = runsOn?.provider ?? "cpu";
  return name === "onnxruntime-cuda" && provider !== "cuda" ? `the policy's model runs on ${provider}` : null;
}

async function tryOwn(
  policy: TrainablePolicy,
  options: GradientOptions,
  name: OwnName,
): Promise<{ own: GradientEngine } | { why: string }> {
  try {
    return { own: await policy.openGradient!(providers[name], options) };
  } catch (error) {
    return { why: (error as Error).message.split("\n")[0]!.slice(0, 200) };
  }
}

async function opened(name: OwnName, own: GradientEngine, passedOver: BackendChoice["passedOver"]): Promise<Engine> {
  const { backend } = await prepareBackend({ backend: "wasm" }).catch(() => prepareBackend({ backend: "cpu" }));
  return { own, backend: choice(name, own.device, passedOver, backend as TensorBackendName) };
}
