/** Where an agent came from: every step of it and of its forks as one tree, for a look at what was tried. */

import { displaySymbol, type MimeBundle, visible } from "../display/index.ts";
import { drawTree, type Figure, lineageTree, type TreeNode } from "../plot/index.ts";
import type { GenomeMember, StepReport } from "../sandbox/index.ts";
import { hashGenome } from "./genome.ts";

/** One step of an agent, or its birth. */
export interface AgentNode {
  id: number;
  parent: number | null;
  /** Steps lived since the birth of the family's first agent. */
  step: number;
  /** The program that led here; empty at birth. */
  program: string;
  verdict: StepReport["verdict"];
  cause: string;
  /** SHA-256 of the genome here. */
  genome: string;
}

/** The tree of an agent and all its forks. */
export interface AgentLineage {
  nodes: readonly AgentNode[];
  /** The node where this agent is now. */
  current: number;
  plot(): Figure;
  toString(): string;
  [displaySymbol](): MimeBundle;
}

/** A family's tree as it grows. Nodes are never changed. */
export interface Family {
  /** Adds a node and returns its id. */
  add(
    parent: number | null,
    told: { program: string; verdict: AgentNode["verdict"]; cause: string; genome: readonly GenomeMember[] },
  ): number;
  view(current: number): AgentLineage;
}

/** Begins a family. */
export function createFamily(): Family {
  const nodes: AgentNode[] = [];
  return {
    add(parent, { genome, ...told }) {
      const step = parent === null ? 0 : nodes[parent]!.step + 1;
      nodes.push(Object.freeze({ id: nodes.length, parent, step, ...told, genome: hashGenome(genome) }));
      return nodes.length - 1;
    },
    view(current) {
      const seen = [...nodes];
      const tree = seen.map((node) => treeNode(node, current));
      const plot = (): Figure => lineageTree(tree, { title: "Lineage: the agent and its forks" });
      const text = visible(drawTree(tree));
      return { nodes: seen, current, plot, toString: () => text, [displaySymbol]: () => plot()[displaySymbol]() };
    },
  };
}

function treeNode({ id, parent, step, program, verdict, cause, genome }: AgentNode, current: number): TreeNode {
  const first = (program.split("\n").find((line) => line.trim() !== "") ?? "").trim();
  const short = first.length > 60 ? `${first.slice(0, 59)}…` : first;
  return {
    id,
    parent,
    label: parent === null ? "born" : `${step} ${short}`.trim(),
    detail: [program || "born", cause, `genome ${genome.slice(0, 8)}`].filter((line) => line !== "").join("\n"),
    verdict,
    ...(id === current && { current: true }),
  };
}
