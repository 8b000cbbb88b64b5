/** A tree of genomes: who came from whom, how each ended. Depth goes right, siblings stand below one another. */

import { type Figure, figure, verdictColours } from "./figure.ts";

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
export function lineageTree(nodes: readonly TreeNode[], { title = "Lineage" }: { title?: string } = {}): Figure {
  const { depth, row, rows } = layOut(nodes);
  const edges = nodes.filter(({ parent }) => parent !== null);
  const colours = nodes.map(({ verdict = "survived" }) => verdictColours[verdict] ?? "#888888");
  const data = [
    {
      type: "scatter",
      mode: "lines",
      hoverinfo: "skip",
      line: { color: "rgba(128,128,128,0.6)", width: 1.5, shape: "hv" },
      x: edges.flatMap(({ id, parent }) => [depth.get(parent!)!, depth.get(parent!)!, depth.get(id)!, null]),
      y: edges.flatMap(({ id, parent }) => [row.get(parent!)!, row.get(id)!, row.get(id)!, null]),
    },
    {
      type: "scatter",
      mode: "markers+text",
      x: nodes.map(({ id }) => depth.get(id)!),
      y: nodes.map(({ id }) => row.get(id)!),
      text: nodes.map(({ label }) => escaped(label)),
      textposition: "top center",
      cliponaxis: false,
      customdata: nodes.map(({ label, detail }) => escaped(detail ?? label).replaceAll("\n", "<br>")),
      hovertemplate: "%{customdata}<extra></extra>",
      marker: {
        size: 13,
        color: colours,
        symbol: nodes.map(({ verdict = "survived" }) => (verdict === "survived" ? "circle" : "x")),
        line: { width: nodes.map(({ current }) => (current ? 3 : 0)), color: "#222222" },
      },
    },
  ];
  const hidden = { showgrid: false, zeroline: false, showticklabels: false };
  return figure(data, {
    title,
    text: drawTree(nodes),
    layout: {
      showlegend: false,
      height: 130 + 70 * Math.max(1, rows),
      margin: { l: 30, r: 60, t: 60, b: 20 },
      xaxis: hidden,
      yaxis: { ...hidden, range: [rows - 0.5, -0.7] },
    },
  });
}

/** Plotly takes some tags for markup. */
function escaped(text: string): string {
  return text.replaceAll("<", "&lt;");
}

/** The tree in text. */
export function drawTree(nodes: readonly TreeNode[]): string {
  const children = childrenOf(nodes);
  const draw = (node: TreeNode, lead: string, branch: string): string[] => {
    const mark = node.verdict === undefined || node.verdict === "survived" ? "" : ` ✗ ${node.verdict}`;
    const line = `${lead}${branch}${node.label}${mark}${node.current ? "  ← here" : ""}`;
    const below = children.get(node.id) ?? [];
    const deeper = branch === "" ? lead : lead + (branch === "└ " ? "  " : "│ ");
    // Only a fork goes deeper: a long life stays in one column.
    if (below.length === 1) return [line, ...draw(below[0]!, deeper, "")];
    return [line, ...below.flatMap((child, i) => draw(child, deeper, i === below.length - 1 ? "└ " : "├ "))];
  };
  return nodes.length === 0
    ? "an empty lineage"
    : nodes
        .filter(({ parent }) => parent === null)
        .flatMap((root) => draw(root, "", ""))
        .join("\n");
}

function childrenOf(nodes: readonly TreeNode[]): Map<number | null, TreeNode[]> {
  const children = new Map<number | null, TreeNode[]>();
  for (const node of nodes) children.set(node.parent, [...(children.get(node.parent) ?? []), node]);
  return children;
}

/** Leaves take rows in order; the first child shares its parent's. */
function layOut(nodes: readonly TreeNode[]) {
  const depth = new Map<number, number>();
  const row = new Map<number, number>();
  for (const { id, parent } of nodes) {
    if (parent !== null && !depth.has(parent))
      throw new RangeError(`Expected the parent ${parent} of node ${id} to stand before it`);
    depth.set(id, parent === null ? 0 : depth.get(parent)! + 1);
  }
  const children = childrenOf(nodes);
  let rows = 0;
  const place = (node: TreeNode, own: number): void => {
    row.set(node.id, own);
    for (const [i, child] of (children.get(node.id) ?? []).entries()) place(child, i === 0 ? own : rows++);
  };
  for (const root of children.get(null) ?? []) place(root, rows++);
  return { depth, row, rows };
}
