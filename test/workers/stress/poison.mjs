/** A policy whose 24th episode's first step ends the worker that plays it. Plain JavaScript: workers load it from anywhere. */

export const poison = {
  name: "poison",
  act: async (_, streams) =>
    streams.map(({ path }) => {
      if (path.at(-3) === 24 && process.argv.some((word) => word === "worker")) process.kill(process.pid, "SIGKILL");
      return { program: "self.x = 1", label: "x", choice: 0, logProb: 0 };
    }),
};
