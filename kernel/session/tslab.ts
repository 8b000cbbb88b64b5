/**
 * What `import * as tslab from "tslab"` gives in a cell: tslab's display functions on this kernel, so that notebooks
 * written for it run here. The interface is that of tslab 1.0.22; the code is ours.
 */

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { currentRun, send } from "./user/channel.ts";

/** Shows content of one MIME type. */
export interface Display {
  javascript(code: string): void;
  html(source: string): void;
  markdown(source: string): void;
  latex(source: string): void;
  svg(source: string): void;
  png(image: Uint8Array): void;
  jpeg(image: Uint8Array): void;
  gif(image: Uint8Array): void;
  pdf(document: Uint8Array): void;
  text(text: string): void;
  /** Any MIME type; bytes are sent as base64. */
  raw(mimeType: string, content: string | Uint8Array | object): void;
}

/** Versions of what runs the notebook. `tslab` is the version whose interface this is. */
export const versions = {
  tslab: "1.0.22",
  typescript: (createRequire(import.meta.url)("typescript-api/package.json") as { version: string }).version,
  node: process.version,
};

/** Shows content, each time anew. */
export const display: Display = displayWith((type, data) => publish("display_data", { [type]: data }));

/** A place of its own: what it shows first appears, what it shows later takes that place. */
export function newDisplay(): Display {
  const id = randomUUID();
  let isShown = false;
  return displayWith((type, data) => {
    publish(isShown ? "update_display_data" : "display_data", { [type]: data }, id);
    isShown = true;
  });
}

function displayWith(show: (mimeType: string, data: unknown) => void): Display {
  const raw: Display["raw"] = (type, content) =>
    show(type, content instanceof Uint8Array ? Buffer.from(content).toString("base64") : content);
  return {
    raw,
    javascript: (code) => raw("text/javascript", code),
    html: (source) => raw("text/html", source),
    markdown: (source) => raw("text/markdown", source),
    latex: (source) => raw("text/latex", source),
    svg: (source) => raw("image/svg+xml", source),
    png: (image) => raw("image/png", image),
    jpeg: (image) => raw("image/jpeg", image),
    gif: (image) => raw("image/gif", image),
    pdf: (document) => raw("application/pdf", document),
    text: (text) => raw("text/plain", text),
  };
}

function publish(message: string, data: object, id?: string): void {
  const content = { data, metadata: {}, transient: id === undefined ? {} : { display_id: id } };
  send({ type: "publish", run: currentRun.getStore()?.run ?? null, message, content });
}
