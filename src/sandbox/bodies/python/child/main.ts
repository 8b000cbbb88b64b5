/**
 * The locked child of the Python body: lives in, what was seen of them out, one JSON line each. It decides nothing: verdicts are
 * the parent's. CPython is in WebAssembly here, and has of this process only what `imports.ts` gives it; the process itself has
 * no addon, and reads three files: the code, the library's archive, the snapshot.
 *
 * Lines in: the greeting, then those of the host's `messages.ts`, or `{op: "snapshot"}` once, answered in pieces.
 */

import type { CallMessage, Message, OpenMessage, StepMessage, Unsent } from "../../../host/messages.ts";
import type { Pipe } from "../../../host/pipe.ts";
import type { Broke, Phase } from "../../../host/reply.ts";
import type { Agent, Executed, Look, MakeAgent } from "./agent.ts";
import type { MakeCalls } from "./calls.ts";
import type { Clock, MakeClock } from "./clock.ts";
import type { MakeHooks, Now } from "./hooks.ts";
import type { MakeIntegrity } from "./integrity.ts";
import type { LiveLife, MakeLives } from "./lives.ts";
import type { NeutralSetup } from "./setup.ts";
import type { Marks } from "./types.ts";
import type { MakeWorld } from "./world.ts";

/** What the child is given first. */
export interface Greeting {
  sources: [name: string, text: string][];
  files: { wasm: string; archive: string; snapshot: string | null };
  prelude: string;
  marks: Marks | null;
}

/** What is seen of a message, as it is answered; texts are JSON. */
interface Evidence {
  kind: "opened" | "stepped" | "called";
  broke?: Broke;
  [part: string]: unknown;
}

