/**
 * From hidden states to the drawn tokens' log-probability, entropy and divergence, and back to the gradient in the hidden states, some
 * states at a time in a loop of the graph. The mathematics is that of `vocabulary.ts`, whose header has the derivatives; as the
 * slopes of the loss are known beforehand, both ways are one, and the [states, vocabulary] tensors are gone when a part is done.
 */

import type { GraphBuilder, GraphParts, InnerBuilder } from "../../../model/index.ts";

/** What is made of the tokens. */
export interface VocabularyShape {
  temperature: number;
  /** Whether the loss has such a term: its slopes are read then. */
  uses: { entropy: boolean; kl: boolean };
  /** States of a part. */
  states: number;
}

/** Values by their names: hidden states [n, width], those of the frozen model, and the output weight [vocabulary, width]. */
interface Given {
  hidden: string;
  reference: string | null;
  unembedding: string;
}

/** Operations by short names. */
function operationsOf(g: GraphParts) {
  const two = (op: string) => (a: string, b: string) => g.op(op, [a, b]);
  const overRow = (op: string) => (x: string) => g.op(op, [x, g.int64(1)], { keepdims: { int: 1 } });
  return {
    ...{ add: two("Add"), sub: two("Sub"), mul: two("Mul"), div: two("Div"), product: two("MatMul") },
    ...{ sum: overRow("ReduceSum"), most: overRow("ReduceMax") },
    logits: (h: string, unembedding: string) => g.op("Gemm", [h, unembedding], { transB: { int: 1 } }),
    shares: (x: string) => g.op("Softmax", [x], { axis: { int: 1 } }),
  };
}

/**
 * Adds the loop. Reads the inputs `ids` [n] and `slopes` [n, 3], the loss's slopes in a token's three numbers. Gives `values` [n, 3]
 * (the divergence is 0 without a reference), the `mean` rows [n, width], and the loss's `gradient` in the hidden states [n, width].
 */
export function addVocabulary(
  g: GraphBuilder,
  given: Given,
  shape: VocabularyShape,
): { values: string; mean: string; gradient: string } {
  const width = g.op("Shape", [given.hidden], { start: { int: 1 } });
  const [values, mean, gradient] = addLoop(g, g, shape.states, {
    over: given.hidden,
    widths: [g.int64(3), width, width],
    body: (body, rows) => addPart(body, rows, given, shape),
  }) as [string, string, string];
  return { values, mean, gradient };
}

/** A loop over parts of rows; what each gives is put one under the other. `g` is where it stands, `outer` the whole graph. */
function addLoop(
  g: GraphParts,
  outer: GraphBuilder,
  states: number,
  {
    over,
    widths,
    body: add,
  }: {
    over: string;
    widths: readonly string[];
    body: (body: InnerBuilder, rows: (x: string) => string) => readonly string[];
  },
): string[] {
  const n = g.op("Shape", [over], { start: { int: 0 }, end: { int: 1 } });
  const rounds = g.op("Div", [g.op("Add", [n, g.int64(states - 1)]), g.int64(states)]);
  const always = g.op("Equal", [g.float(0), g.float(0)]);
  const body = outer.inner("part");
  const [round, on, sofar] = [g.name(), g.name(), widths.map(() => g.name())];
  body.input(round, "int64", []);
  body.input(on, "bool", []);
  for (const name of sofar) body.input(name, "float32", null);
  const from = body.op("Unsqueeze", [body.op("Mul", [round, body.int64Scalar(states)]), body.int64(0)]);
  const to = body.op("Add", [from, body.int64(states)]);
  const found = add(body, (x) => body.op("Slice", [x, from, to, body.int64(0)]));
  body.output(body.op("Identity", [on]), "bool", null);
  for (const [i, name] of sofar.entries())
    body.output(body.op("Concat", [name, found[i]!], { axis: { int: 0 } }), "float32", null);
  const nothing = widths.map((width) =>
    g.op("Expand", [g.float(0), g.op("Concat", [g.int64(0), width], { axis: { int: 0 } })]),
  );
  const names = widths.map(() => g.name());
  const count = g.op("Squeeze", [rounds, g.int64(0)]);
  return g.node("Loop", [count, always, ...nothing], { body: body.attribute() }, names);
}

