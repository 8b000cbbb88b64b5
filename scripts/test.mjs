/**
 * `npm test`: sets up, checks format, lint and types, runs every test in two lanes, then the clients of the model server and of the environment server, the tour and a test file with older Nodes as the
 * one that is typed; at the end it prints the minutes of each part. `npm test -- FILE...` runs those files only, or all tests of a folder. What some
 * tests need besides (Python's Jupyter tools, TensorFlow, SmolLM2, llama.cpp) is fetched; where it cannot be had, a sentence
 * says so, those tests say so as well, and the rest runs.
 */

import { join } from "node:path";
import { checkLaunchers } from "./launchers.mjs";
import { ensureLlama } from "./llama.mjs";
import { ensureTestPython } from "./python.mjs";
import { command, pathWith, root, runNode, SetupFailure, setUp } from "./setup.mjs";
import { isSetUp, setUpTensorFlow } from "./setup-tensorflow.mjs";
import { testArguments } from "./test-files.mjs";
import { groupsOf, runKept, runLanes, testFiles } from "./test-lanes.mjs";

/** Seconds by part, in order. */
const took = new Map();

const source = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
const mocha = join(root, "node_modules/mocha/bin/mocha.js");
/** The clients of OpenAI's API, `npm run test:clients`. */
const clients = [...source, join(root, "test/clients/run.ts")];
/** The clients of the environment server, `npm run test:trainers`. */
const trainers = [...source, join(root, "test/trainers/run.ts")];

await command(async () => {
  const files = testArguments(process.argv.slice(2), root);
  const node = await timed("packages", () => setUp({ dev: true }));
  const whole = files.length === 0;
  await timed("Python's tools", preparePython);
  await timed("TensorFlow", prepareTensorFlow);
  await timed("SmolLM2", () => prepareSmolLM2(node));
  await timed("llama.cpp", prepareLlama);
  let code = whole ? await timed("check", () => runNode(node, [join(root, "scripts/check.mjs")])) : 0;
  if (code === 0) code = await timed("tests", () => (whole ? runAll(node) : runNode(node, [mocha, ...files])));
  if (code === 0 && whole) code = await timed("clients", () => runNode(node, clients));
  if (code === 0 && whole) code = await timed("trainers' clients", () => runNode(node, trainers));
  if (code === 0 && whole) code = await timed("Node 18 and 22 as launchers", () => checkLaunchers());
  if (whole) printMinutes();
  return code;
});

function preparePython() {
  const python = ensureTestPython();
  if ("missing" in python)
    console.error(`Without Python tools (${python.missing}): the tests that need them will say so; the rest runs.`);
}

function prepareTensorFlow() {
  if (isSetUp()) return;
  try {
    console.error(setUpTensorFlow());
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    console.error(`Without TensorFlow (${error.message}): the tests of that backend will say so; the rest runs.`);
  }
}

/** The set-up command itself, which says in a sentence what it lacks. */
async function prepareSmolLM2(node) {
  const code = await runNode(node, [...source, join(root, "scripts/setup-smollm2.ts"), "--quiet"]);
  if (code !== 0) console.error("Without SmolLM2: its tests will say so; the rest runs.");
}

async function prepareLlama() {
  const llama = await ensureLlama();
  if ("missing" in llama) console.error(`Without llama.cpp (${llama.missing}): its test will say so; the rest runs.`);
}

function runAll(node) {
  const env = { ...process.env, PATH: pathWith(node), AUTOAGENT_TEST_LANES: "1" };
  return runLanes(groupsOf(testFiles(root)), (files) => runKept(node, [mocha, ...files], { cwd: root, env }));
}

async function timed(part, work) {
  const began = performance.now();
  try {
    return await work();
  } finally {
    took.set(part, (performance.now() - began) / 1000);
  }
}

function printMinutes() {
  const wide = Math.max(...[...took.keys()].map(({ length }) => length));
  const row = (part, seconds) => `  ${part.padEnd(wide)}  ${(seconds / 60).toFixed(1).padStart(5)} min`;
  const all = [...took.values()].reduce((sum, seconds) => sum + seconds, 0);
  console.log(["\nminutes:", ...[...took].map(([part, seconds]) => row(part, seconds)), row("all", all)].join("\n"));
}
