/**
 * The prompts of the code tasks, which are data with a version (`data/coding/prompts.json`): a few examples and the question as
 * text to go on from, or the question in words for a chat model. Not here: what an answer holds (`extract.ts`).
 */

import { readFileSync } from "node:fs";
import { dataPath } from "../data/index.ts";
import type { PromptForm } from "../llm/index.ts";
import { type ExerciseKind, letter } from "./exercises.ts";
import { likest } from "./likeness.ts";
import { twinOf } from "./program.ts";
import type { CodeProblem, CodeTwin } from "./types.ts";

/** A function that the plain prompts show, in every shape that a question may have. It is no problem of the ladder. */
export interface PromptExample {
  ask: string;
  name: string;
  parameters: readonly string[];
  javascript: string;
  python: string;
  /** The body with a fault. */
  wrong: string;
}

/** All prompts: a text with places in braces for each exercise. */
export interface CodePrompts {
  name: string;
  /** Raised when a text that a model sees changes: answers that were kept are asked anew then. */
  version: number;
  examples: readonly PromptExample[];
  plain: { readonly [asked in ExerciseKind["asked"]]: PlainDesign };
  chat: { readonly [asked in ExerciseKind["asked"]]: ChatDesign };
}

/** How an exercise is asked as text to go on from. */
export interface PlainDesign {
  /** How many examples are shown: the last ones, which all questions share; or those whose question is most like the one asked, the likest last. */
  examples: number | { likest: number };
  example: string;
  question: string;
  stop: readonly string[];
  maxTokens: number;
  /** The same for whoever is asked. @default each one's own */
  temperature?: number;
}

/** How an exercise is asked in words. */
export type ChatDesign = Pick<PlainDesign, "question" | "maxTokens" | "temperature">;

/** A question as a model gets it, and what an answer is read with. */
export interface CodePrompt {
  form: PromptForm;
  text: string;
  /** So many letters at its beginning are examples, which stand before other problems, too. */
  shared: number;
  stop: readonly string[];
  maxTokens: number;
  /** Stands in the place of the contestant's own. */
  temperature?: number;
  /** Of the program that a plain answer goes on with: all of it that the prompt holds. */
  begun: string;
}

/** What is asked about. */
export interface Asked {
  kind: ExerciseKind;
  /** Stands in the place of the problem's own sentence. */
  ask?: string;
  /** Which of the problem's faults is to be repaired. */
  mutant?: number;
}

/** The prompts that come with the package. */
export function codePrompts(): CodePrompts {
  return JSON.parse(readFileSync(dataPath("coding", "prompts.json"), "utf8")) as CodePrompts;
}

/** The question about a problem in a form. */
export function promptOf(prompts: CodePrompts, form: PromptForm, problem: CodeProblem, about: Asked): CodePrompt {
  const { kind } = about;
  const places = placesOf(problem, about, form);
  if (form === "chat") {
    const { question, ...how } = prompts.chat[kind.asked];
    return { ...{ form, text: filled(question, places), shared: 0, stop: [], begun: "" }, ...how };
  }
  const { examples, example, question, ...how } = prompts.plain[kind.asked];
  // An example that has the answer gives its place to another.
  const reference = twinOf(problem, "javascript").body;
  const others = prompts.examples.filter(({ javascript }) => javascript !== reference);
  const asked = filled(question, places);
  const as = (design: string) => (one: PromptExample) => filled(design, examplePlaces(one, kind));
  const isShared = typeof examples === "number";
  const chosen = isShared
    ? others.slice(-examples)
    : likest(others, { text: asked, of: as(question), count: examples.likest });
  const shown = chosen.map(as(example)).join("");
  const begun =
    kind.asked === "translation-python" ? places.pythonHead : places.head + (asksHalf(kind) ? places.half : "");
  // A line end is left to the model: cut off from the indent after it, it is a token that no training text has.
  const text = (shown + asked).trimEnd();
  return { ...{ form, text, shared: isShared ? shown.length : 0, begun: begun.trimEnd() }, ...how };
}

function asksHalf({ asked }: ExerciseKind): boolean {
  return asked === "completion-half";
}

type Places = {
  [place in "ask" | "program" | "head" | "half" | "wrong" | "call" | "python" | "pythonHead" | "pythonCall"]: string;
};

function placesOf(problem: CodeProblem, { kind, ask = problem.ask, mutant = 0 }: Asked, form: PromptForm): Places {
  const twin = twinOf(problem, "javascript");
  const python = problem.code.python;
  const hidden = isNameless(problem, kind);
  const head = twin.before + (hidden ? headAs(twin, letter) : twin.head);
  const end = twin.end.trimEnd();
  const names = problem.parameters.map(({ name }) => name).join(", ");
  const fault = twin.mutants[mutant]?.body ?? "";
  return {
    // As text to go on from it stands in a comment.
    ask: ask.trim().replaceAll("\n", form === "plain" ? "\n// " : "\n"),
    program: head + twin.body + end,
    wrong: head + fault + end,
    head,
    half: halfOf(twin.body),
    call: `${hidden ? letter : twin.name}(${names})`,
    python: python === undefined ? "" : python.before + python.head + python.body,
    pythonHead: python === undefined ? "" : python.before + python.head,
    pythonCall: python === undefined ? "" : `${python.name}(${names})`,
  };
}

function examplePlaces({ ask, name, parameters, ...example }: PromptExample, { nameless }: ExerciseKind): Places {
  const names = parameters.join(", ");
  const shown = nameless ? letter : name;
  const head = `const ${shown} = (${names}) => {\n`;
  const pythonName = name.replace(/[A-Z]/g, (one) => `_${one.toLowerCase()}`);
  return {
    ask,
    program: `${head}${example.javascript}};`,
    wrong: `${head}${example.wrong}};`,
    head,
    half: halfOf(example.javascript),
    call: `${shown}(${names})`,
    python: `def ${pythonName}(${names}):\n${example.python}`,
    pythonHead: `def ${pythonName}(${names}):\n`,
    pythonCall: `${pythonName}(${names})`,
  };
}

/** Whether a problem's function is called by a letter there. The sentences of problems from outside hold its name. */
function isNameless({ kind: origin }: CodeProblem, { nameless }: ExerciseKind): boolean {
  return nameless && origin !== "humaneval";
}

/** A head with another name. */
export function headAs({ head, name }: CodeTwin, other: string): string {
  return head.replace(new RegExp(`\\b${name.replaceAll("$", "\\$")}\\b`), () => other);
}

/** The first half of a body, cut between two words of code. */
function halfOf(body: string): string {
  const words = body.trimEnd().match(/\s*(?:[\w$]+|[^\s\w$])/g) ?? [];
  return words.slice(0, Math.max(1, Math.floor(words.length / 2))).join("");
}

/** Puts what belongs there into the places of a text; nothing that is put in is looked through again. */
function filled(text: string, places: Places): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => places[name as keyof Places] ?? whole);
}
