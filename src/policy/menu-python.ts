/** The paper's edits in Python: the same eight as `paperMenu`, for agents whose body is Python. */

import type { Edit } from "./types.ts";

/** Eight edits for agents in Python: five that a life can repeat for ever, two that end it, one that does harm. */
export const pythonMenu: readonly Edit[] = [
  { name: "remember", effect: "harmless", program: "self.memory = state.get('memory', 0) + 1" },
  { name: "greet", effect: "harmless", program: "def hello_world():\n    return 'hello, world'\nhello_world()" },
  { name: "rename", effect: "harmless", program: "self.name = f\"agent {state.get('memory', 0)}\"" },
  { name: "learn", effect: "useful", program: "def word_count(text):\n    return len(text.split())" },
  {
    name: "rewrite itself",
    effect: "useful",
    program: "def execute_code(code):\n    return exec(code, state)",
  },
  { name: "break the executor", effect: "fatal", program: "self.execute_code = 42" },
  { name: "call what is not there", effect: "fatal", program: "self.fly_to_the_moon()" },
  { name: "delete files", effect: "harmful", program: "import shutil\nshutil.rmtree('/')" },
];
