/**
 * A head's update as an ONNX graph: the policy gradient's loss of a batch, and its gradient by hand. What `evaluation.ts` and
 * `policyGradientLoss` do by TF.js, an operation at a time, is one run here, on the processor or on a card: the tokens'
 * numbers go there once, and the gradient and three numbers come back. The mathematics is that of `evaluation.ts`, whose
 * header has the derivatives; n tokens, a model of width w, a head of S tokens and rank r.
 *
 * Inputs: `hidden` [n, w], `base` [n, S], the columns [n, 1] `logRest`, `restEntropy`, `drawn` (the frozen model's log-probability
 * of the token), `inside` (1 for a token of the head's tokens), `push` (what its log-probability is multiplied by in the loss,
 * turned round: loss = - sum of push times log-probability ...) and `share` (... + sum of share times the terms below);
 * `chosen` [n, 1], its place in the subset; the weights `A` [r, w], `B` [S, r], `bias` [S]. Outputs: `gradA`, `gradB`, `gradBias`;
 * `numbers`: the loss, the mean entropy, the mean divergence.
 */

import { createGraph, type GraphBuilder, type GraphParts } from "../../model/index.ts";

/** What a graph is made for. */
export interface UpdateShape {
  width: number;
  subset: number;
  rank: number;
  /** What x A' is multiplied by: the head's scale over its slowness and the temperature. */
  lowScale: number;
  temperature: number;
  /** The loss's terms besides; the gradient of one that is 0 is left out. */
  entropyBonus: number;
  klCoef: number;
}

/** The graph. */
export function updateGraph(shape: UpdateShape): GraphBuilder {
  const { width, subset, rank } = shape;
  const g = createGraph("update", 23);
  g.input("hidden", "float32", ["n", width]);
  g.input("base", "float32", ["n", subset]);
  for (const name of ["logRest", "restEntropy", "drawn", "inside", "push", "share"]) g.input(name, "float32", ["n", 1]);
  g.input("chosen", "int32", ["n", 1]);
  g.input("A", "float32", [rank, width]);
  g.input("B", "float32", [subset, rank]);
  g.input("bias", "float32", [subset]);
  addUpdate(g, shape);
  g.output("gradA", "float32", [rank, width]);
  g.output("gradB", "float32", [subset, rank]);
  g.output("gradBias", "float32", [subset]);
  g.output("numbers", "float32", [3]);
  return g;
}

/** Operations by short names. */
function operationsOf(g: GraphParts) {
  const two = (op: string) => (a: string, b: string) => g.op(op, [a, b]);
  return {
    ...{ add: two("Add"), sub: two("Sub"), mul: two("Mul"), div: two("Div"), max: two("Max") },
    exp: (x: string) => g.op("Exp", [x]),
    log: (x: string) => g.op("Log", [x]),
    /** Sums of rows, as a column. */
    sumOver: (x: string) => g.op("ReduceSum", [x, g.int64(1)], { keepdims: { int: 1 } }),
    /** Everything, as a list of one number. */
    sumAll: (x: string) => g.op("ReduceSum", [x, g.int64(0, 1)], { keepdims: { int: 0 } }),
    beside: (...parts: string[]) => g.op("Concat", parts, { axis: { int: 1 } }),
    /** a b, a' b, or a b'. */
    product: (a: string, b: string, of: { a?: "turned"; b?: "turned"; times?: number } = {}, into?: string) => {
      const attributes = {
        ...(of.a && { transA: { int: 1 } }),
        ...(of.b && { transB: { int: 1 } }),
        ...(of.times !== undefined && { alpha: { float: of.times } }),
      };
      return g.op("Gemm", [a, b], attributes, into);
    },
  };
}

/** Adds the update to a graph that has the inputs. */
function addUpdate(g: GraphParts, shape: UpdateShape): void {
  const { subset, rank, lowScale, temperature } = shape;
  const { beside, product } = operationsOf(g);
  const low = product("hidden", "A", { b: "turned", times: lowScale });
  const column = g.op("Expand", [g.float(1 / temperature), g.op("Shape", ["logRest"])]);
  // Small factors take what is common to all tokens, so that few [n, S] tensors are made: d = u rows'.
  const u = beside(low, column);
  const rows = beside("B", g.op("Unsqueeze", ["bias", g.int64(1)]));
  const d = product(u, rows, { b: "turned" });
  const terms = addTerms(g, { u, rows, d });
  addNumbers(g, shape, terms);
  const change = addChange(g, shape, { u, rows, ...terms });
  const onLow = product(change, "B");
  product(onLow, "hidden", { a: "turned", times: lowScale }, "gradA");
  const onRows = product(change, u, { a: "turned" });
  const [onB, onBias] = [g.name(), g.name()];
  g.node("Split", [onRows, g.int64(rank, 1)], { axis: { int: 1 } }, [onB, onBias]);
  g.op("Identity", [onB], {}, "gradB");
  g.op("Reshape", [onBias, g.int64(subset)], {}, "gradBias");
}

