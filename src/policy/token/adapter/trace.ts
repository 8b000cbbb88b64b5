/**
 * What generation leaves behind for an adapter's update: of each position the state that entered the first adapted block, the
 * drawn tokens, and how likely they were. The trunk below is not run again.
 */

import type { Drawn, DrawnToken, EnteringStates } from "../../../model/index.ts";

/** One program. Positions are those of its own part of the prompt and of its tokens but the last, which is never run. */
export interface AdapterTrace {
  /** [asked + tokens - 1, width] */
  entering: Float32Array;
  /** Positions of its own part of the prompt. */
  asked: number;
  ids: Int32Array;
  /** Log-probability of each token, and entropy of what it was drawn from, nats. */
  logProbs: Float32Array;
  entropy: Float32Array;
}

/** A row that is being drawn. */
interface Row {
  states: Float32Array[];
  ids: number[];
  logProbs: number[];
  entropy: number[];
}

/** Collects the traces of a batch. */
export function createAdapterTraces(count: number, width: number, temperature: number) {
  const all = Array.from({ length: count }, (): Row => ({ states: [], ids: [], logProbs: [], entropy: [] }));

  const onEntering = ({ rows, length, pads, entering }: EnteringStates): void => {
    for (const [at, row] of rows.entries()) {
      const from = (at * length + pads[at]!) * width;
      if (pads[at]! < length) all[row]!.states.push(entering.slice(from, (at + 1) * length * width));
    }
  };

  const onToken = ({ row, id, logProb, weights, total, logits }: DrawnToken): void => {
    // Weights are exp((logit - most) / temperature): their logarithms need not be taken one by one.
    const most = logits[id]! / temperature - Math.log(weights[id]!);
    let sum = 0;
    for (let i = 0; i < weights.length; i++) sum += weights[i]! * (logits[i]! / temperature - most);
    const { ids, logProbs, entropy } = all[row]!;
    ids.push(id);
    logProbs.push(logProb);
    entropy.push(Math.log(total) - sum / total);
  };

  const finish = (): AdapterTrace[] =>
    all.map(({ states, ids, logProbs, entropy }) => {
      const positions = states.reduce((sum, part) => sum + part.length / width, 0);
      const entering = new Float32Array(positions * width);
      let at = 0;
      for (const part of states) {
        entering.set(part, at);
        at += part.length;
      }
      return {
        ...{ entering, asked: positions - ids.length + 1, ids: Int32Array.from(ids) },
        ...{ logProbs: Float32Array.from(logProbs), entropy: Float32Array.from(entropy) },
      };
    });
  return { onEntering, onToken, finish };
}

/**
 * The trace of a row that was drawn on the device without a head, whose draws are then from the model's own distribution. `lines`
 * are its own, up to where it ends; its own part of the prompt is `asked` positions behind `pads` that stand for nothing.
 */
export function drawnTrace(
  { ids, logProb, base, restEntropy, entered, entering }: Drawn,
  {
    lines,
    row,
    pads,
    asked,
    width,
  }: { lines: readonly number[]; row: number; pads: number; asked: number; width: number },
): AdapterTrace {
  const subset = base.length / ids.length;
  const entropyOf = (line: number): number => {
    let sum = restEntropy[line]!;
    for (const value of base.subarray(line * subset, (line + 1) * subset)) sum += Math.exp(value) * value;
    return -sum;
  };
  const from = entered!.indexOf(row) + pads;
  return {
    ...{ entering: entering!.slice(from * width, (from + asked + lines.length - 1) * width), asked },
    ids: Int32Array.from(lines, (line) => ids[line]!),
    logProbs: Float32Array.from(lines, (line) => logProb[line]!),
    entropy: Float32Array.from(lines, entropyOf),
  };
}

/** True for what is such a trace. */
export function isAdapterTrace(trace: object): trace is AdapterTrace {
  return "entering" in trace && "asked" in trace;
}
