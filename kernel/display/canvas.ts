/**
 * As much of a canvas as plotly's heatmaps ask for: pixels in, a PNG out. Source: W3C, "Portable Network Graphics",
 * sections 5 and 11 (8-bit RGBA, no filter, no interlace). Not here: text, paths, other images.
 */

import { crc32, deflateSync } from "node:zlib";

/** A drawing surface of one canvas element. */
export interface Surface {
  fillStyle: string;
  createImageData(width: number, height: number): { data: Uint8ClampedArray; width: number; height: number };
  putImageData(image: { data: ArrayLike<number>; width: number; height: number }, x: number, y: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  clearRect(x: number, y: number, width: number, height: number): void;
  /** The picture as a `data:` address. */
  toDataURL(): string;
}

/** Makes a surface of whole pixels, transparent at first. */
export function createSurface({ width, height }: { width: number; height: number }): Surface {
  const pixels = new Uint8ClampedArray(width * height * 4);
  const fill = (x: number, y: number, w: number, h: number, colour: readonly number[]): void => {
    const [left, right] = [Math.max(0, Math.round(x)), Math.min(width, Math.round(x + w))];
    for (let row = Math.max(0, Math.round(y)); row < Math.min(height, Math.round(y + h)); row++)
      for (let column = left; column < right; column++) pixels.set(colour, (row * width + column) * 4);
  };
  return {
    fillStyle: "#000000",
    createImageData: (w, h) => ({ data: new Uint8ClampedArray(w * h * 4), width: w, height: h }),
    putImageData(image, x, y) {
      for (let row = 0; row < image.height && row + y < height; row++)
        for (let i = 0; i < Math.min(image.width, width - x) * 4; i++)
          pixels[((row + y) * width + x) * 4 + i] = image.data[row * image.width * 4 + i]!;
    },
    fillRect(x, y, w, h) {
      fill(x, y, w, h, parseColour(this.fillStyle));
    },
    clearRect: (x, y, w, h) => fill(x, y, w, h, [0, 0, 0, 0]),
    toDataURL: () => `data:image/png;base64,${encodePng(pixels, width, height).toString("base64")}`,
  };
}

/** `rgb()`, `rgba()` and `#rrggbb`, which is all that plotly writes; anything else is black. */
function parseColour(text: string): [number, number, number, number] {
  const hex = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(text);
  if (hex) return [Number.parseInt(hex[1]!, 16), Number.parseInt(hex[2]!, 16), Number.parseInt(hex[3]!, 16), 255];
  const [r = 0, g = 0, b = 0, a = 1] = /^rgba?\(/.test(text) ? (text.match(/[\d.]+/g) ?? []).map(Number) : [];
  return [r, g, b, a * 255];
}

/** An RGBA picture as PNG. */
function encodePng(pixels: Uint8ClampedArray, width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const rows = Buffer.alloc((width * 4 + 1) * height);
  for (let y = 0; y < height; y++)
    rows.set(pixels.subarray(y * width * 4, (y + 1) * width * 4), y * (width * 4 + 1) + 1);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND")]);
}

function chunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, sum]);
}
