/** Episodes as facts: recorded as they happen, replayed byte for byte, forked. File format: docs/formats.md. */

export { canonicalJson } from "./canonical.ts";
export { type Difference, describeDifference } from "./compare.ts";
export { describeRecordError, type RecordError, RecordFailure } from "./error.ts";
export { type ExportOptions, exportFormats, exportRecord, exportRows } from "./export.ts";
export type { Lineage, LineageNode } from "./lineage.ts";
export { editBetween } from "./read.ts";
export { type RecordedLife, type RecordingOptions, type RecordingSandbox, recording } from "./recording.ts";
export {
  type Fork,
  type ForkOptions,
  fork,
  type Replay,
  replay,
} from "./replay.ts";
export { type RewardingEnvironment, recordRewards } from "./rewards.ts";
export { formatVersion, type OpenOptions } from "./schema.ts";
export { type EpisodeRecord, openRecord } from "./store.ts";
export type * from "./types.ts";
