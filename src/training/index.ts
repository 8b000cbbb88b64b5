/** REINFORCE: returns, advantages, the trainer, studies over seeds. */

export { prepareBackend } from "./backend.ts";
export {
  type Checkpoint,
  type CheckpointError,
  CheckpointFailure,
  describeCheckpointError,
  readCheckpoint,
  writeCheckpoint,
} from "./checkpoint.ts";
export { type Estimator, type EstimatorName, estimators } from "./estimators.ts";
export { type Explanation, explainUpdate, type Push } from "./explain.ts";
export { type TrainOptions, train, type Update } from "./reinforce.ts";
export { advantages, type Baseline, type NumberTable, returns } from "./returns.ts";
export { type Study, type StudyOptions, type StudyRun, study } from "./study.ts";
