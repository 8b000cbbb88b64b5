/** What a run knows besides its weights, from update to update: the worth on other tasks, which tasks teach, what is learned from again. A checkpoint holds it. */

import type { Episode } from "../episode/index.ts";
import { openCurriculum, type TaskChoice } from "./curriculum.ts";
import type { Settings } from "./options.ts";
import { openReplay, type Replay } from "./replay.ts";
import type { Checkpoint } from "./types.ts";
import { openValidator, type Validator } from "./validation.ts";

/** All of it. */
export interface Remembered {
  readonly validator: Validator | null;
  readonly choice: TaskChoice;
  readonly replay: Replay;
  /** Hears what became of an update's lives. */
  hear(episodes: readonly Episode[]): void;
  /** What a checkpoint holds of it. */
  state(): Pick<Checkpoint, "validation" | "curriculum" | "replay">;
  /** Puts it where the run is: its beginning, or a checkpoint. What is validated and was not yet is so now. */
  restore(resume: Checkpoint | undefined): Promise<void>;
}

/** Opens it as the settings ask. */
export function openRemembered(settings: Settings): Remembered {
  const [validator, choice, replay] = [openValidator(settings), openCurriculum(settings), openReplay(settings)];
  return {
    ...{ validator, choice, replay },
    hear(episodes) {
      choice.hear(episodes);
      replay.hear(episodes);
    },
    state: () => ({
      ...(validator && { validation: validator.state() }),
      ...(choice.state() && { curriculum: choice.state()! }),
      ...(replay.state() && { replay: replay.state()! }),
    }),
    async restore(resume) {
      validator?.restore(resume?.validation ?? null);
      choice.restore(resume?.curriculum ?? null);
      replay.restore(resume?.replay ?? null);
      await validator?.at(resume?.update ?? 0);
    },
  };
}
