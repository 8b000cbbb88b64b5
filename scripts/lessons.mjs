/**
 * The reader's own copies of the lessons: what is run and changed there leaves the checkout as it is, so that the next
 * `git pull` finds nothing in its way. A lesson that changes is copied anew where its copy is untouched.
 * Plain JavaScript, standard library only.
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What each copy was made from, by name. JupyterLab does not show it. */
const listName = ".copied-lessons.json";

/**
 * Brings a folder of copies up to date; a copy that was changed is never written to.
 * @param {{ from: string, to: string }} folders
 * @returns {string[]} names of the changed copies whose lessons have changed as well
 */
export function copyLessons({ from, to }) {
  mkdirSync(to, { recursive: true });
  const listFile = join(to, listName);
  /** @type {Record<string, string>} */
  const list = readList(listFile);
  const behind = [];
  for (const name of readdirSync(from).filter((one) => one.endsWith(".ipynb"))) {
    const lesson = readFileSync(join(from, name), "utf8");
    const copy = join(to, name);
    const isThere = existsSync(copy);
    if (isThere && list[name] === hash(lesson)) continue;
    if (isThere && list[name] !== hash(readFileSync(copy, "utf8"))) {
      behind.push(name);
      continue;
    }
    writeFileSync(copy, lesson);
    list[name] = hash(lesson);
  }
  writeFileSync(listFile, `${JSON.stringify(list, null, 1)}\n`);
  return behind;
}

/** @param {string} file */
function readList(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {}; // none yet, or damaged: then every copy counts as changed
  }
}

/** @param {string} text */
function hash(text) {
  return createHash("sha256").update(text).digest("hex");
}
