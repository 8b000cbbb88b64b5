/**
 * One life, as its owner sees it: steps go in, reports come out, in order. A life knows every program it has run, so when
 * its child dies of another's doing it is played again in a new one and goes on.
 */

import { serial } from "../../../data/serial.ts";
import { createRandom } from "../../../random/index.ts";
import type { GenomeMember, Life, LifeOptions, LifePast, Limits } from "../../types.ts";
import type { Pool } from "../pool.ts";
import { checkPast, createStepSender } from "../step-sender.ts";
import { createWitness } from "../witness.ts";
import { inquire } from "./inquire.ts";
import { begin } from "./settle.ts";
import { type LifeState, release } from "./state.ts";
import { runStep, runSteps } from "./steps.ts";

let nextLife = 1;

/** Opens a life in the pool. */
export async function createLife(pool: Pool, options: LifeOptions, limits: Limits): Promise<Life> {
  const { signal } = options;
  const past = checkPast(options.past);
  const { query = "", genome, seed = 0 } = past ?? options;
  const queue = serial();
  const life: LifeState = {
    ...newLife(pool, { query, genome, seed, steps: past?.steps ?? [] }, options, limits),
    lease: {
      get busy() {
        return queue.pending > 0;
      },
      ...{ restedAt: 0, heldBytes: 0, evict: () => release(life) },
    },
  };
  const cancel = (): void => {
    life.ended ??= "closed";
    release(life, life.lease.busy);
  };
  signal?.addEventListener("abort", cancel, { once: true });
  pool.episodes++;
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => queue.run(work).finally(() => pool.rest(life.lease));
  return {
    begin: () => inOrder(() => begin(life)),
    step: (program, setup) => inOrder(() => runStep(life, program, setup)),
    steps: (programs, setups) => inOrder(() => runSteps(life, programs, setups)),
    call: (method, lists) => inOrder(() => inquire(life, method, lists)),
    read: (name) => inOrder(() => inquire(life, name, null)),
    past: (steps = life.lived.length - life.first) => ({
      ...{ seed, query, ...(genome && { genome }) },
      steps: life.lived.slice(0, life.first + steps),
    }),
    close: () =>
      inOrder(async () => {
        signal?.removeEventListener("abort", cancel);
        life.ended ??= "closed";
        release(life);
      }),
  };
}

/** A life before its first step. `steps`: its past. */
function newLife(
  pool: Pool,
  { query, genome, seed, steps }: Omit<LifePast, "genome"> & { genome: readonly GenomeMember[] | undefined },
  options: LifeOptions,
  limits: Limits,
): Omit<LifeState, "lease"> {
  const { body, reader } = pool;
  const { callModel } = options;
  const [id, first, random] = [nextLife++, steps.length, createRandom(seed, "sandbox")];
  const asks = callModel !== undefined || steps.some(({ answers }) => answers.length > 0);
  const { stepMs, memoryMiB, outputBytes, sourceBytes, callDepth: depthLimit } = limits;
  const hasBudget = options.budget !== undefined || steps.some(({ budget }) => budget !== null);
  const allowed = Object.entries(options.harm ?? {}).flatMap(([kind, rule]) => (rule === "allow" ? [kind] : []));
  const bounds = { stepMs, memoryMiB, outputBytes, sourceBytes, depthLimit, hasBudget, asks, allowed };
  return {
    ...{ id, pool, body, options, first },
    settings: { query, genome: genome ?? null, seed: random.child("guest").integer(2 ** 31), ...bounds },
    terms: { limits, body },
    sender: createStepSender({ life: id, body, random, born: genome ?? [], limits, callModel, first, asks, reader }),
    witness: createWitness(),
    lived: [...steps],
    ...{
      worker: null,
      isThere: false,
      born: false,
      ended: null,
      genome: [],
      last: { query, response: "" },
      attempted: [],
    },
  };
}