/** One part: its values, mean rows and gradient. */
function addPart(
  g: GraphParts,
  rows: (x: string) => string,
  { hidden, reference, unembedding }: Given,
  { temperature, uses }: VocabularyShape,
): string[] {
  const { add, sub, mul, div, sum, most, product, logits, shares } = operationsOf(g);
  const per = g.float(1 / temperature);
  const h = mul(rows(hidden), per);
  const all = logits(h, unembedding);
  const highest = most(all);
  const p = shares(all);
  // The likeliest token's share is 1 / Z.
  const logZ = sub(highest, g.op("Log", [most(p)]));
  const mean = product(p, unembedding);
  const own = g.op("Gather", [unembedding, rows("ids")]);
  const logProb = sub(sum(mul(h, own)), logZ);
  const entropy = sub(logZ, sum(mul(h, mean)));
  const slopes = [g.name(), g.name(), g.name()];
  g.node("Split", [rows("slopes"), g.int64(1, 1, 1)], { axis: { int: 1 } }, slopes);
  const [onLogProb, onEntropy, onKl] = slopes as [string, string, string];
  let gradient = mul(onLogProb, sub(own, mean));
  let kl = mul(logZ, g.float(0));
  /** What is summed over tokens, p times it, less its mean times the mean row: the gradient of entropy and divergence alike. */
  let apart: string | null = uses.entropy ? mul(sub(all, highest), g.op("Neg", [onEntropy])) : null;
  if (reference !== null) {
    const moved = sub(h, mul(rows(reference), per));
    const d = logits(moved, unembedding);
    kl = sub(sum(mul(moved, mean)), logRatio(g, shares(sub(all, d)), d));
    if (uses.kl) apart = apart === null ? mul(d, onKl) : add(apart, mul(d, onKl));
  }
  if (apart !== null) {
    const weighted = mul(p, apart);
    gradient = add(gradient, sub(product(weighted, unembedding), mul(sum(weighted), mean)));
  }
  const values = g.op("Concat", [logProb, entropy, kl], { axis: { int: 1 } });
  return [values, mean, div(gradient, g.float(temperature))];
}

/** log of sum p0 exp(d), exact for a small d: log1p of sum p0 (exp(d) - 1), and exp(d) - 1 = (exp(d) + 1) tanh(d / 2). */
function logRatio(g: GraphParts, p0: string, d: string): string {
  const { add, sub, mul, div, sum } = operationsOf(g);
  const one = g.float(1);
  const grown = mul(add(g.op("Exp", [d]), one), g.op("Tanh", [mul(d, g.float(0.5))]));
  const x = sum(mul(p0, grown));
  const above = add(x, one);
  const isOne = g.op("Equal", [above, one]);
  // Where the sum with 1 has lost digits of x, the same are lost in the quotient's lower part.
  const lost = g.op("Where", [isOne, one, sub(above, one)]);
  return g.op("Where", [isOne, x, mul(g.op("Log", [above]), div(x, lost))]);
}

/** Adds the divergence alone, [n, 1], of hidden states from the frozen model's; `mean` are the mean rows of the former. */
export function addDivergence(
  g: GraphParts,
  outer: GraphBuilder,
  { hidden, reference, mean, unembedding }: Given & { mean: string; reference: string },
  { temperature, states }: VocabularyShape,
): string {
  const [kl] = addLoop(g, outer, states, {
    over: hidden,
    widths: [g.int64(1)],
    body(body, rows) {
      const { sub, mul, sum, logits, shares } = operationsOf(body);
      const per = body.float(1 / temperature);
      const before = mul(rows(reference), per);
      const moved = sub(mul(rows(hidden), per), before);
      const ratio = logRatio(body, shares(logits(before, unembedding)), logits(moved, unembedding));
      return [sub(sum(mul(moved, rows(mean))), ratio)];
    },
  });
  return kl!;
}
