/** Setups of tasks that are plain data: they are the same in any language, so nothing of them is run. */

/** The values of a setup of lines such as `self.items = [1, 2];`, by their names; null for any other. */
export type NeutralSetup = (program: string) => [name: string, value: unknown][] | null;

(globalThis as unknown as { neutralSetup: NeutralSetup }).neutralSetup = (program) => {
  try {
    return program.split("\n").map((line) => {
      const [, name = "", value = ""] = /^self\.(?:state\.)?([A-Za-z_]\w*) = (.*?);?$/.exec(line) ?? [];
      return [name, JSON.parse(value) as unknown];
    });
  } catch {
    return null;
  }
};
