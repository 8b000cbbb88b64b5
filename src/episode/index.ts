/** Episodes as values: what a step and an episode are, as JSON too. */

export { figuresOf, genomeBefore } from "./figures.ts";
export { decode, encode, fromJson, toJson } from "./json.ts";
export {
  addMetric,
  type Estimates,
  estimatesOf,
  type MeanMetric,
  type MeasuredEpisode,
  type MeasuredStep,
  type Metric,
  metrics,
  metricTable,
  type Part,
  perEpisode,
  perStep,
  rewardPartsOf,
  type Unit,
} from "./metrics.ts";
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
