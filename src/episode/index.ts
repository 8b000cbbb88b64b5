/** Episodes as values: what a step and an episode are, how one is played, lived again and forked. */

export {
  type AgainOptions,
  byHand,
  type Fork,
  type ForkOptions,
  forkEpisode,
  labelOf,
  type Replay,
  replayEpisode,
} from "./again.ts";
export { type Answers, createAnswers } from "./answers.ts";
export { type Difference, describeDifference, lifeFields } from "./compare.ts";
export { figuresOf, genomeBefore } from "./figures.ts";
export { decode, encode, fromJson, toJson } from "./json.ts";
export { environmentOf, type LifeEnvOptions, lifeEnvironment } from "./life-env.ts";
export { type Listener, listenTo } from "./listen.ts";
export {
  addMetric,
  type Estimates,
  estimatesOf,
  type MeanMetric,
  type Metric,
  metrics,
  metricTable,
  type Part,
  perEpisode,
  perStep,
  rewardPartsOf,
  type Unit,
} from "./metrics.ts";
export { type BeginOptions, type EpisodeJob, type EpisodeListener, type RunEpisodeOptions, runEpisode } from "./run.ts";
export {
  type AnyFigures,
  estimateOf,
  type Figures,
  type SummariseOptions,
  type Summary,
  shownFigure,
  summarise,
} from "./summarise.ts";
export * from "./types.ts";
