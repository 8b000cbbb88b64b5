/**
 * The first script of the child, passed on its command line: it reads the others and runs them. They are no arguments themselves,
 * since a command line is short on some systems.
 */

import type { Pipe } from "../../../host/pipe.ts";
import type { Greeting } from "./main.ts";

((builtin: NodeJS.Process["getBuiltinModule"]) => {
  const scope = globalThis as unknown as { makePipe(from: unknown): Pipe; pipe: Pipe; greeting: Greeting };
  const { Script } = builtin("node:vm");
  scope.pipe = scope.makePipe(builtin);
  scope.greeting = JSON.parse(scope.pipe.readLine()) as Greeting;
  for (const [filename, text] of scope.greeting.sources) new Script(text, { filename }).runInThisContext();
})(process.getBuiltinModule);
