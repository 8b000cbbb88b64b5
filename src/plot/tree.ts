/** A tree of genomes: who came from whom, how each ended. Time goes down, a line each; each branch has a column. */

import { asText, type Figure, figure, verdictColours } from "./figure.ts";
import { titled } from "./given.ts";

/** One node. Parents stand before their children. */
export interface TreeNode {
  id: number;
  /** Null for a root. */
  parent: number | null;
  /** Short: it stands beside the dot. */
  label: string;
  /** Long: shown when the pointer is on it, line by line. */
  detail?: string;
  /** Colours the dot. @default survived */
  verdict?: string;
  /** Drawn with a ring: where the story is now. */
  current?: boolean;
}

/** Draws a lineage. Throws a RangeError for a node whose parent is not before it. */
export function lineageTree(nodes: readonly TreeNode[], options: { title?: string } = {}): Figure {
  const { title = "Lineage" } = titled(options, "lineageTree");
  const { column, line, columns } = layOut(nodes);
  const edges = nodes.filter(({ parent }) => parent !== null);
  const at = (of: Map<number, number>) => nodes.map(({ id }) => of.get(id)!);
  const data = [
    {
      type: "scatter",
      mode: "lines",
      hoverinfo: "skip",
      line: { color: "rgba(128,128,128,0.6)", width: 1.5 },
      x: edges.flatMap(({ id, parent }) => [column.get(parent!)!, column.get(id)!, column.get(id)!, null]),
      y: edges.flatMap(({ id, parent }) => [line.get(parent!)!, line.get(parent!)!, line.get(id)!, null]),
    },
    {
      type: "scatter",
      mode: "markers",
      x: at(column),
      y: at(line),
      customdata: nodes.map(({ label, detail }) => asText(detail ?? label).replaceAll("\n", "<br>")),
      hovertemplate: "%{customdata}<extra></extra>",
      marker: {
        size: 12,
        color: nodes.map(({ verdict = "survived" }) => verdictColours[verdict] ?? "#888888"),
        symbol: nodes.map(({ verdict = "survived" }) => (verdict === "survived" ? "circle" : "x")),
        line: { width: nodes.map(({ current }) => (current ? 3 : 0)), color: "#222222" },
      },
    },
    {
      type: "scatter",
      mode: "text",
      hoverinfo: "skip",
      x: nodes.map(() => columns - 0.4),
      y: at(line),
      text: nodes.map((node) => `${asText(node.label)}${endOf(node)}`),
      textposition: "middle right",
      cliponaxis: false,
    },
  ];
  const hidden = { showgrid: false, zeroline: false, showticklabels: false };
  return figure(data, {
    title,
    text: drawTree(nodes),
    layout: {
      showlegend: false,
      height: 80 + 26 * Math.max(2, nodes.length),
      margin: { l: 20, r: 20, t: 55, b: 15 },
      xaxis: { ...hidden, range: [-0.5, Math.max(18, columns + 12)] },
      yaxis: { ...hidden, range: [nodes.length - 0.4, -0.6] },
    },
  });
}

function endOf({ verdict = "survived", current }: TreeNode): string {
  return `${verdict === "survived" ? "" : ` ✗ ${verdict.replaceAll("_", " ")}`}${current ? "  ← here" : ""}`;
}

/** The tree in text. */
export function drawTree(nodes: readonly TreeNode[]): string {
  const children = childrenOf(nodes);
  // A list of what is left to draw, the next one last: a life may be longer than the stack is deep.
  const left = (children.get(null) ?? []).map((node) => ({ node, lead: "", branch: "" })).reverse();
  const lines: string[] = [];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const { node, lead, branch } = next;
    lines.push(`${lead}${branch}${node.label}${endOf(node)}`);
    const below = children.get(node.id) ?? [];
    const deeper = branch === "" ? lead : lead + (branch === "└ " ? "  " : "│ ");
    const last = below.length - 1;
    // Only a fork goes deeper: a long life stays in one column.
    const drawn = below.map((child, i) => ({
      ...{ node: child, lead: deeper, branch: last === 0 ? "" : i === last ? "└ " : "├ " },
    }));
    left.push(...drawn.reverse());
  }
  return nodes.length === 0 ? "an empty lineage" : lines.join("\n");
}

function childrenOf(nodes: readonly TreeNode[]): Map<number | null, TreeNode[]> {
  const children = new Map<number | null, TreeNode[]>();
  for (const node of nodes) {
    const own = children.get(node.parent);
    if (own === undefined) children.set(node.parent, [node]);
    else own.push(node);
  }
  return children;
}

/** Lines in the order of the nodes; the first child goes on in its parent's column. */
function layOut(nodes: readonly TreeNode[]) {
  const line = new Map(nodes.map(({ id }, i) => [id, i]));
  const column = new Map<number, number>();
  const continued = new Set<number>();
  let columns = 0;
  for (const { id, parent } of nodes) {
    const above = parent === null ? undefined : column.get(parent);
    if (parent !== null && above === undefined)
      throw new RangeError(`Expected the parent ${parent} of node ${id} to stand before it`);
    const goesOn = above !== undefined && !continued.has(parent!);
    if (goesOn) continued.add(parent!);
    column.set(id, goesOn ? above : columns++);
  }
  return { column, line, columns };
}