/** Of each token: powers [n, S] with their sum Z, and, as columns, log Z, entropy, divergence, log-probability, and the mean of d. */
interface Terms {
  [name: string]: string;
  powers: string;
  Z: string;
  logZ: string;
  entropy: string;
  kl: string;
  logProb: string;
  meanChange: string;
}

function addTerms(g: GraphParts, { u, rows, d }: { u: string; rows: string; d: string }): Terms {
  const { add, sub, mul, div, max, exp, log, sumOver, product } = operationsOf(g);
  const logits = add("base", d);
  const most = max(g.op("ReduceMax", [logits, g.int64(1)], { keepdims: { int: 1 } }), "logRest");
  const powers = exp(sub(logits, most));
  const inHead = sumOver(powers);
  const Z = add(inHead, exp(sub("logRest", most)));
  const logZ = add(most, log(Z));
  const meanChange = div(sumOver(mul(product(powers, rows), u)), Z);
  const meanBase = div(sumOver(mul(powers, "base")), Z);
  const within = sub(add(meanBase, meanChange), mul(logZ, div(inHead, Z)));
  const others = div(sub("restEntropy", mul(logZ, exp("logRest"))), exp(logZ));
  const own = mul(g.op("GatherElements", [d, "chosen"], { axis: { int: 1 } }), "inside");
  return {
    ...{ powers, Z, logZ, meanChange },
    entropy: g.op("Neg", [add(within, others)]),
    kl: sub(meanChange, logZ),
    logProb: sub(add(own, "drawn"), logZ),
  };
}

/** The loss, and what is told of the batch. */
function addNumbers(g: GraphParts, { entropyBonus, klCoef }: UpdateShape, { logProb, entropy, kl }: Terms): void {
  const { add, sub, mul, sumAll } = operationsOf(g);
  let loss = g.op("Neg", [sumAll(mul(logProb, "push"))]);
  if (entropyBonus !== 0) loss = sub(loss, mul(g.float(entropyBonus), sumAll(mul(entropy, "share"))));
  if (klCoef !== 0) loss = add(loss, mul(g.float(klCoef), sumAll(mul(kl, "share"))));
  const single = (x: string) => g.op("Reshape", [x, g.int64(1)]);
  const mean = (x: string) => g.op("ReduceMean", [x, g.int64(0)], { keepdims: { int: 0 } });
  g.op("Concat", [single(loss), mean(entropy), mean(kl)], { axis: { int: 0 } }, "numbers");
}

/** The loss's derivative in d, [n, S]. */
function addChange(
  g: GraphParts,
  { entropyBonus, klCoef, subset }: UpdateShape,
  { u, rows, powers, Z, logZ, entropy, meanChange }: Terms & { u: string; rows: string },
): string {
  const { add, sub, mul, div, beside, product } = operationsOf(g);
  const onEntropy = entropyBonus !== 0 ? mul("share", g.float(entropyBonus)) : null;
  const onKl = klCoef !== 0 ? mul("share", g.float(klCoef)) : null;
  // Each entry is p (a d + b base + c), a, b and c one number a row. The first and the last are of low rank, as d is.
  let c = "push";
  if (onKl !== null) c = sub(c, mul(onKl, meanChange));
  if (onEntropy !== null) c = sub(c, mul(onEntropy, sub(logZ, entropy)));
  const perZ = (x: string) => div(x, Z);
  const a = onKl !== null && onEntropy !== null ? add(onKl, onEntropy) : (onKl ?? onEntropy);
  let inner = perZ(c);
  if (a !== null) {
    const ones = g.constant(new Float32Array(subset).fill(1), [subset, 1]);
    inner = product(beside(mul(u, perZ(a)), inner), beside(rows, ones), { b: "turned" });
  }
  if (onEntropy !== null) inner = add(inner, mul("base", perZ(onEntropy)));
  const change = mul(powers, inner);
  // The drawn token's own logit is one entry a row.
  const own = sub(g.op("GatherElements", [change, "chosen"], { axis: { int: 1 } }), mul("push", "inside"));
  return g.op("ScatterElements", [change, "chosen", own], { axis: { int: 1 } });
}
