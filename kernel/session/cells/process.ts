/** The user process of a session: started, asked to stop, lost, started again. Not here: the process itself (`user-process.ts`). */

import { endStarted } from "../children.ts";
import type { Spawned } from "../spawn.ts";
import { startUserProcess, type UserProcess } from "../user-process.ts";
import { receive } from "./messages.ts";
import { inOrder, parentOf, type RunsState } from "./state.ts";

/** How long an interrupted cell may take to stop before its process is ended. */
const patienceMs = 5000;

/** Starts a user process, or takes over one that was started before. */
export function launch(state: RunsState, first?: Spawned): void {
  const started = startUserProcess(
    state.options.directory,
    {
      onMessage: (message) => receive(state, message),
      onNative: (name, text) => inOrder(state, () => state.options.output.stream(name, text, parentOf(state, null))),
      onStopping: () => endPrograms(state, started),
      onDeath(how, wasReady) {
        // One that dies before it was ready would do so again: the next cell tries anew.
        if (wasReady) launch(state);
        else state.user = null;
        lose(state, "UserProcessEnded", `The user process ended (${how}): its variables are gone. A new one is ready.`);
      },
    },
    first,
  );
  state.user = started;
}

/** The user process, when it can take a cell. */
export async function readyProcess(state: RunsState): Promise<UserProcess> {
  if (state.user === null) launch(state);
  const started = state.user!;
  if (await started.ready) return started;
  throw new Error("The user process cannot be started: what it said is on the kernel's own terminal.");
}

/** Stops the cell that runs: asks, terminates, and ends the process of one that goes on. */
export function interrupt(state: RunsState): void {
  const stopping = state.running;
  state.user?.interrupt();
  if (stopping === null) return;
  stopping.times.isStopping = true;
  state.stopping = stopping.times;
  setTimeout(() => {
    if (state.running !== stopping) return;
    const seconds = patienceMs / 1000;
    const evalue = `The cell could not be stopped within ${seconds} s, so its process was ended: its variables are gone. A new one is ready.`;
    void state.user?.kill().then(() => {
      launch(state);
      lose(state, "Interrupted", evalue);
    });
  }, patienceMs).unref();
}

/** Ends the programs that a cell which was asked to stop has started. */
function endPrograms(state: RunsState, { leader }: UserProcess): void {
  const times = state.stopping;
  state.stopping = null;
  if (times === null || leader === undefined) return;
  const span = { from: times.startedAt, ended: () => times.endedAt, left: () => times.left };
  void endStarted(leader, span).catch(() => {});
}

/** Tells the running cell, or the front end, that the process is gone. */
function lose(state: RunsState, ename: string, evalue: string): void {
  const { output, comms, publish, onLost } = state.options;
  state.asked = [];
  state.pace.hurry();
  onLost();
  for (const done of state.waitingComms.values()) done();
  state.waitingComms.clear();
  const ended = state.running;
  state.running = null;
  inOrder(state, () => {
    output.flush();
    for (const id of comms.drop()) publish("comm_close", { comm_id: id, data: {} }, state.lastRequest);
    if (ended === null) return output.uncaught(`${evalue}\n`, state.lastRequest);
    ended.finish({
      outcome: { status: "error", ename, evalue, traceback: [`${ename}: ${evalue}`] },
      expressions: {},
    });
  });
}
