/** Any value as a MIME bundle: what it says of itself first, then images by their first bytes, then text. */

import { inspect } from "node:util";

/** The MIME type of a plotly figure. */
export const plotlyType = "application/vnd.plotly.v1+json";

/** MIME type to content. */
export type MimeBundle = { [mimeType: string]: unknown };

/** A bundle and what belongs to it. */
export interface Shown {
  data: MimeBundle;
  metadata: { [key: string]: unknown };
}

/** Under which a value says how it shows itself: Deno's convention. */
export const displaySymbol = Symbol.for("Jupyter.display");

/** The bundle of a value. `text/plain` is always there, without colour codes. */
export async function toBundle(value: unknown): Promise<Shown> {
  const own = await ownBundle(value);
  if (own !== null) return { data: { "text/plain": "", ...asJson(own) }, metadata: {} };
  const image = imageOf(value);
  if (image !== null)
    return { data: { ...image, "text/plain": `[image, ${(value as Uint8Array).length} bytes]` }, metadata: {} };
  return { data: { "text/plain": inspectSafely(value, { depth: 4 }) }, metadata: {} };
}

/** A bundle as JSON has it: bytes as base64, as Jupyter sends pictures, and typed arrays of a figure as lists. */
export function asJson(bundle: MimeBundle): MimeBundle {
  return Object.fromEntries(
    Object.entries(bundle).map(([type, value]) => {
      if (value instanceof Uint8Array) return [type, Buffer.from(value).toString("base64")];
      return [type, type === plotlyType ? withLists(value) : value];
    }),
  );
}

function withLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withLists);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number | bigint>, Number);
  if (typeof value !== "object" || value === null || "toJSON" in value) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withLists(inner)]));
}

/** The inspection of a value; of one whose own inspection throws, what Node sees without asking it. */
export function inspectSafely(value: unknown, { depth = 2 }: { depth?: number } = {}): string {
  const options = { colors: false, depth, maxArrayLength: 100 };
  try {
    return inspect(value, options);
  } catch {}
  try {
    return inspect(value, { ...options, customInspect: false });
  } catch {
    return `[a ${typeof value} that cannot be inspected]`;
  }
}

async function ownBundle(value: unknown): Promise<MimeBundle | null> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return null;
  let show: unknown;
  try {
    show = (value as { [displaySymbol]?: unknown })[displaySymbol];
  } catch {} // a Proxy may refuse to be asked
  if (typeof show !== "function") return null;
  const bundle: unknown = await show.call(value);
  if (typeof bundle === "object" && bundle !== null) return bundle as MimeBundle;
  throw new TypeError(`[Symbol.for("Jupyter.display")]() must give an object of MIME types, got ${inspect(bundle)}`);
}

function imageOf(value: unknown): MimeBundle | null {
  if (!(value instanceof Uint8Array) || value.length < 8) return null;
  const starts = (...bytes: number[]): boolean => bytes.every((byte, i) => value[i] === byte);
  const base64 = (): string => Buffer.from(value).toString("base64");
  if (starts(0x89, 0x50, 0x4e, 0x47)) return { "image/png": base64() };
  if (starts(0xff, 0xd8, 0xff)) return { "image/jpeg": base64() };
  if (starts(0x47, 0x49, 0x46, 0x38)) return { "image/gif": base64() };
  return null;
}

/** Escapes text for HTML, attributes included. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
