/**
 * Programs drawn where the model runs: prompts go there together, and tokens come back with what an update must know of them.
 * What is drawn is what the host would have drawn from the same streams, but for the rounding of sums; a row's numbers
 * depend on its neighbours in that rounding. Not here: the graph (`model/draw-graph.ts`).
 */

import {
  type Decoder,
  type DrawHead,
  type Drawn,
  type DrawRequest,
  endsRow,
  type Generated,
  type HeldAdapter,
  type Prefix,
} from "../../model/index.ts";
import { type AdapterTrace, drawnTrace } from "./adapter/trace.ts";
import { never, type Trace, type TraceSettings } from "./trace.ts";

/** How programs are drawn on the device. */
export interface DeviceDraw {
  head: DrawHead;
  /** Divides the generator's temperature. @default 1 */
  factor?: number;
  /** Given where the programs are to be learned from: by a head, or by an adapter. */
  traced?: TraceSettings | "adapter";
}

/** What is drawn. */
export interface DrawRowsOptions {
  prefix?: Prefix;
  /** What changes the model's last blocks; the prefix is to have been run with it. */
  adapter?: HeldAdapter;
  prompts: readonly (readonly number[])[];
  streams: readonly { uniform(): number }[];
  /** Positions for each prompt. */
  padTo: readonly number[];
  maxTokens: number;
  temperature: number;
  stop: readonly string[];
  /** Most rows at once. */
  batch: number;
}

/** A program, its trace if it was asked for, and the prompt's last hidden state. */
export interface DrawnRow extends Generated {
  trace?: Trace | AdapterTrace;
  features: Float32Array;
}

/** Numbers that one run may give back: 256 MB of them. */
const mostNumbers = 2 ** 26;

/** A head that changes nothing. */
export function emptyHead(width: number): DrawHead {
  const zeros = (count: number) => new Float32Array(count);
  return {
    ...{ tokenSubset: Int32Array.of(0), mean: zeros(width), deviation: zeros(width).fill(1) },
    ...{ rank: 1, A: zeros(width), B: zeros(1), bias: zeros(1) },
  };
}

/** Draws a program for each prompt; rows in the prompts' order. */
export async function drawRows(decoder: Decoder, device: DeviceDraw, options: DrawRowsOptions): Promise<DrawnRow[]> {
  const { prompts, maxTokens, batch, padTo } = options;
  const { width } = decoder.config;
  const each =
    maxTokens * (device.head.tokenSubset.length + width) +
    (device.traced === "adapter" ? (Math.max(...padTo) + maxTokens) * width : 0);
  const most = Math.max(1, Math.min(batch, Math.floor(mostNumbers / each)));
  const rows: DrawnRow[] = [];
  const ending = endingTokens(decoder, options.stop);
  for (let from = 0; from < prompts.length; from += most)
    rows.push(
      ...(await drawSome(decoder, device, options, { from, to: Math.min(prompts.length, from + most), ending })),
    );
  return rows;
}

async function drawSome(
  decoder: Decoder,
  { head, factor = 1, traced }: DeviceDraw,
  { prefix, adapter, prompts, streams, padTo, maxTokens, temperature, stop }: DrawRowsOptions,
  { from, to, ending }: { from: number; to: number; ending: Ending },
): Promise<DrawnRow[]> {
  const rows = to - from;
  const length = Math.max(...padTo.slice(from, to));
  const tokens = new Int32Array(rows * length);
  const valid = new Uint8Array(rows * length);
  const uniforms = new Float32Array(maxTokens * rows);
  for (let row = 0; row < rows; row++) {
    const ids = prompts[from + row]!;
    tokens.set(ids, (row + 1) * length - ids.length);
    valid.fill(1, (row + 1) * length - ids.length, (row + 1) * length);
    for (let at = 0; at < maxTokens; at++) uniforms[at * rows + row] = streams[from + row]!.uniform();
  }
  const isAdapter = traced === "adapter";
  const request = {
    ...{ tokens, valid, rows, rounds: maxTokens, uniforms, temperature: temperature / factor, ...ending, head },
    ...{ entering: isAdapter, ...(adapter && { adapter }) },
  };
  const drawn = await decoder.draw!(request, prefix?.past);
  const ends = new Set(ending.ends);
  const { width } = decoder.config;
  return linesByRow(drawn, rows).map((all, row) => {
    const generated = readRow(decoder, drawn, { lines: all, stop, ends });
    const features = drawn.hidden.slice(all[0]! * width, (all[0]! + 1) * width);
    const lines = all.slice(0, generated.ids.length);
    const asked = prompts[from + row]!.length;
    const trace = isAdapter
      ? drawnTrace(drawn, { lines, row, pads: length - asked, asked, width })
      : traced && readTrace(drawn, lines, traced);
    return { ...generated, features, ...(trace && { trace }) };
  });
}

