/** Plotly figures of what the library computes. Functions take rows and return a value that shows itself. */

export { type ComparisonRow, comparisonPlot } from "./comparison.ts";
export { type CurveBaseline, learningCurves, probabilityCurves } from "./curves.ts";
export { causesOfDeath, returnsPlot, survivalHistogram } from "./episodes.ts";
export { type Figure, figure, palette, verdictColours } from "./figure.ts";
export { harmPlot } from "./harm.ts";
export { type EpisodeRow, episodesSideBySide, episodeTimeline, type TimelineStep } from "./timeline.ts";
export {
  compareRuns,
  type MeasuredUpdate,
  type TrainingPoint,
  trainingCurves,
  trainingPoint,
  type UpdateOrPoint,
} from "./training.ts";
export { drawTree, lineageTree, type TreeNode } from "./tree.ts";
