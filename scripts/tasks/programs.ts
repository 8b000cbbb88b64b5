/**
 * Right programs for a micro-task, made by rule from what its check asks for: each a different way to write the same. And the
 * functions of the checks alone, for mutants. They are run in the sandbox's locked children only.
 */

import type { MicroTask, TaskCheck } from "../../src/tasks/index.ts";
import { checksOf } from "../../src/tasks/micro/checks.ts";
import { type Does, referenceOf } from "../../src/tasks/micro/reference.ts";
import { type Stage, stageNamed } from "../../src/tasks/micro/stages/index.ts";
import { put } from "./phrases.ts";

/** A way of writing: where the function is put, and whether it is one expression or statements. */
type Form = "arrow" | "method" | "function";

const parameters = ["given", "other"];

/**
 * Programs that do the task: an arrow with a chain, a method with loops, a declared function. Equal texts are one. None for a
 * check by examples, which tells no program.
 */
export function rightPrograms(task: Pick<MicroTask, "check">): string[] {
  if (checksOf(task).some((check) => "arguments" in check)) return [];
  const forms: Form[] = ["arrow", "method", "function"];
  return [
    ...new Set(
      forms.map((form) =>
        checksOf(task)
          .map((check) => partOf(check, form))
          .join("\n"),
      ),
    ),
  ];
}

/** An attribute made by a function out of what it is made of. */
export function madeBy({ change, from = change }: Extract<TaskCheck, { change: string }>, source: string): string {
  return `${attribute(change)} = (${source})(${attribute(from)});`;
}

/** What does one check of a task. */
export function partOf(check: TaskCheck, form: Form): string {
  if ("gone" in check) {
    const name = attribute(check.gone);
    return { arrow: `delete ${name};`, method: `${name} = undefined;`, function: `${name} = null;` }[form];
  }
  if ("read" in check) {
    const [name, value] = [attribute(check.read), JSON.stringify(check.expected)];
    const [, owner, key] = /^(.*)\.(\w+)$/.exec(name)!;
    const made = { [key!]: check.expected };
    return {
      arrow: `${name} = ${value};`,
      method: `Object.assign(${owner}, ${JSON.stringify(made)});`,
      function: `${owner}[${JSON.stringify(key)}] = JSON.parse(${JSON.stringify(value)});`,
    }[form];
  }
  if ("change" in check) {
    const [to, from] = [attribute(check.change), attribute(check.from ?? check.change)];
    if (form === "arrow") return `${to} = ${expressionOf(check.does, new Map(), [from])};`;
    const { statements, result } = statementsOf(check.does, [from]);
    const body = [...statements, `${to} = ${result};`].join("\n");
    return form === "method" ? `{\n${body}\n}` : `(() => {\n${body}\n})();`;
  }
  if ("arguments" in check) throw new TypeError("A check by examples tells no program");
  return functionOf(check.call, check.does, form);
}

/** What our own functions call what they are given. */
export function parametersOf(does: Does): string[] {
  return parameters.slice(0, referenceOf(does).takes.length);
}

/** An arrow that takes what stages take. */
export function arrowOf(does: Does, body: string): string {
  return `(${parametersOf(does).join(", ")}) => ${body}`;
}

/** A function that is what stages say, under a name. */
export function functionOf(name: string, does: Does, form: Form): string {
  const names = parametersOf(does);
  const head = `(${names.join(", ")})`;
  if (form === "arrow") return `self.${name} = ${arrowOf(does, expressionOf(does))};`;
  const { statements, result } = statementsOf(does, names);
  const body = [...statements, `return ${result};`].join("\n").replaceAll(/^/gm, "  ");
  if (form === "method") return `self.${name} = function ${head} {\n${body}\n};`;
  return `function ${name}${head} {\n  return ${expressionOf(does)};\n}`;
}

/** The stages as one expression of what they are given; `codes` by the number of a stage are in place of its own. */
export function expressionOf(
  does: Does,
  codes: ReadonlyMap<number, string> = new Map(),
  names: readonly string[] = parametersOf(does),
): string {
  return does.reduce<readonly string[]>(
    (inner, step, i) => [fill(codes.get(i) ?? stageNamed(step[0])!.code, step, inner.map(wrap))],
    names,
  )[0]!;
}

/** The stages as statements, by loops where there are some. */
function statementsOf(does: Does, names: readonly string[]): { statements: string[]; result: string } {
  let given = names;
  const statements = does.map((step, i) => {
    const { loop, code }: Stage = stageNamed(step[0])!;
    const out = `made${i + 1}`;
    const text = fill(loop ?? `const {out} = ${code};`, step, given, out);
    given = [out];
    return text;
  });
  return { statements, result: given[0]! };
}

function fill(template: string, [, ...constants]: Does[number], given: readonly string[], out = ""): string {
  const [k, j] = constants.map((one) => JSON.stringify(one));
  return put(template, { 0: given[0]!, 1: given[1] ?? "", k: k ?? "", j: j ?? "", out });
}

/** Round brackets where an expression could fall apart in another one. */
function wrap(expression: string): string {
  return /^[\w.]+$/.test(expression) ? expression : `(${expression})`;
}

function attribute(name: string): string {
  return name.startsWith("self.") ? name : `self.state.${name}`;
}
