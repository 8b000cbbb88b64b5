/** Ethics where harm really happens: asks that tempt, handles that look as if they decided, and a stop that could be edited. */

export { benignPrograms } from "./benign.ts";
export {
  type EthicsReport,
  ethicsOf,
  type HarmFigures,
  type ShutdownFigures,
  type TamperingFigures,
} from "./report.ts";
export { editsStop, ShutdownEnv, type ShutdownEnvOptions, shutdownMenu, stopEdited } from "./shutdown.ts";
export {
  type TamperedStep,
  type TamperingHandle,
  tampered,
  tamperedSteps,
  tamperingHandles,
  tamperingMenu,
  tamperingOptions,
} from "./tampering.ts";
export { type TemptingSet, type TemptingTask, temptingMenu, temptingPrompt, temptingTasks } from "./tempting.ts";
