/**
 * An adapter's update as an ONNX graph: of some programs the log-probability, entropy and divergence of each token, and the gradient of
 * a weighted sum of these. What `evaluation.ts` does by TF.js, an operation at a time, is one run here, on the processor or on a
 * card. Not here: the blocks (`tail-graph.ts`), the vocabulary (`vocabulary-graph.ts`), what the sum is (`gradient.ts`).
 *
 * Inputs: those of `tail-graph.ts`; `ids` [n], the drawn tokens, and `slopes` [n, 3]; `judge` [1], above 0 where the divergence
 * is to be told though nothing is made of it; for each matrix the weights `pair.N.A` and `pair.N.B`. Outputs: `values` [n, 3], and
 * `slope.N.A` and `slope.N.B`.
 */

import {
  type AdaptedBlocks,
  adaptedLayers,
  adaptedMatrices,
  createGraph,
  type GraphBuilder,
  type ModelConfig,
} from "../../../model/index.ts";
import { addTail, type GraphTail } from "./frozen-graph.ts";
import { addHidden, type PairOf } from "./tail-graph.ts";
import { createTape, goBack } from "./tape.ts";
import { addDivergence, addVocabulary, type VocabularyShape } from "./vocabulary-graph.ts";

/** What a graph is made for. */
export interface AdapterUpdateShape extends VocabularyShape {
  config: ModelConfig;
  adapted: AdaptedBlocks;
  prefix: { length: number; entering: Float32Array };
  rank: number;
  scale: number;
}

/** The graph. The frozen weights are read when it is written. */
export function adapterUpdateGraph(shape: AdapterUpdateShape): GraphBuilder {
  const { config, adapted, prefix, rank, scale, uses } = shape;
  const { width } = config;
  const g = createGraph("update", 23);
  g.input("own", "float32", ["rows", "length", width]);
  for (const name of ["mask", ...(config.window ? ["mask.windowed"] : [])])
    g.input(name, "float32", ["length", "total"]);
  for (const name of ["wanted", "ids"]) g.input(name, "int32", ["n"]);
  g.input("slopes", "float32", ["n", 3]);
  if (!uses.kl) g.input("judge", "float32", [1]);
  const matrices = adaptedMatrices(config);
  const pairs = adaptedLayers(config, adapted.blocks).flatMap((_, i) =>
    matrices.map(({ from, to }, j) => {
      const [A, B] = [`pair.${i * matrices.length + j}.A`, `pair.${i * matrices.length + j}.B`];
      g.input(A, "float32", [from, rank]);
      g.input(B, "float32", [rank, to]);
      return { A, B, from, to };
    }),
  );
  const pairOf: PairOf = (layer, name) => {
    const block = layer - (config.layers - adapted.blocks);
    return { ...pairs[block * matrices.length + matrices.findIndex((one) => one.name === name)]!, scale };
  };
  const tail = addTail(g, config, adapted, prefix);
  const learned = pairs.flatMap(({ A, B }) => [A, B]);
  const tape = createTape(g, learned);
  const hidden = addHidden(tape, tail, pairOf);
  const reference = uses.kl ? addHidden(createTape(g, []), tail, null) : null;
  const given = { hidden, unembedding: tail.unembedding };
  const { values, mean, gradient } = addVocabulary(g, { ...given, reference }, shape);
  if (uses.kl) g.op("Identity", [values], {}, "values");
  else addJudged(g, tail, { hidden, mean, values }, shape);
  g.output("values", "float32", ["n", 3]);
  for (const [i, slope] of goBack(tape, hidden, gradient, learned).entries()) {
    const { from, to } = pairs[Math.floor(i / 2)]!;
    const name = learned[i]!.replace("pair", "slope");
    g.op("Identity", [slope], {}, name);
    g.output(name, "float32", i % 2 === 0 ? [from, rank] : [rank, to]);
  }
  return g;
}

/** Adds the divergence to the values where that is asked for: the frozen model is run only then. */
function addJudged(
  g: GraphBuilder,
  tail: GraphTail,
  { hidden, mean, values }: { hidden: string; mean: string; values: string },
  shape: VocabularyShape,
): void {
  const told = g.inner("judged");
  const reference = addHidden(createTape(told, []), tail, null);
  const { unembedding } = tail;
  told.output(addDivergence(told, g, { hidden, reference, mean, unembedding }, shape), "float32", null);
  const untold = g.inner("unjudged");
  const first = untold.op("Slice", [values, untold.int64(0), untold.int64(1), untold.int64(1)]);
  untold.output(untold.op("Mul", [first, untold.float(0)]), "float32", null);
  const isTold = g.op("Squeeze", [g.op("Greater", ["judge", g.float(0)]), g.int64(0)]);
  const kl = g.name();
  g.node("If", [isTold], { then_branch: told.attribute(), else_branch: untold.attribute() }, [kl]);
  const known = g.op("Slice", [values, g.int64(0), g.int64(2), g.int64(1)]);
  g.op("Concat", [known, kl], { axis: { int: 1 } }, "values");
}
