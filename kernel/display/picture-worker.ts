/**
 * plotly.js under jsdom, which lays nothing out: what plotly asks of a layout is worked out here from font sizes and path
 * data. Text widths are estimates by kind of letter, good to a few per cent; Chromium's picture is the test's measure.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";
import { JSDOM, VirtualConsole } from "jsdom";
import { serial } from "../common/serial.ts";
import { createSurface, type Surface } from "./canvas.ts";

interface Plotly {
  newPlot(place: Element, data: object[], layout: object, config: object): Promise<unknown>;
  toImage(place: Element, options: { format: "svg"; width: number; height: number }): Promise<string>;
  purge(place: Element): void;
}
interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
type Measured = SVGElement & { getBBox(): Box };

// A console of its own, that nobody reads: jsdom reports there what it cannot do, such as canvases.
const settings = { runScripts: "outside-only", pretendToBeVisual: true, virtualConsole: new VirtualConsole() } as const;
const { window } = new JSDOM("<!doctype html><body></body>", settings);
installShims();
const require = createRequire(import.meta.url);
window.eval(readFileSync(require.resolve("plotly.js/dist/plotly.min.js"), "utf8"));
const { Plotly } = window as unknown as { Plotly: Plotly };

const drawing = serial();
const port = parentPort!; // it is a thread's file, and nobody else's
port.on("message", ({ id, figure, width }: { id: number; figure: string; width: number }) => {
  void drawing.run(async () => {
    try {
      port.postMessage({
        id,
        svg: await draw(JSON.parse(figure) as { data: object[]; layout?: object }, width),
      });
    } catch (error) {
      port.postMessage({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
});

async function draw({ data, layout = {} }: { data: object[]; layout?: object }, width: number): Promise<string> {
  const place = window.document.createElement("div");
  window.document.body.append(place);
  const { height = 380 } = layout as { height?: number };
  try {
    // A picture has a paper of its own: transparent text on an unknown page could not be read.
    const sized = { ...layout, width, height, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff" };
    await Plotly.newPlot(place, data, sized, { staticPlot: true });
    const url = await Plotly.toImage(place, { format: "svg", width, height });
    return decodeURIComponent(url.replace(/^data:image\/svg\+xml,/, ""));
  } finally {
    Plotly.purge(place);
    place.remove();
  }
}

function installShims(): void {
  const { SVGElement, Element } = window as unknown as {
    SVGElement: typeof globalThis.SVGElement;
    Element: typeof globalThis.Element;
  };
  const shim = (prototype: object, name: string, value: unknown): void => {
    Object.assign(prototype, { [name]: value });
  };
  shim(SVGElement.prototype, "getBBox", function (this: Measured) {
    return boxOf(this);
  });
  shim(SVGElement.prototype, "getComputedTextLength", function (this: Measured) {
    return textBox(this).width;
  });
  const plain = Element.prototype.getBoundingClientRect;
  shim(Element.prototype, "getBoundingClientRect", function (this: Element) {
    if (!(this instanceof SVGElement)) return plain.call(this);
    const { x, y, width, height } = turned(this, boxOf(this as Measured));
    return { x, y, width, height, left: x, top: y, right: x + width, bottom: y + height };
  });
  shim(SVGElement.prototype, "getTotalLength", function (this: Measured) {
    return lengths(this).total;
  });
  shim(SVGElement.prototype, "getPointAtLength", function (this: Measured, at: number) {
    return pointAt(this, at);
  });
  const surfaces = new WeakMap<object, Surface>();
  const surfaceOf = (canvas: HTMLCanvasElement): Surface => {
    const surface = surfaces.get(canvas) ?? createSurface(canvas);
    surfaces.set(canvas, surface);
    return surface;
  };
  const { prototype } = (window as unknown as { HTMLCanvasElement: typeof globalThis.HTMLCanvasElement })
    .HTMLCanvasElement;
  shim(prototype, "getContext", function (this: HTMLCanvasElement, kind: string) {
    return kind === "2d" ? surfaceOf(this) : null;
  });
  shim(prototype, "toDataURL", function (this: HTMLCanvasElement) {
    return surfaceOf(this).toDataURL();
  });
  Object.assign(window, { matchMedia: () => ({ matches: false, addListener() {}, addEventListener() {} }) });
  window.URL.createObjectURL ??= () => "";
}

/** The box of an element that is itself turned by a right angle, as the titles of y axes are. */
function turned(element: Element, box: Box): Box {
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

function textBox(element: Element): { width: number; height: number; size: number } {
  const size = fontSizeOf(element);
  const lines = [...element.querySelectorAll("tspan.line")].map((line) => line.textContent ?? "");
  const texts = lines.length > 0 ? lines : [element.textContent ?? ""];
  return { width: Math.max(...texts.map(widthOf)) * size, height: texts.length * size * 1.25, size };
}

function boxOf(element: Measured): Box {
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
  for (const [, command, text] of (element.getAttribute("d") ?? "").matchAll(/([MLHVZmlhvz])([^A-Za-z]*)/g)) {
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

function lengths(element: Element): { points: [number, number][]; total: number } {
  const points = pointsOf(element);
  let total = 0;
  for (let i = 1; i < points.length; i++) total += distance(points[i - 1]!, points[i]!);
  return { points, total };
}

function pointAt(element: Element, at: number): { x: number; y: number } {
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
