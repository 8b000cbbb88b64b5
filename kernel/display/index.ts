/** Display: values as MIME bundles, and the functions with which a cell shows them. */

export { createDisplay, type Display } from "./api.ts";
export { escapeHtml, inspectSafely, type MimeBundle, plotlyType, type Shown, toBundle } from "./bundle.ts";
export { completeBundle, drawPicture, isFigure, withSettings } from "./picture.ts";
export type { DisplayHandle, OutMessage } from "./types.ts";
