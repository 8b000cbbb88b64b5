/**
 * Where the elements of a figure lie, worked out from font sizes, path data and transforms, for a document that lays nothing
 * out. Text widths are estimates by kind of letter, good to a few per cent. Not here: plotly.js (`picture-worker.ts`).
 */

/** A rectangle: its upper left corner and its size. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** An element of a document whose boxes are worked out here. */
export type Measured = SVGElement & { getBBox(): Box };

/** The box of an element that is itself turned by a right angle, as the titles of y axes are. */
export function turned(element: Element, box: Box): Box {
  const found = /rotate\((-?90)[ ,]+([-\d.e]+)[ ,]+([-\d.e]+)\)/.exec(element.getAttribute("transform") ?? "");
  if (found === null) return box;
  const [sign, cx, cy] = [Number(found[1]) / 90, Number(found[2]), Number(found[3])];
  const middleX = box.x + box.width / 2 - cx;
  const middleY = box.y + box.height / 2 - cy;
  const [x, y] = [cx - sign * middleY, cy + sign * middleX];
  return { x: x - box.height / 2, y: y - box.width / 2, width: box.height, height: box.width };
}

/** Advance widths of a common sans serif, in em. */
function widthOf(text: string): number {
  let em = 0;
  for (const letter of text) {
    if ("iljI.,:;|!' ".includes(letter)) em += 0.3;
    else if ("mwMW@%".includes(letter)) em += 0.88;
    else if (/[A-Z]/.test(letter)) em += 0.67;
    else em += 0.56;
  }
  return em;
}

function fontSizeOf(element: Element): number {
  for (let at: Element | null = element; at !== null; at = at.parentElement) {
    const size = (at as SVGElement).style.fontSize || at.getAttribute("font-size");
    if (size) return Number.parseFloat(size);
  }
  return 12;
}

/** A text of one or several lines: as wide as the widest, a line and a quarter high each. */
export function textBox(element: Element): { width: number; height: number; size: number } {
  const size = fontSizeOf(element);
  const lines = [...element.querySelectorAll("tspan.line")].map((line) => line.textContent!);
  const texts = lines.length > 0 ? lines : [element.textContent!]; // of an element it is never null
  return { width: Math.max(...texts.map(widthOf)) * size, height: texts.length * size * 1.25, size };
}

/** The box of an element in its parent's units, its own turn left out; of one that holds others, the box around them. */
export function boxOf(element: Measured): Box {
  const number = (name: string): number => Number(element.getAttribute(name)) || 0;
  switch (element.tagName.toLowerCase()) {
    case "text":
    case "tspan": {
      const { width, height, size } = textBox(element);
      const anchor = element.getAttribute("text-anchor") || element.style.textAnchor;
      const shift = anchor === "middle" ? width / 2 : anchor === "end" ? width : 0;
      return { x: number("x") - shift, y: number("y") - size * 0.95, width, height };
    }
    case "rect":
      return { x: number("x"), y: number("y"), width: number("width"), height: number("height") };
    case "path":
      return around(pointsOf(element));
    default:
      return around(
        ([...element.children] as Measured[])
          .filter((child) => typeof child.getBBox === "function")
          .flatMap((child) => {
            const { x, y, width, height } = turned(child, boxOf(child));
            if (width === 0 && height === 0) return [];
            const [dx, dy] = shiftOf(child);
            return [
              [x + dx, y + dy],
              [x + dx + width, y + dy + height],
            ] as [number, number][];
          }),
      );
  }
}

function around(points: [number, number][]): Box {
  if (points.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

function shiftOf(element: Element): [number, number] {
  const found = /translate\(([-\d.e]+)[ ,]*([-\d.e]*)/.exec(element.getAttribute("transform") ?? "");
  return found ? [Number(found[1]), Number(found[2]) || 0] : [0, 0];
}

/** Corners of a path of straight lines, which is what plotly measures: arrows and legend lines. */
function pointsOf(element: Element): [number, number][] {
  const points: [number, number][] = [];
  let [x, y] = [0, 0];
  for (const [, command, text] of (element.getAttribute("d") ?? "").matchAll(/([MLHVZmlhvz])([^A-DF-Za-df-z]*)/g)) {
    const n = (text!.match(/-?\d*\.?\d+(?:e-?\d+)?/g) ?? []).map(Number);
    const relative = command === command!.toLowerCase();
    const upper = command!.toUpperCase();
    for (let i = 0; i < n.length; i += upper === "H" || upper === "V" ? 1 : 2) {
      const [baseX, baseY] = relative ? [x, y] : [0, 0];
      if (upper === "H") x = baseX + n[i]!;
      else if (upper === "V") y = baseY + n[i]!;
      else [x, y] = [baseX + n[i]!, baseY + (n[i + 1] ?? 0)];
      points.push([x, y]);
    }
  }
  return points;
}

/** The corners of a path, and the length of the way from the first to the last. */
export function lengths(element: Element): { points: [number, number][]; total: number } {
  const points = pointsOf(element);
  let total = 0;
  for (let i = 1; i < points.length; i++) total += distance(points[i - 1]!, points[i]!);
  return { points, total };
}

/** The place so far along a path; its end for what is longer. */
export function pointAt(element: Element, at: number): { x: number; y: number } {
  const { points } = lengths(element);
  let left = at;
  for (let i = 1; i < points.length; i++) {
    const [from, to] = [points[i - 1]!, points[i]!];
    const length = distance(from, to);
    if (left <= length && length > 0) {
      const share = left / length;
      return { x: from[0] + (to[0] - from[0]) * share, y: from[1] + (to[1] - from[1]) * share };
    }
    left -= length;
  }
  const [x, y] = points.at(-1) ?? [0, 0];
  return { x, y };
}

function distance([x0, y0]: [number, number], [x1, y1]: [number, number]): number {
  return Math.hypot(x1 - x0, y1 - y0);
}
