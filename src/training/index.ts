/** REINFORCE: returns, advantages, the trainer, studies over seeds. */

export { type BackendChoice, type BackendName, prepareBackend, type TensorBackendName } from "./backend.ts";
export { type BaselineState, type LearnedBaseline, learnedBaseline } from "./baseline.ts";
export {
  type CheckpointError,
  CheckpointFailure,
  describeCheckpointError,
  readCheckpoint,
  writeCheckpoint,
} from "./checkpoint.ts";
export {
  type Estimator,
  type EstimatorName,
  estimators,
  type LearningEstimator,
  learnedEstimator,
} from "./estimators.ts";
export { type Explanation, explainUpdate, type Push } from "./explain.ts";
export { type LogOptions, logTo } from "./log.ts";
export { type Loss, type LossInput, policyGradientLoss } from "./loss.ts";
export { metricsOf } from "./metrics.ts";
export type { GradientWay, TrainOptions } from "./options.ts";
export { type PanelRow, panelRow } from "./panel.ts";
export { train } from "./reinforce.ts";
export { advantages, type Baseline, type NumberTable, returns } from "./returns.ts";
export { type Study, type StudyOptions, study, type Variant } from "./study.ts";
export type { StudyRun } from "./study-file.ts";
export { adaptedBlocksOf, trainedPolicy } from "./trained.ts";
export type { Training } from "./training.ts";
export type { Checkpoint, Update, Validation, ValidationPoint, ValidationState } from "./types.ts";
export type { ValidateOptions } from "./validation.ts";
