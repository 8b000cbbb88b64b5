/**
 * plotly.js under jsdom, which lays nothing out: what plotly asks of a layout is worked out by `geometry.ts`. Chromium's
 * picture is the test's measure.
 */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { parentPort } from "node:worker_threads";
import { JSDOM, VirtualConsole } from "jsdom";
import { serial } from "../common/serial.ts";
import { createSurface, type Surface } from "./canvas.ts";
import { boxOf, lengths, type Measured, pointAt, textBox, turned } from "./geometry.ts";

interface Plotly {
  newPlot(place: Element, data: object[], layout: object, config: object): Promise<unknown>;
  toImage(place: Element, options: { format: "svg"; width: number; height: number }): Promise<string>;
  purge(place: Element): void;
}

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