/** Of each row the lines that are its own, in the order of its tokens. */
function linesByRow({ rows }: Drawn, count: number): number[][] {
  const all = Array.from({ length: count }, (): number[] => []);
  for (const [line, row] of rows.entries()) all[row]!.push(line);
  return all;
}

/** A row up to where it ends. */
function readRow(
  decoder: Decoder,
  { ids, logProb }: Drawn,
  { lines, stop, ends }: { lines: readonly number[]; stop: readonly string[]; ends: ReadonlySet<number> },
): Generated {
  const all = lines.map((line) => ids[line]!);
  const end = all.findIndex((id) => ends.has(id));
  const result: Generated = { ids: [], text: "", logProbs: [], ended: "length" };
  // Nearly always a row ends with such a token, or with none: only where a stop lies across tokens each is looked at.
  const whole = end < 0 ? all : all.slice(0, end);
  const text = decoder.tokenizer.decode(whole);
  const from = stop.some((one) => text.includes(one)) ? 0 : whole.length;
  Object.assign(result, { ids: whole.slice(0, from), text: from > 0 ? text : "" });
  while (result.ids.length < all.length) {
    result.ids.push(all[result.ids.length]!);
    if (endsRow(decoder, result, stop)) break;
  }
  result.logProbs = result.ids.map((_, at) => logProb[lines[at]!]!);
  const broken = result.logProbs.find((value) => !Number.isFinite(value));
  if (broken !== undefined) throw new RangeError(`A log-probability is ${broken}: the model or its head is broken`);
  return result;
}

function readTrace(
  { ids, hidden, base, logRest, restEntropy, outside }: Drawn,
  lines: readonly number[],
  { tokenSubset, place, width, standardise }: TraceSettings,
): Trace {
  const S = tokenSubset.length;
  const isWhole = S === place.length;
  const trace: Trace = {
    hidden: new Float32Array(lines.length * width),
    base: new Float32Array(lines.length * S),
    logRest: Float32Array.from(lines, (line) => (isWhole ? never : logRest[line]!)),
    restEntropy: Float32Array.from(lines, (line) => (isWhole ? 0 : restEntropy[line]!)),
    chosen: Int32Array.from(lines, (line) => place[ids[line]!]!),
    outside: Float32Array.from(lines, (line) => (place[ids[line]!]! < 0 ? outside[line]! : 0)),
  };
  for (const [at, line] of lines.entries()) {
    standardise(hidden.subarray(line * width, (line + 1) * width), trace.hidden.subarray(at * width, (at + 1) * width));
    trace.base.set(base.subarray(line * S, (line + 1) * S), at * S);
  }
  return trace;
}

/** Tokens after which a row has ended. */
type Ending = Pick<DrawRequest, "ends" | "across">;

/** Of a decoder and its stop texts: computed once. */
const known = new WeakMap<Decoder, Map<string, Ending>>();

/**
 * Ids that end a text, and those whose own text holds a stop, wherever they stand. A stop of two letters, "\n\n" say, is often two
 * tokens: where there is one such, it is known across them, too. Other stops across tokens are found when the row is read. A row that
 * the device ends is not drawn on, so none may end there that does not end when it is read: some tokenizers drop a text's first space.
 */
function endingTokens(decoder: Decoder, stop: readonly string[]): Ending {
  const { tokenizer } = decoder;
  const of = known.get(decoder) ?? new Map<string, Ending>();
  known.set(decoder, of);
  const key = JSON.stringify(stop);
  const found = of.get(key);
  if (found) return found;
  const texts = Array.from({ length: tokenizer.size }, (_, id) =>
    Buffer.from(tokenizer.piece(id).bytes ?? []).toString(),
  );
  const idsOf = (holds: (text: string) => boolean): number[] => [...texts.keys()].filter((id) => holds(texts[id]!));
  const holdsStop = (text: string): boolean => stop.some((one) => text.includes(one));
  const stopping = idsOf(holdsStop).filter((id) => holdsStop(tokenizer.decode([id])));
  const [pair, ...others] = new Set(stop.filter((one) => /^[!-~\n\r\t]{2}$/.test(one)));
  const across = pair !== undefined &&
    others.length === 0 && {
      opens: idsOf((text) => text.endsWith(pair[0]!)),
      closes: idsOf((text) => text.startsWith(pair[1]!)),
    };
  const ending = { ends: [...new Set([...tokenizer.end, ...stopping])], ...(across && { across }) };
  of.set(key, ending);
  return ending;
}
