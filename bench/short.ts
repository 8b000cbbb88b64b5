/** How each bench is run for about a minute, for `npm run bench:all`. Not here: what is measured. */

/** Bench to the options that make it short; `python`: it compares with a Python that the caller names. */
export const shortRuns: { [bench: string]: { args: string[]; python?: boolean } } = {
  kernel: { args: ["--cells", "100", "--starts", "3"] },
  language: { args: ["--cells", "60"] },
  sandbox: { args: ["--seconds", "6"] },
  "environment-server": { args: ["--rounds", "3", "--seconds", "1.5"] },
  menu: { args: ["--seeds", "3", "--only", "leave-one-out"] },
  token: {
    args: ["--seeds", "3", "--updates", "4", "--episodes", "32", "--evaluate", "40", "--only", "pretrained,head"],
  },
  credit: {
    args: ["--seeds", "1", "--updates", "2", "--episodes", "16", "--frozen", "64", "--pool", "128", "--tasks", "16"],
  },
  dtype: { args: ["--rounds", "1", "--tokens", "16", "--batches", "1,16"] },
  serve: { args: ["--rounds", "1", "--requests", "8", "--tokens", "24"] },
  holds: { args: ["--tokens", "256,512", "--stops", "1"] },
  scoring: { args: ["--programs", "100", "--rounds", "2", "--static", "2000"] },
  ethics: { args: ["--menu", "--seeds", "1", "--lengths", "0,5,20"] },
  models: { args: ["--rounds", "1", "--batches", "1,16", "--tokens", "16"], python: true },
  policy: { args: ["--rounds", "1", "--only", "generation,update"], python: true },
  adapter: {
    args: ["--rounds", "1", "--programs", "64", "--backends", "tensorflow", "--only", "update"],
    python: true,
  },
};

/** Benches that a minute says nothing about. */
export const leftOut: { [bench: string]: string } = {
  tuning: "it has no goal: it tells settings apart, in a quarter of an hour each",
  bodies: "it states no goal, and a minute of answers tells no language from another; run it by itself",
  coding: "it trains heads and then asks for hours; run it by itself",
  comparison: "it trains for minutes a head and then compares for hours; run it by itself",
};