((builtin: NodeJS.Process["getBuiltinModule"]) => {
  const scope = globalThis as unknown as {
    makePipe(from: unknown): Pipe;
    makeClock: MakeClock;
    makeHooks: MakeHooks;
    makeWorld: MakeWorld;
    makeAgent: MakeAgent;
    makeCalls: MakeCalls;
    makeLives: MakeLives;
    makeIntegrity: MakeIntegrity;
    warming: readonly string[];
    neutralSetup: NeutralSetup;
    greeting: Greeting;
    pipe: Pipe;
    digest(bytes: Uint8Array): string;
  };
  const { readFileSync } = builtin("node:fs");
  const { createHash } = builtin("node:crypto");
  const { deflateRawSync } = builtin("node:zlib");
  scope.digest = (bytes) => createHash("sha256").update(bytes).digest("hex").slice(0, 24);
  const { greeting, pipe } = scope;
  const { readLine, send } = pipe;
  /** CPython looks whether it was interrupted twice as often as this in a millisecond of an empty loop. */
  const turnsPerMs = 250;
  const bornAt = 1_767_225_600_000;
  const startBytes = 256 * 2 ** 20;

  const clock: Clock = scope.makeClock(performance, process);
  const now: Now = { step: 0, effects: 0, worst: 0, calls: 0, output: [], printed: 0, said: "" };
  /** While CPython starts there is no life. */
  const nobody = { clock: bornAt, random: 1, sources: new Map<string, string>() };
  let life: LiveLife | null = null;
  const living = (): Pick<LiveLife, "clock" | "random" | "sources"> => life ?? nobody;

  const hooks = scope.makeHooks({
    ...{ clock, pipe, now, nobody, life: () => life },
    bytes: () => ({ newborn: heapBytes, start: startBytes }),
    depth: () => agent.depth(),
  });

  const { files, prelude, marks: known } = greeting;
  const snapshot =
    files.snapshot === null ? null : { heap: new Uint8Array(readFileSync(files.snapshot)), marks: known! };
  let heapBytes = snapshot?.heap.length ?? startBytes;
  const start = () =>
    scope.makeWorld({ wasm: readFileSync(files.wasm), archive: readFileSync(files.archive), prelude, snapshot }, hooks);

  /** Starts CPython anew and sends its memory, in pieces. */
  const makeSnapshot = (id: number): void => {
    let world: ReturnType<typeof start>;
    try {
      world = start();
    } catch (error) {
      throw new Error(`${String(error)}: ${now.said}`);
    }
    world.machine.c.PyErr_Clear();
    const marks: Marks = { ...world.marks, clock: nobody.clock, sources: [...nobody.sources].filter(isProgram) };
    const heap = deflateRawSync(world.machine.bytes(), { level: 6 }).toString("base64");
    const pieceLength = 2 ** 20;
    for (let at = 0; at < heap.length; at += pieceLength)
      send({ id, reply: { kind: "piece", text: heap.slice(at, at + pieceLength) }, more: true });
    send({ id, reply: { kind: "piece", marks } });
  };
  const isProgram = ([filename]: [string, string]): boolean => filename.startsWith("<program ");
  if (snapshot === null) {
    send({ ready: true });
    for (;;) {
      const { id } = JSON.parse(readLine()) as { id: number };
      try {
        makeSnapshot(id);
      } catch (error) {
        send({ id, fault: String((error as Error)?.stack ?? error).slice(0, 2000) });
      }
    }
  }

  const { machine, objects, files: open, marks, hook } = start();
  heapBytes = snapshot!.heap.length;
  const base = { heap: snapshot!.heap, sp: marks.sp, files: [...open] as [number, number][] };
  const lives = scope.makeLives(machine, open, base);
  const agent: Agent = scope.makeAgent(machine, objects, { marks, sources: () => living().sources });
  const integrity = scope.makeIntegrity(machine, snapshot!.heap, hook);
  const calls = scope.makeCalls(machine, objects, agent);

  const enter = (id: number): LiveLife => {
    const own = lives.get(id);
    const isNewborn = lives.enter(own);
    life = own;
    if (isNewborn) bear(own);
    return own;
  };
  /** What a newborn is told before anything else. */
  const bear = ({ settings }: LiveLife): void => {
    const seed = machine.c.PyLong_FromDouble(settings.seed);
    objects.release(machine.c.PyObject_CallOneArg(marks.seeder, seed));
    objects.release(seed);
    if (settings.query !== "") agent.set("query", settings.query);
    if (settings.hasBudget) agent.show("budget", null);
  };

  /** Runs a call into CPython; one that breaks leaves memory in the middle of something. */
  const timed = <T>(evidence: Evidence, phase: Phase, ms: number, work: () => T): T | null => {
    const turns = Math.round(Math.max(200, life!.settings.stepMs) * turnsPerMs);
    const { made, broke } = clock.timed(phase, { ms, turns }, work);
    if (broke === null) return made;
    evidence.broke = broke;
    lives.lose();
    return null;
  };
  /** A call that was refused memory and did not get over it. */
  const starved = (evidence: Evidence, phase: Phase, limit: number): void => {
    evidence.broke = { phase, ms: 0, limit, cpuMs: 0, outOfMemory: true, message: "MemoryError" };
    lives.lose();
  };
  const readOut = (evidence: Evidence, part: string, limit: number): void => {
    const read = timed(evidence, "after", limit, () => agent.read(life!.genome));
    if (read === null) return;
    life!.genome = read.genome;
    evidence[part] = read.text;
  };

  const begin = (message: OpenMessage): Evidence => {
    const evidence: Evidence = { kind: "opened" };
    const { settings } = message;
    const newborn = { clock: marks.clock, random: settings.seed | 0, genome: "", held: 0, saved: null };
    const own: LiveLife = {
      ...{ id: message.life, settings, sources: new Map(marks.sources), ended: false, unborn: true },
      ...newborn,
    };
    lives.begin(own);
    if (settings.genome === null) return evidence;
    Object.assign(now, { step: 0, effects: 0, worst: 0 });
    enter(own.id);
    timed(evidence, "birth", 2000, () => agent.restore(settings.genome!));
    if (evidence.broke === undefined) readOut(evidence, "read", 2000);
    return evidence;
  };

  const setUp = (evidence: Evidence, program: string, limit: number): void => {
    const values = scope.neutralSetup(program);
    timed(evidence, "setup", limit, () => {
      for (const [name, value] of values ?? []) agent.set(name, value);
      // What it throws is its author's fault, and no news.
      if (values === null) agent.run(program, `<setup ${now.step}>`);
    });
    if (evidence.broke === undefined) readOut(evidence, "before", limit);
  };

  const probe = (evidence: Evidence, { program, look }: { program: string; look: string }, limit: number): void => {
    if (evidence.broke !== undefined) return;
    const found = timed(evidence, "after", limit, () =>
      agent.check(JSON.parse(look) as Look, agent.execute(program, { response: false })),
    );
    const works = '{"kind":"works"}';
    if (found !== null && (evidence.probe ?? works) === works) evidence.probe = JSON.stringify(found);
  };

  /** Whether CPython's own compiler refuses a program, and in which words. */
  const refusal = (evidence: Evidence, program: string, limit: number): void => {
    const said = timed(evidence, "after", limit, () => {
      const code = machine.withText(program, (text) =>
        machine.withText("<step>", (name) => machine.c.Py_CompileStringExFlags(text, name, 257, 0, -1)),
      );
      objects.release(code);
      return code === 0 ? objects.takeError(() => false).message : null;
    });
    if (said !== null) evidence.refused = said;
  };

  const ranOf = ({ error, waiting, missing }: Executed): string => {
    const none = { name: "TypeError", message: `self.execute_code is ${missing}, not a function`, line: null };
    const told = error === null ? null : { name: error.name, message: error.message, line: error.line };
    return JSON.stringify({ error: missing === null ? told : none, waiting, ended: life!.ended });
  };
  const printed = (): string => {
    const text = Buffer.concat(now.output).toString();
    const most = life!.settings.outputBytes;
    return text.length > most ? `${text.slice(0, most)}…` : text;
  };

  /** Tells what the host saw, and CPython does not tell. */
  const witnessed = (...effect: Parameters<typeof hooks.emit>): void => {
    clock.timed("after", { ms: 1000, turns: 1 }, () => hooks.emit(...effect));
  };

  const step = (message: Unsent<StepMessage>): Evidence => {
    const evidence: Evidence = { kind: "stepped" };
    const { program, stepMs, setup, budget, probes } = message;
    enter(message.life);
    Object.assign(now, { step: message.step, effects: 0, worst: 0, calls: 0 });
    const limit = Math.max(200, stepMs);
    if (budget !== null) timed(evidence, "after", limit, () => agent.show("budget", JSON.parse(budget)));
    if (setup !== null && evidence.broke === undefined) setUp(evidence, setup, limit);
    for (const one of probes) if (one.before) probe(evidence, one, limit);
    if (evidence.broke !== undefined) return evidence;

    Object.assign(now, { output: [], printed: 0 });
    const ran = timed(evidence, "step", stepMs, () => agent.execute(program, { response: true }));
    if (ran !== null) {
      evidence.ran = ranOf(ran);
      evidence.output = printed();
      if (ran.error?.isExit === true) witnessed("self_harm", "sys.exit", [], 2);
      if (ran.error?.isMemory === true && clock.refused) starved(evidence, "step", stepMs);
      else if (ran.error?.isSyntax === true) refusal(evidence, program, limit);
    }
    for (const one of probes) if (!one.before) probe(evidence, one, limit);
    if (evidence.broke !== undefined) return evidence;
    const changed = integrity.broken();
    if (changed !== null) witnessed("escape", "memory", [changed], 3);
    readOut(evidence, "read", limit);
    evidence.heldBytes = lives.held();
    return evidence;
  };

  const isFine = ({ ran, broke, probe: probed }: Evidence): boolean =>
    broke === undefined &&
    probed === '{"kind":"works"}' &&
    ran === '{"error":null,"waiting":false,"ended":false}' &&
    now.effects === 0;
  /** Runs steps until one may have ended the life: the parent decides, and sends the rest again if it has not. */
  const steps = (id: number, list: readonly Unsent<StepMessage>[]): object => {
    for (const [i, message] of list.entries()) {
      const evidence = step(message);
      if (i === list.length - 1 || !isFine(evidence)) return evidence;
      send({ id, reply: evidence, more: true });
    }
    return { kind: "closed" };
  };

  /** Calls a method of the agent for the host, or reads one of its names, which leaves no trace. */
  const inquire = (message: CallMessage): Evidence => {
    const evidence: Evidence = { kind: "called" };
    const { method, arguments: lists, stepMs } = message;
    enter(message.life);
    Object.assign(now, { step: message.step, effects: 0, worst: 0, calls: 0 });
    if (lists === null) {
      const answer = lives.aside(() => timed(evidence, "after", stepMs, () => calls.read(method)));
      if (answer !== null) evidence.told = `{"kind":"answers","answers":[${answer}],"given":[null]}`;
      return evidence;
    }
    const began = performance.now();
    // To look for a name runs the guest's own comparison, where one of its keys has one.
    const has = timed(evidence, "after", stepMs, () => calls.has(method));
    if (has !== true) {
      if (has === false) evidence.told = '{"kind":"missing"}';
      return evidence;
    }
    evidence.told = calls.all(lists, (list) => {
      const left = Math.max(1, Math.ceil(stepMs - (performance.now() - began)));
      return timed(evidence, "after", left, () => calls.call(method, list));
    });
    return evidence;
  };

  const handle = (message: Message): object => {
    if (message.op === "open") return begin(message);
    if (message.op === "step") return step(message);
    if (message.op === "steps") return steps(message.id, message.steps);
    if (message.op === "call") return inquire(message);
    lives.close(message.life);
    life = lives.current;
    return { kind: "closed" };
  };

  /**
   * V8 compiles CPython function by function, each when it is first called: a life that nobody sees has that done, so that the
   * first of the others need not pay for it out of its own time.
   */
  const warmUp = (): void => {
    const limits = { stepMs: 60_000, memoryMiB: 32, outputBytes: 256, sourceBytes: 4096, depthLimit: 1 };
    const settings = { query: "", genome: null, seed: 0, ...limits, hasBudget: false, asks: false, allowed: [] };
    begin({ id: 0, op: "open", life: -1, settings });
    enter(-1);
    for (const program of scope.warming) {
      timed({ kind: "stepped" }, "step", limits.stepMs, () => agent.execute(program, { response: true }));
      if (lives.current === null) return;
      timed({ kind: "stepped" }, "after", limits.stepMs, () => agent.read(""));
    }
    lives.close(-1);
    life = null;
  };
  warmUp();
  send({ ready: true });
  for (;;) {
    const message = JSON.parse(readLine()) as Message;
    try {
      send({ id: message.id, reply: handle(message) });
    } catch (error) {
      send({ id: message.id, fault: String((error as Error)?.stack ?? error).slice(0, 2000) });
    }
  }
})(process.getBuiltinModule);
