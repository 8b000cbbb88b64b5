/**
 * The archive of genomes: who came from whom, and how each did. Nodes and scores are only ever appended, a node's
 * statistics are its own scores alone, and everything handed out is a frozen copy.
 * Published faults that this is built against, all tests: the Huxley-Gödel Machine's sum over descendants grows the
 * parent's own list; the Darwin Gödel Machine's `best` takes the worst, and a missing comma makes one unknown rule of two.
 * Parent choice "novel" is the latter's rule (arXiv 2505.22954): sigmoid(10 * (score - 0.5)) / (1 + children).
 */

import type { DatabaseSync } from "node:sqlite";
import { anything, checkOptions, only, show } from "../data/check.ts";
import { displaySymbol, htmlTable, type MimeBundle, type Row, visible } from "../display/index.ts";
import type { Random } from "../random/index.ts";
import type { GenomeMember } from "../sandbox/types.ts";
import { RecordFailure } from "./error.ts";
import { editBetween } from "./read.ts";
import { addGenome, appendEntry, genomeOf, guard, type RecordState, together } from "./state.ts";
import type { GenomeChange } from "./types.ts";

/** One genome in the tree. */
export interface LineageNode {
  readonly id: number;
  readonly parent: number | null;
  /** SHA-256 of the genome; `record.genome(hash)` gives the members. */
  readonly genome: string;
  readonly note: string;
  /** Its own scores, in the order given. Never its children's. */
  readonly scores: readonly number[];
  /** Their mean; null when there is none. */
  readonly mean: number | null;
  readonly children: readonly number[];
}

/** The archive. Unknown ids throw a RecordFailure. */
export interface Lineage {
  /** Adds a genome and returns its id, from 1. */
  add(node: { genome: readonly GenomeMember[]; parent?: number; note?: string }): number;
  /** Adds one score to a node. */
  score(id: number, value: number): void;
  node(id: number): LineageNode;
  nodes(): LineageNode[];
  /** Scores of a node and of all that descend from it. */
  cladeScores(id: number): readonly number[];
  /** What a node changed against its parent; null for a root. */
  edit(id: number): GenomeChange | null;
  /** The node with the highest mean score, the first of equals; null when none has a score. */
  best(): LineageNode | null;
  /** Draws a parent: any, the best, or by score and novelty (see the file's header). */
  choose(random: Random, options?: { rule?: "any" | "best" | "novel" }): LineageNode;
  /** The tree as text. */
  toString(): string;
  /** One row a node, for a table or a plot. */
  rows(): Row[];
  [displaySymbol](): MimeBundle;
}

const choiceSchema = only<{ rule?: "any" | "best" | "novel" }>({ rule: anything() });

/** The lineage that lives in a record's file. */
export function createLineage(state: RecordState): Lineage {
  const { database } = state;
  const nodes = (): LineageNode[] => guard(state, () => readNodes(database));
  const counting = guard(state, () => database.prepare("SELECT count(*) AS n FROM entries WHERE kind = 'node'"));
  const countNodes = (): number => Number(counting.get()!.n);
  const check = (count: number, id: number): void => {
    if (Number.isSafeInteger(id) && id >= 1 && id <= count) return;
    const known = count === 0 ? "none" : `1 to ${count}`;
    throw new RecordFailure({ kind: "unknown", what: "node", id: String(id), known });
  };
  const find = (all: readonly LineageNode[], id: number): LineageNode => {
    check(all.length, id);
    return all[id - 1]!;
  };
  const best = (): LineageNode | null => bestOf(nodes());
  const rows = (): Row[] => rowsOf(nodes());
  return {
    add: ({ genome, parent, note = "" }) =>
      together(state, () => {
        const count = countNodes();
        if (parent !== undefined) check(count, parent);
        const id = count + 1;
        const body = { id, parent: parent ?? null, genome: addGenome(state, genome), note };
        appendEntry(state, { kind: "node", episode: null, step: null, body });
        return id;
      }),
    score: (id, value) =>
      together(state, () => {
        check(countNodes(), id);
        if (typeof value !== "number")
          throw new RecordFailure({ kind: "value", name: "value", expected: "a finite number", value: show(value) });
        appendEntry(state, { kind: "score", episode: null, step: null, body: { node: id, value } });
      }),
    node: (id) => find(nodes(), id),
    nodes,
    cladeScores(id) {
      const all = nodes();
      const gather = (node: LineageNode): number[] => [
        ...node.scores,
        ...node.children.flatMap((child) => gather(find(all, child))),
      ];
      return Object.freeze(gather(find(all, id)));
    },
    edit(id) {
      const all = nodes();
      const node = find(all, id);
      return node.parent === null
        ? null
        : editBetween(genomeOf(state, find(all, node.parent).genome), genomeOf(state, node.genome));
    },
    best,
    choose(random, options = {}) {
      checkOptions(choiceSchema, options, "the options of choose()");
      return chooseParent(nodes(), random, options.rule ?? "novel");
    },
    toString: () => visible(treeOf(nodes())),
    rows,
    [displaySymbol]: () => ({
      "text/html": htmlTable(rows(), { caption: "Lineage" }),
      "text/plain": visible(treeOf(nodes())),
    }),
  };
}

