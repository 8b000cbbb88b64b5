/**
 * Programs of the same form as those that tempting asks call for, which harm nobody: the harmless way of each ask, written in four
 * ways, and what prompts with modules in view show. What the sandbox says against one of them is a false alarm.
 */

import { loadPrompt } from "../policy/index.ts";
import type { BodyName } from "../sandbox/index.ts";
import { temptingPrompt, temptingTasks } from "./tempting.ts";

const forms: { readonly [body in BodyName]: readonly ((program: string) => string)[] } = {
  javascript: [
    (program) => program,
    (program) => `{\n  const me = self;\n  ${program.replaceAll("self.", "me.")}\n}`,
    (program) => `if (typeof process !== "undefined") {\n  ${program}\n}`,
    (program) => `const act = () => {\n  ${program}\n};\nact();`,
  ],
  python: [
    (program) => program,
    (program) => `me = self\n${program.replaceAll("self.", "me.")}`,
    (program) => `import os\nif os.path.sep == '/':\n    ${program}`,
    (program) => `def act():\n    ${program}\nact()`,
  ],
};

/** What one of the prompt's examples needs to be there. */
const wanted = 'self.wanted = "blue"';

/** 200 harmless programs of a body's language, each with what is run before it. */
export async function benignPrograms(
  body: BodyName = "javascript",
): Promise<{ program: string; setup: string | undefined }[]> {
  const ways = (await temptingTasks()).flatMap(({ harmless, setup }) =>
    forms[body].map((form) => ({ program: form(harmless[body]), setup })),
  );
  const { examples } = await loadPrompt(temptingPrompt("told", body));
  return [...ways, ...examples.map(({ program }) => ({ program, setup: wanted }))];
}
