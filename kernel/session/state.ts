/** What the protocol process is made of, and its end. Not here: what it answers (`requests.ts`), and when (`serve.ts`). */

import { type Serial, serial } from "../common/serial.ts";
import type { StartedCompiler } from "../language/compiler.ts";
import type { Channel, Message, Sockets } from "../wire/index.ts";
import { createRuns, type Runs } from "./cells/index.ts";
import { type CommRegistry, createComms } from "./comms.ts";
import { createExecutor, type Executor } from "./execute.ts";
import { createHistory, type History } from "./history.ts";
import { createLanguage, type Language } from "./language.ts";
import { createSettingsCheck, type NotebookSettings } from "./notebook-settings.ts";
import { type Coalescer, createCoalescer, type Publish } from "./output.ts";
import type { Spawned } from "./spawn.ts";

/** Where a kernel works. */
export interface KernelOptions {
  directory: string;
  settings: () => NotebookSettings;
  /** The user process, where its program was started before all else. */
  spawned?: Spawned;
  /** The compiler, likewise. */
  compiler?: StartedCompiler | undefined;
}

/** Answers a request on the channel that it came by. */
export type Reply = (request: Message, channel: Channel, content: object) => void;

/** The parts of the protocol process. */
export interface SessionState {
  readonly sockets: Sockets;
  readonly publish: Publish;
  readonly reply: Reply;
  readonly output: Coalescer;
  readonly comms: CommRegistry;
  readonly history: History;
  readonly language: Language;
  readonly runs: Runs;
  readonly executor: Executor;
  /** Execute requests wait for each other. */
  readonly executing: Serial;
  /** Resolves with the exit code. */
  readonly ended: PromiseWithResolvers<number>;
}

/** Makes the parts on open sockets; starts the user process and the compiler where they are not yet. */
export function newState(sockets: Sockets, { directory, settings, spawned, compiler }: KernelOptions): SessionState {
  const publish: Publish = (type, content, parent, options) => {
    sockets.send("iopub", sockets.codec.make(type, content, { ...(parent && { parent }), ...options }));
  };
  const reply: Reply = (request, channel, content) => {
    const type = request.header.msg_type.replace(/_request$/, "_reply");
    sockets.send(channel, sockets.codec.make(type, content, { parent: request }));
  };
  const output = createCoalescer(publish);
  const comms = createComms();
  const history = createHistory();
  const language = createLanguage({ directory, settings, compiler });
  const runs = createRuns({ directory, spawned, settings, sockets, publish, output, comms, onLost: language.reset });
  const executor = createExecutor({
    ...{ runs, history, language, output, publish, reply },
    checkSettings: createSettingsCheck(settings),
  });
  const ended = Promise.withResolvers<number>();
  return { sockets, publish, reply, output, comms, history, language, runs, executor, executing: serial(), ended };
}

/** Ends the processes of a session, and its sockets. */
export async function shutdown({ language, runs, sockets, ended }: SessionState): Promise<void> {
  language.end();
  await runs.end();
  await sockets.close();
  ended.resolve(0);
}
