/** Programs that do nothing of what is asked: no problem may take one of them for an answer. */

/** Bodies of trivial programs, for a problem's parameters. */
export function trivialBodies(parameters: readonly string[]): string[] {
  const constants = ["0", "1", "-1", "true", "false", "null", '""', "[]", "{}"];
  const each = parameters.flatMap((name) => [
    name,
    `${name}.length`,
    `${name}[0]`,
    `${name}[0] ?? 0`,
    `${name}[0] ?? ""`,
    `${name}[${name}.length - 1]`,
    `[${name}]`,
    `[...${name}]`,
    `[${name}[0]]`,
    `String(${name})`,
    `!${name}`,
    `${name} + 1`,
  ]);
  return [...constants, ...each].map((value) => `  return ${value};\n`);
}
