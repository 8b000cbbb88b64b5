/** Static pictures of figures, measured against Chromium's; what a bundle gets. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire, syncBuiltinESMExports } from "node:module";
import workerThreads, { type Worker } from "node:worker_threads";
import { crc32, inflateSync } from "node:zlib";
import { JSDOM } from "jsdom";
import { createSurface, type Surface } from "../../../kernel/display/canvas.ts";
import { completeBundle, drawPicture } from "../../../kernel/display/index.ts";
import { openPage } from "../../support.ts";

const steps = [...Array(60).keys()];
const returns = steps.map((i) => Math.sin(i / 8) * 3 + i / 12);
const line = {
  data: [
    { x: steps, y: returns, mode: "lines", name: "mean" },
    { x: steps, y: returns.map((y) => y + 1), mode: "lines", name: "leave-one-out" },
  ],
  layout: {
    title: { text: "Reward of a life" },
    xaxis: { title: { text: "step" } },
    yaxis: { title: { text: "mean reward" } },
  },
};
const size = { width: 860, height: 380, paper_bgcolor: "#ffffff", plot_bgcolor: "#ffffff" };

interface Picture {
  texts: string[];
  lines: [number, number][][];
}

function read(svg: string): Picture {
  const { document } = new JSDOM(svg, { contentType: "image/svg+xml" }).window;
  return {
    texts: [...document.querySelectorAll("text")].map((text) => text.textContent ?? "").filter((text) => text !== ""),
    lines: [...document.querySelectorAll(".scatterlayer path.js-line")].map((path) => {
      const numbers = (path.getAttribute("d")?.match(/-?[\d.]+/g) ?? []).map(Number);
      return numbers.flatMap((x, i) => (i % 2 === 0 ? [[x, numbers[i + 1]!] as [number, number]] : []));
    }),
  };
}

describe("kernel/display pictures", () => {
  /** The threads that draw, as they are started. */
  const threads: Worker[] = [];
  const { Worker } = workerThreads;
  before(() => {
    workerThreads.Worker = class extends Worker {
      constructor(...given: ConstructorParameters<typeof Worker>) {
        super(...given);
        threads.push(this);
      }
    };
    syncBuiltinESMExports();
  });
  after(() => {
    workerThreads.Worker = Worker;
    syncBuiltinESMExports();
  });

  it("a figure has the texts of Chromium's picture, and its lines within 3 % of the frame", async function () {
    const ours = read(await drawPicture(line));
    const { page, complaints, close } = await openPage(this, "about:blank");
    try {
      const library = createRequire(import.meta.url).resolve("plotly.js/dist/plotly.min.js");
      await page.addScriptTag({ content: readFileSync(library, "utf8") });
      const figure = JSON.stringify({ data: line.data, layout: { ...line.layout, ...size } });
      const theirs = read(
        (await page.evaluate(`(async () => {
          const figure = ${figure};
          const place = document.body.appendChild(document.createElement("div"));
          await Plotly.newPlot(place, figure.data, figure.layout, { staticPlot: true });
          const url = await Plotly.toImage(place, { format: "svg", width: 860, height: 380 });
          return decodeURIComponent(url.replace(/^data:image\\/svg\\+xml,/, ""));
        })()`)) as string,
      );
      assert.deepEqual(ours.texts, theirs.texts);
      assert.ok(
        ["step", "mean reward", "Reward of a life", "leave-one-out"].every((text) => ours.texts.includes(text)),
      );
      assert.equal(ours.lines.length, 2);
      assert.deepEqual(
        ours.lines.map((points) => points.length > 20),
        [true, true],
      );
      for (const [i, points] of ours.lines.entries()) {
        const [ourEnds, theirEnds] = [points, theirs.lines[i]!].map((all) => [all[0]!, all.at(-1)!]);
        for (const end of [0, 1]) {
          const [dx, dy] = [0, 1].map((axis) => Math.abs(ourEnds![end]![axis]! - theirEnds![end]![axis]!));
          assert.ok(dx! <= 0.03 * size.width && dy! <= 0.03 * size.height, `line ${i} is ${dx} and ${dy} pixels off`);
        }
      }
      assert.deepEqual(complaints, []);
    } finally {
      await close();
    }
  });

  it("words of several lines are as wide as the widest and as high as all of them", async () => {
    const note = (text: string, at: number) => ({ text, x: at, y: 1.5, showarrow: false, bordercolor: "#123456" });
    const annotations = ["wide words here", "wide words here<br>i", "i"].map((text, i) => note(text, 0.2 + i * 0.3));
    const svg = await drawPicture({ data: [{ y: [1, 2] }], layout: { annotations } });
    type Box = [width: number, height: number];
    const boxes = [...svg.matchAll(/<rect class="bg"[^>]* width="([\d.]+)" height="([\d.]+)"/g)].map((found) =>
      found.slice(1).map(Number),
    );
    assert.equal(boxes.length, 3);
    const [[wide, one], [both, two], [narrow, same]] = boxes as [Box, Box, Box];
    assert.deepEqual([both, same], [wide, one]);
    assert.ok(two >= 1.6 * one && wide > 5 * narrow, `${boxes}`);
  });

  it("a heatmap has its pixels in the picture", async () => {
    const svg = await drawPicture({
      data: [
        {
          type: "heatmap",
          z: [
            [1, 2],
            [3, 4],
          ],
        },
      ],
    });
    assert.match(svg, /<image [^>]*href="data:image\/png;base64,iVBOR/);
  });

  /** The bytes of a surface's rows, each after the 0 that its filter is. */
  const rowsOf = (surface: Surface): number[] => {
    const png = Buffer.from(surface.toDataURL().split(",")[1]!, "base64");
    const start = png.indexOf("IDAT");
    return [...inflateSync(png.subarray(start + 4, start + 4 + png.readUInt32BE(start - 4)))];
  };

  it("a surface gives a PNG of what was filled, cut at its edges", () => {
    const surface = createSurface({ width: 2, height: 1 });
    surface.fillStyle = "rgba(10, 20, 30, 1)";
    surface.fillRect(1, 0, 5, 5);
    assert.deepEqual(rowsOf(surface), [0, 0, 0, 0, 0, 10, 20, 30, 255]);
  });

  it("a surface's colours are those that plotly writes, each part in its place; a PNG says its size, and the sum of each part", () => {
    for (const [colour, rgba] of [
      ["#0A14ff", [10, 20, 255, 255]],
      ["rgb(1, 2, 3)", [1, 2, 3, 255]],
      ["rgba(4,5,6,0.2)", [4, 5, 6, 51]],
      ["rgba(4,5,6,0)", [4, 5, 6, 0]],
      ["#123", [0, 0, 0, 255]],
      ["chocolate", [0, 0, 0, 255]],
    ] as const) {
      const surface = createSurface({ width: 1, height: 1 });
      surface.fillStyle = colour;
      surface.fillRect(0, 0, 1, 1);
      assert.deepEqual(rowsOf(surface), [0, ...rgba], colour);
    }
    const surface = createSurface({ width: 300, height: 2 });
    assert.equal(surface.fillStyle, "#000000");
    surface.fillRect(-1, -1, 400.4, 1.6); // the first row
    surface.clearRect(0.6, 0, 298.6, 1);
    const rows = rowsOf(surface);
    assert.deepEqual(
      rows.flatMap((byte, i) => (byte === 0 ? [] : [i, byte])),
      [4, 255, 1200, 255],
    );
    assert.equal(rows.length, 2 * (1 + 4 * 300));
    const png = Buffer.from(surface.toDataURL().split(",")[1]!, "base64");
    assert.equal(png.subarray(0, 8).toString("latin1"), "\x89PNG\r\n\x1a\n");
    const parts: [type: string, length: number][] = [];
    for (let at = 8; at < png.length; at += 12 + parts.at(-1)![1]) {
      const length = png.readUInt32BE(at);
      assert.equal(png.readUInt32BE(at + 8 + length), crc32(png.subarray(at + 4, at + 8 + length)));
      parts.push([png.toString("latin1", at + 4, at + 8), length]);
    }
    assert.deepEqual(parts, [
      ["IHDR", 13],
      ["IDAT", parts[1]![1]],
      ["IEND", 0],
    ]);
    assert.deepEqual([...png.subarray(16, 29)], [0, 0, 1, 44, 0, 0, 0, 2, 8, 6, 0, 0, 0]);
    const data = surface.createImageData(2, 3);
    assert.deepEqual([data.width, data.height, data.data.length], [2, 3, 24]);
  });

  it("pixels are put where they belong, cut at the edges, and change nothing beside them", () => {
    const red = [255, 0, 0, 255];
    for (const [image, at, put] of [
      [{ width: 1, height: 1, data: [1, 2, 3, 4] }, [1, 0], [1]],
      [{ width: 2, height: 2, data: [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 6, 7, 8] }, [1, 1], [3]],
      [{ width: 1, height: 3, data: [1, 2, 3, 4, 1, 2, 3, 4, 5, 6, 7, 8] }, [0, 0], [0, 2]],
    ] as const) {
      const surface = createSurface({ width: 2, height: 2 });
      surface.fillStyle = "#ff0000";
      surface.fillRect(0, 0, 2, 2);
      surface.putImageData(image, at[0], at[1]);
      const pixels = [0, 1, 2, 3].map((i) => ((put as readonly number[]).includes(i) ? [1, 2, 3, 4] : red));
      assert.deepEqual(rowsOf(surface), [0, ...pixels[0]!, ...pixels[1]!, 0, ...pixels[2]!, ...pixels[3]!]);
    }
  });

  it("a bundle with a figure gets a picture that sanitisers keep, and no share button", async () => {
    const given = { "application/vnd.plotly.v1+json": line, "text/plain": "Reward <of> a life" };
    const bundle = await completeBundle(given);
    assert.match(
      String(bundle["text/html"]),
      /^<img alt="Reward &#60;of&#62; a life" style="max-width:100%" src="data:image\/svg\+xml;base64,/,
    );
    const { config } = bundle["application/vnd.plotly.v1+json"] as { config: object };
    assert.deepEqual(config, { displaylogo: false, showSendToCloud: false, responsive: true });
  });

  it("a bundle with HTML of its own, or without a figure, stays as it is", async () => {
    const own = { "application/vnd.plotly.v1+json": line, "text/html": "<b>mine</b>" };
    assert.equal(await completeBundle(own), own);
    const text = { "text/plain": "4" };
    assert.equal(await completeBundle(text), text);
  });

  it("a figure that plotly cannot draw keeps its text, says why, and the next one is drawn", async () => {
    const broken = { data: [{ type: "scatter", x: [1], y: [2] }], layout: { width: 10, height: "tall" } };
    const bundle = await completeBundle({ "application/vnd.plotly.v1+json": { data: "nothing" }, "text/plain": "odd" });
    assert.match(String(bundle["text/html"]), /^<(p>odd<\/p><p>The figure could not be drawn: |img alt="odd")/);
    await drawPicture(broken).catch(() => {});
    assert.match(await drawPicture(line), /mean reward/);
  });

  it("a thread that fails takes along what it was drawing, and nothing of the one after it", async () => {
    await drawPicture(line);
    const failed = threads.at(-1)!;
    const failing = drawPicture(line);
    failed.emit("error", new Error("out of memory"));
    await assert.rejects(failing, { message: "The figure could not be drawn: out of memory" });
    failed.emit("message", { id: -1, svg: "" }); // what it had drawn by then has nobody that waits for it
    const next = drawPicture(line);
    assert.notEqual(threads.at(-1), failed);
    await failed.terminate(); // its end is told now
    assert.match(await next, /mean reward/);
  });
});
