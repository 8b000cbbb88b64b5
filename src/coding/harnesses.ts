/**
 * What assertions are run in, by language: programs of ours around the authors' tests. One notes what the tests ask of a reference,
 * the other lets them judge what an answer gave. In Python values travel as `repr` writes them: tuples and sets are no JSON.
 */

import { pythonText } from "./run.ts";
import type { CodeLanguage } from "./types.ts";

/** The programs of one language. */
export interface Harness {
  /** Defines `record()`, which gives the inputs of all calls, what assertions held, and what threw. */
  recorder(program: string, name: string, test: string): string;
  /** Defines `replay(answers)`, which gives the same of what an answer gave, call by call. */
  replayer(before: string, name: string, test: string): string;
  /** An input as the replayer has it, to see that the same is asked again. */
  asked(input: readonly unknown[]): string;
}

/** The authors' assertions report, and the others run on. */
const reporting = `const held = [];
let calls = 0;
const console = { log() {}, error() {}, warn() {}, info() {}, assert(holds) { held.push([!!holds, calls]); } };
const run = (test) => { try { test(); return null; } catch (error) { return String(error); } };`;

const javascript: Harness = {
  recorder: (program, name, test) => `function record() {
${program}
const inputs = [];
const reference = ${name};
${reporting}
const threw = run(() => {
  const ${name} = (...given) => { inputs.push(JSON.parse(JSON.stringify(given))); calls++; return reference(...given); };
${test}
});
return { inputs, held, threw };
}`,
  replayer: (before, name, test) => `function replay(answers) {
${before}
${reporting}
const odd = { undefined: undefined, NaN: NaN, Infinity: Infinity, "-Infinity": -Infinity };
const threw = run(() => {
  const ${name} = (...given) => {
    const [asked, answer] = answers[calls++] ?? ["", { threw: "more calls than there were" }];
    if (asked !== JSON.stringify(given)) throw new Error("another call than before");
    if ("threw" in answer) throw new Error(answer.threw);
    return "odd" in answer ? odd[answer.odd] : answer.value;
  };
${test}
});
return { held, threw };
}`,
  asked: (input) => JSON.stringify(input),
};

/** Runs a test whose assertions report, in the names of `space`. */
const pythonRun = `import ast

def run(test, space, held, calls):
    class Reporting(ast.NodeTransformer):
        def visit_Assert(self, node):
            call = ast.Call(ast.Name("report_", ast.Load()), [node.test], [])
            return ast.copy_location(ast.Expr(call), node)
    space["report_"] = lambda holds: held.append([bool(holds), len(calls)])
    try:
        tree = ast.fix_missing_locations(Reporting().visit(ast.parse(test)))
        exec(compile(tree, "test", "exec"), space)
    except Exception as error:
        return type(error).__name__ + ": " + str(error)
    return None
`;

const python: Harness = {
  recorder: (program, name, test) => `${pythonRun}
def record():
    space, inputs, held = {"__name__": "reference"}, [], []
    exec(${pythonText(program)}, space)
    reference = space[${pythonText(name)}]
    def noted(*given):
        inputs.append([repr(given)])
        return reference(*given)
    # In names of its own: where the reference calls itself, nothing is noted.
    threw = run(${pythonText(test)}, {**space, ${pythonText(name)}: noted}, held, inputs)
    return {"inputs": inputs, "held": held, "threw": threw}
`,
  replayer: (before, name, test) => `${pythonRun}
def replay(answers):
    space, calls, held = {"__name__": "reference"}, [], []
    exec(${pythonText(before)}, space)
    def answered(*given):
        asked, answer = answers[len(calls)] if len(calls) < len(answers) else ("", {"threw": "more calls than there were"})
        calls.append(asked)
        if asked != repr(given):
            raise LookupError("another call than before")
        if "value" not in answer:
            raise RuntimeError(answer.get("threw", "no plain data"))
        return ast.literal_eval(answer["value"])
    threw = run(${pythonText(test)}, {**space, ${pythonText(name)}: answered}, held, calls)
    return {"held": held, "threw": threw}
`,
  asked: ([text]) => String(text),
};

/** By language. */
export const harnesses: { readonly [language in CodeLanguage]: Harness } = { javascript, python };
