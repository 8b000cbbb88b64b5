/**
 * What generation leaves behind for the update, so that it needs no second pass through the model: of each drawn token the
 * hidden state, the model's own log-probabilities on the head's tokens, and two sums over all other tokens. With those the
 * head's distribution over the *whole* vocabulary is exact.
 */

import type { DrawnToken, StepLogits } from "../../model/index.ts";

/** One program's tokens. n tokens, width w, S tokens. */
export interface Trace {
  /** Hidden state of each token's position, standardised: (h - mean) / deviation / sqrt(width). Shape [n, w]. */
  hidden: Float32Array;
  /** Log-probability of each of the head's tokens under the frozen model; -1e30 where it was not allowed. [n, S] */
  base: Float32Array;
  /** Log of the frozen model's probability of all other tokens. [n] */
  logRest: Float32Array;
  /** Sum of p log p over those other tokens, under the frozen model. [n] */
  restEntropy: Float32Array;
  /** Which of the head's tokens was drawn, -1 for another. [n] */
  chosen: Int32Array;
  /** Where it was another: its log-probability under the frozen model; else 0. [n] */
  outside: Float32Array;
}

/** Stands for minus infinity where float32 arithmetic must stay finite. */
export const never = -1e30;

/** What does not change while a batch is drawn. */
export interface TraceSettings {
  /** Token ids of the head's tokens. */
  tokenSubset: Int32Array;
  /** Token id to place in `tokenSubset`, or -1. Shape [vocabulary]. */
  place: Int32Array;
  width: number;
  temperature: number;
  /** Standardises one hidden state, shape [width], into `into`. */
  standardise: (hidden: Float32Array, into: Float32Array) => void;
}

/** A row that is being drawn: its tokens so far, the model's own logits of the head's tokens, and all logits as drawn from. */
interface Row {
  n: number;
  own: Float32Array;
  raw: Float32Array;
}

/** Collects the traces of a batch: `before` with the frozen model's logits, `after` with each draw. */
export function createTraces(count: number, maxTokens: number, settings: TraceSettings) {
  const { tokenSubset, place, width, temperature, standardise } = settings;
  const S = tokenSubset.length;
  const rows = Array.from({ length: count }, (): Row => ({ n: 0, own: new Float32Array(S), raw: new Float32Array(0) }));
  const traces = rows.map(
    (): Trace => ({
      hidden: new Float32Array(maxTokens * width),
      base: new Float32Array(maxTokens * S),
      logRest: new Float32Array(maxTokens),
      restEntropy: new Float32Array(maxTokens),
      chosen: new Int32Array(maxTokens),
      outside: new Float32Array(maxTokens),
    }),
  );

  /** Keeps what the head will change. `logits` are the model's own. */
  const before = ({ rows: running, hidden, logits }: StepLogits): void => {
    const vocabulary = logits.length / running.length;
    for (const [at, row] of running.entries()) {
      const { n, own } = rows[row]!;
      const all = logits.subarray(at * vocabulary, (at + 1) * vocabulary);
      for (let i = 0; i < S; i++) own[i] = all[tokenSubset[i]!]!;
      rows[row]!.raw = all;
      standardise(hidden.subarray(at * width, (at + 1) * width), traces[row]!.hidden.subarray(n * width));
    }
  };

  /** Completes a token. `weights` are exp((logit - most) / temperature) after the head, 0 where not allowed. */
  const after = ({ row, id, weights, total }: Pick<DrawnToken, "row" | "id" | "weights" | "total">): void => {
    const { n, own, raw } = rows[row]!;
    const trace = traces[row]!;
    // The weights' own scale: outside the head's tokens they are the frozen model's.
    const most = raw[id]! / temperature - Math.log(weights[id]!);
    let inHead = 0;
    let own0 = 0;
    let sumX = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      if (weight > 0 && place[i]! < 0) sumX += weight * (raw[i]! / temperature - most);
    }
    for (let i = 0; i < S; i++) {
      const weight = weights[tokenSubset[i]!]!;
      if (weight === 0) continue;
      inHead += weight;
      own0 += Math.exp(own[i]! / temperature - most);
    }
    const rest = S === weights.length ? 0 : Math.max(0, total - inHead);
    const logZ = Math.log(rest + own0);
    for (let i = 0; i < S; i++)
      trace.base[n * S + i] = weights[tokenSubset[i]!] === 0 ? never : own[i]! / temperature - most - logZ;
    trace.logRest[n] = rest > 0 ? Math.log(rest) - logZ : never;
    trace.restEntropy[n] = rest > 0 ? (sumX - rest * logZ) / Math.exp(logZ) : 0;
    trace.chosen[n] = place[id]!;
    trace.outside[n] = place[id]! < 0 ? raw[id]! / temperature - most - logZ : 0;
    rows[row]!.n++;
  };

  /** The traces, each cut to its length. */
  const finish = (): Trace[] =>
    traces.map((trace, row) => {
      const { n } = rows[row]!;
      return {
        hidden: trace.hidden.slice(0, n * width),
        base: trace.base.slice(0, n * S),
        logRest: trace.logRest.slice(0, n),
        restEntropy: trace.restEntropy.slice(0, n),
        chosen: trace.chosen.slice(0, n),
        outside: trace.outside.slice(0, n),
      };
    });
  return { before, after, finish };
}

/** Log-probability of the drawn tokens under the frozen model, summed. */
export function referenceLogProb({ base, chosen, outside }: Trace): number {
  const S = base.length / chosen.length;
  let sum = 0;
  for (const [n, c] of chosen.entries()) sum += c < 0 ? outside[n]! : base[n * S + c]!;
  return sum;
}

/** True for what `createTraces` made. */
export function isTrace(trace: object): trace is Trace {
  return "chosen" in trace && "base" in trace;
}
