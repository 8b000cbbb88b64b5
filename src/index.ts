/** AutoAgent Lab: the library's table of contents. Each folder's index says what it is. */

export * from "./agent/index.ts";
export * from "./coding/index.ts";
export { type DiskError, DiskFailure } from "./data/write.ts";
export * from "./display/index.ts";
export * from "./environment/index.ts";
export * from "./episode/index.ts";
export * from "./ethics/index.ts";
export * from "./evaluation/index.ts";
export * from "./llm/index.ts";
export * from "./model/index.ts";
export * from "./plot/index.ts";
export * from "./policy/index.ts";
export * from "./random/index.ts";
export * from "./record/index.ts";
export * from "./rollout/index.ts";
export * from "./sandbox/index.ts";
export * from "./serve/environment/index.ts";
export * from "./serve/model/index.ts";
export * from "./statistics/index.ts";
export * from "./tasks/index.ts";
export * from "./training/index.ts";
export * from "./workers/index.ts";