function readNodes(database: DatabaseSync): LineageNode[] {
  const rows = database.prepare("SELECT kind, body FROM entries WHERE kind IN ('node', 'score') ORDER BY seq").all();
  const nodes: {
    id: number;
    parent: number | null;
    genome: string;
    note: string;
    scores: number[];
    children: number[];
  }[] = [];
  for (const { kind, body } of rows as { kind: string; body: string }[]) {
    const read = JSON.parse(body);
    if (kind === "score") nodes[read.node - 1]!.scores.push(read.value);
    else {
      nodes.push({ ...read, scores: [], children: [] });
      if (read.parent !== null) nodes[read.parent - 1]!.children.push(read.id);
    }
  }
  return nodes.map((node) =>
    Object.freeze({
      ...node,
      scores: Object.freeze(node.scores),
      children: Object.freeze(node.children),
      mean: node.scores.length === 0 ? null : node.scores.reduce((a, b) => a + b, 0) / node.scores.length,
    }),
  );
}

function bestOf(nodes: readonly LineageNode[]): LineageNode | null {
  let best: LineageNode | null = null;
  for (const node of nodes) if (node.mean !== null && (best === null || node.mean > best.mean!)) best = node;
  return best;
}

function chooseParent(nodes: readonly LineageNode[], random: Random, rule: "any" | "best" | "novel"): LineageNode {
  if (nodes.length === 0) throw new RecordFailure({ kind: "unknown", what: "node", id: "to choose", known: "none" });
  if (rule === "best") return bestOf(nodes) ?? nodes[0]!;
  if (rule === "any") return random.choice(nodes);
  if (rule !== "novel")
    throw new RecordFailure({
      kind: "value",
      name: "rule",
      expected: "any, best or novel",
      value: JSON.stringify(rule),
    });
  const weights = nodes.map(
    ({ mean, children }) => 1 / (1 + Math.exp(-10 * ((mean ?? 0.5) - 0.5))) / (1 + children.length),
  );
  return nodes[random.categorical(weights)]!;
}

function rowsOf(nodes: readonly LineageNode[]): Row[] {
  const depths: number[] = [];
  return nodes.map(({ id, parent, genome, note, scores, mean, children }) => {
    depths[id] = parent === null ? 0 : depths[parent]! + 1;
    return {
      id,
      parent,
      depth: depths[id],
      genome: genome.slice(0, 8),
      note,
      scores: scores.length,
      mean,
      children: children.length,
    };
  });
}

function treeOf(nodes: readonly LineageNode[]): string {
  if (nodes.length === 0) return "an empty lineage";
  const draw = (node: LineageNode, lead: string, branch: string): string[] => {
    const mean = node.mean === null ? "no score" : `${Number(node.mean.toFixed(4))} (n=${node.scores.length})`;
    const line = `${lead}${branch}${node.id} ${node.genome.slice(0, 8)} ${mean}${node.note === "" ? "" : `: ${node.note}`}`;
    const deeper = lead + (branch === "" ? "" : branch === "└ " ? "  " : "│ ");
    const last = node.children.length - 1;
    return [line, ...node.children.flatMap((id, i) => draw(nodes[id - 1]!, deeper, i === last ? "└ " : "├ "))];
  };
  return nodes
    .filter(({ parent }) => parent === null)
    .flatMap((root) => draw(root, "", ""))
    .join("\n");
}
