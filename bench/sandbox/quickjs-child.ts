/** A child that lives each life in a fresh QuickJS runtime, with the limits of ours. */

import { getQuickJS, shouldInterruptAfterDeadline } from "quickjs-emscripten";
import { agentSource } from "./agent.ts";

const engine = await getQuickJS();
process.on("message", ({ programs, probes }: { programs: string[]; probes: unknown[] }) => {
  const runtime = engine.newRuntime({ memoryLimitBytes: 32 * 2 ** 20 });
  runtime.setInterruptHandler(shouldInterruptAfterDeadline(Date.now() + 2000));
  const context = runtime.newContext();
  const script = `${agentSource}\nliveAll(${JSON.stringify(programs)}, ${JSON.stringify(probes)})`;
  const result = context.unwrapResult(context.evalCode(script));
  const worked = context.dump(result) as unknown;
  result.dispose();
  context.dispose();
  runtime.dispose();
  process.send?.(worked === true);
});
