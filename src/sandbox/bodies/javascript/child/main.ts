/**
 * The locked child process: runs isolates and reports what it saw, one JSON line a message. It decides nothing: verdicts
 * are the parent's. The parent strips this file's types and passes it by `-e`, so that the child needs to read no file
 * but the addon; hence one closed scope, and no imports but types. Started with `--jitless --permission`: see `plan.ts`.
 *
 * Lines in:  {sources, addon} once, then those of the host's `messages.ts`.
 * Lines out: {ready}, {effect} at once when a decoy is touched, {ask} when executed code calls the model, {id, reply} or
 * {id, fault}; of many steps at once one {id, reply, more} each, but for the last. Replies are the host's `reply.ts`, with the
 * parts that the isolate wrote as the texts that it wrote.
 */

import type ivm from "isolated-vm";
import type { CallMessage, Message, OpenMessage, ProbeMessage, StepMessage, Unsent } from "../../../host/messages.ts";
import type { Pipe } from "../../../host/pipe.ts";
import type { Broke, Phase } from "../../../host/reply.ts";
import type { Calls } from "./inquiry.ts";

/** `refused`: what the parser said of the last program that it refused in this step. */
interface LiveLife {
  isolate: ivm.Isolate;
  asks: boolean;
  now: {
    step: number;
    /** Effects touched, those sent, and the worst of these. */
    effects: number;
    sent: number;
    worst: number;
    refused: string | undefined;
    compiled: Map<string, string>;
  };
  calls: { [call in Call]: ivm.Reference<(...args: string[]) => string> };
}

/** Texts of what the child runs: the first three in itself, the others in every isolate, in this order. */
type Sources = { [name in "acorn" | "compile" | "climb" | Guest]: string };
type Guest = "clock" | "values" | "plain" | "inquiry" | "probing" | "guest" | "decoy" | "builtins" | "decoys";

type Step = Unsent<StepMessage>;

/** What the host calls inside the isolate: names of `guest.ts`. */
const hostCalls = ["step", "settled", "check", "readOut", "showBudget", "setUp", "inquire", "answered"] as const;
type Call = (typeof hostCalls)[number];

((builtin: NodeJS.Process["getBuiltinModule"]) => {
  const { readLine, send } = (globalThis as unknown as { makePipe(builtin: unknown): Pipe }).makePipe(builtin);

  /** Effects reported of one step; of more only those that are worse than all before. */
  const effectsKept = 64;
  /** Of steps that come one by one, each so manyth is followed by a look at the memory that its life holds. */
  const weighedEach = 4;
  let engine: typeof ivm;
  let compile: (code: string) => string;
  let climbs: (kind: string, parameters: string, body: string) => boolean;
  let sources: Sources;
  const lives = new Map<number, LiveLife>();

  const load = (first: { sources: Sources; addon: string }): void => {
    const addon = { exports: {} as { ivm: typeof ivm } };
    process.dlopen(addon as unknown as NodeJS.Module, first.addon);
    engine = addon.exports.ivm;
    const cjs = { exports: {} };
    new Function("module", "exports", first.sources.acorn)(cjs, cjs.exports);
    new Function(first.sources.compile)();
    new Function(first.sources.climb)();
    const { makeCompile, makeClimbs } = globalThis as unknown as {
      makeCompile(acorn: object): typeof compile;
      makeClimbs(acorn: object): typeof climbs;
    };
    compile = makeCompile(cjs.exports);
    climbs = makeClimbs(cjs.exports);
    sources = first.sources;
  };

  // Programs come again in other lives; what a program compiles to depends on nothing but its text.
  const compiled = new Map<string, string>();
  const compileOnce = (code: string, now: LiveLife["now"]): string => {
    const known = now.compiled.get(code) ?? compiled.get(code);
    if (known !== undefined) return known;
    const text = compile(code);
    if (code.length <= 2048) compiled.set(code, text);
    if (compiled.size > 500) compiled.delete(compiled.keys().next().value!);
    return text;
  };

  let codeCache: ivm.ExternalCopy<ArrayBuffer> | undefined;
  /** Our own scripts, with the bytecode of the first isolate: cached data never comes from a guest. */
  const runHostScript = (isolate: ivm.Isolate, context: ivm.Context): void => {
    const { clock, values, plain, inquiry, probing, guest, decoy, builtins, decoys } = sources;
    // Strict, all of it: a sloppy function tells who called it and with what, and a stack's frames give it out.
    const text = `"use strict";\n{${clock}}\n{${values}\n${plain}\n${inquiry}\n${probing}\n${guest}\n${decoy}\n${builtins}\n${decoys}}`;
    const options = codeCache ? { cachedData: codeCache } : { produceCachedData: true as const };
    const script = isolate.compileScriptSync(text, { filename: "host.js", ...options });
    script.runSync(context);
    codeCache ??= (script as { cachedData?: ivm.ExternalCopy<ArrayBuffer> }).cachedData;
  };

  const open = ({ life, settings }: OpenMessage): object => {
    const isolate = new engine.Isolate({ memoryLimit: settings.memoryMiB });
    const context = isolate.createContextSync();
    const now: LiveLife["now"] = {
      ...{ step: -1, effects: 0, sent: 0, worst: 0 },
      refused: undefined,
      compiled: new Map(),
    };
    const globals = context.global;
    // A host function that throws would hand the guest our message and stack: errors go back as plain text.
    globals.setSync(
      "__compileText",
      new engine.Callback((code: string) => {
        try {
          if (code.length > settings.sourceBytes)
            throw new Error(`${code.length} characters, more than the ${settings.sourceBytes} that are run`);
          return compileOnce(code, now);
        } catch (error) {
          now.refused = (error as Error).message.slice(0, 1000);
          return `!${now.refused}`;
        }
      }),
    );
    globals.setSync(
      "__emit",
      new engine.Callback((kind: string, api: string, args: string, severity: number, of: number): number => {
        // Not told and not counted: many that are allowed must not hide one that is not.
        if (settings.allowed.includes(kind)) return -1;
        const effect = { kind, api: api.slice(0, 200), arguments: args.slice(0, 8192), severity, step: now.step };
        if (of >= 0) {
          send({ effect, of, life });
          return of;
        }
        const rank = kind === "escape" ? 4 : severity;
        if (now.effects++ >= effectsKept && rank <= now.worst) return -1;
        now.worst = Math.max(now.worst, rank);
        send({ effect, life });
        return now.sent++;
      }),
    );
    globals.setSync(
      "__climbs",
      new engine.Callback((kind: string, parameters: string, body: string): boolean => {
        // Longer than any program that is run: too long to be looked into, and not what an honest program builds.
        if (parameters.length + body.length > settings.sourceBytes) return true;
        return climbs(kind, parameters, body);
      }),
    );
    if (settings.asks)
      globals.setSync(
        "__ask",
        new engine.Reference((query: string) => {
          send({ ask: String(query), life });
          // The parent sends nothing else until it has answered. Never throws: that would show the guest where it was made.
          const { text } = JSON.parse(readLine()) as { text: string | null };
          return text === null ? "!" : `=${text}`;
        }),
      );
    globals.setSync("__seed", settings.seed | 0);
    runHostScript(isolate, context);
    const host = globals.getSync("__host", { reference: true });
    const reference = (name: string) => host.getSync(name, { reference: true }) as never;
    const begin = reference("begin") as ivm.Reference<(text: string) => void>;
    const { query, genome, outputBytes, depthLimit, hasBudget } = settings;
    const calls = Object.fromEntries(hostCalls.map((name) => [name, reference(name)])) as unknown as LiveLife["calls"];
    lives.set(life, { isolate, asks: settings.asks, now, calls });
    globals.deleteSync("__host");
    const evidence: { kind: "opened"; broke?: Broke; read?: string } = { kind: "opened" };
    const began = startClocks();
    try {
      const born = JSON.stringify({ query, genome, outputBytes, depthLimit, hasBudget });
      begin.applySync(undefined, [born], { timeout: 2000 });
      // What a newborn is, the parent knows.
      if (genome !== null) evidence.read = calls.readOut.applySync(undefined, [], { timeout: 2000 });
    } catch (error) {
      evidence.broke = brokenAt("birth", began, 2000, isolate, error);
    }
    return evidence;
  };

  /** What is known of a call into the isolate that threw. The message is shown, never believed: guests can throw it. */
  const brokenAt = (
    phase: Phase,
    began: { wall: bigint; cpu: NodeJS.CpuUsage },
    limit: number,
    isolate: ivm.Isolate,
    error: unknown,
  ): Broke => {
    const { user, system } = process.cpuUsage(began.cpu);
    return {
      phase,
      ms: Number(process.hrtime.bigint() - began.wall) / 1e6,
      cpuMs: (user + system) / 1e3,
      limit,
      outOfMemory: isolate.isDisposed,
      message: String((error as Error)?.message).slice(0, 300),
    };
  };
  const startClocks = () => ({ wall: process.hrtime.bigint(), cpu: process.cpuUsage() });

  const run = async (live: LiveLife, call: Call, args: string[], timeout: number): Promise<string> => {
    const options = { timeout, arguments: { copy: true }, result: { copy: true } } as const;
    const target = live.calls[call];
    return (
      live.asks && call === "step"
        ? await target.apply(undefined, args, options)
        : target.applySync(undefined, args, options)
    ) as string;
  };

  /** What is known of some calls into a life's isolate: what they gave, or how one broke. */
  interface Evidence {
    kind: "stepped" | "called";
    broke?: Broke;
    [part: string]: unknown;
  }
  const phases: { [call in Call]?: Phase } = { step: "step", settled: "settling", setUp: "setup" };
  const timed = async (
    live: LiveLife,
    evidence: Evidence,
    call: Call,
    args: string[],
    limit: number,
    phase: Phase = phases[call] ?? "after",
  ): Promise<string | null> => {
    const began = startClocks();
    try {
      return await run(live, call, args, limit);
    } catch (error) {
      evidence.broke = brokenAt(phase, began, limit, live.isolate, error);
      return null;
    }
  };

  const setUp = async (live: LiveLife, evidence: Evidence, program: string, limit: number): Promise<void> => {
    await timed(live, evidence, "setUp", [program], limit);
    const { broke } = evidence;
    // What it throws is its author's fault, and no news.
    if (broke !== undefined && !broke.outOfMemory && broke.ms < broke.limit * 0.95) delete evidence.broke;
    live.now.refused = undefined;
    if (evidence.broke === undefined) evidence.before = await timed(live, evidence, "readOut", [], limit);
  };

  const beginEffects = ({ now }: LiveLife, step: number): void => {
    Object.assign(now, { step, effects: 0, sent: 0, worst: 0 });
  };

  /** Runs a program, the probe and the read-out; every answer says how far it came and what the clock said. */
  const step = async (message: Step): Promise<Evidence> => {
    const live = lives.get(message.life);
    if (live === undefined) throw new Error(`no life ${message.life} in this child`);
    beginEffects(live, message.step);
    live.now.refused = undefined;
    const evidence: Evidence = { kind: "stepped" };
    live.now.compiled.clear();
    for (const { program, compiled } of [message, ...message.probes])
      if (compiled !== null) live.now.compiled.set(program, compiled);
    const limit = Math.max(200, message.stepMs);
    if (message.budget !== null) await timed(live, evidence, "showBudget", [message.budget], limit);
    if (message.setup !== null && evidence.broke === undefined) await setUp(live, evidence, message.setup, limit);
    if (evidence.broke !== undefined) return evidence;
    for (const probe of message.probes) if (probe.before) await probed(live, evidence, probe, limit);
    if (evidence.broke !== undefined) return evidence;
    live.now.refused = undefined;
    // Between two calls the isolate's microtasks run, inside the time of the first: what was awaited is then known.
    evidence.ran = await timed(live, evidence, "step", [message.program, "own"], message.stepMs);
    if (evidence.ran !== null) {
      const told = await timed(live, evidence, "settled", [], limit);
      const end = told?.indexOf("\n") ?? -1;
      evidence.ran = told?.slice(0, end) ?? null;
      if (told !== null) evidence.output = told.slice(end + 1);
    }
    // Its stack is free again, and what was tried at the end of it can be told.
    else if (!live.isolate.isDisposed) await timed(live, { kind: "stepped" }, "settled", [], limit);
    const refused = live.now.refused;
    if (refused !== undefined) evidence.refused = refused;
    for (const probe of message.probes) if (!probe.before) await probed(live, evidence, probe, limit);
    if (evidence.broke === undefined) evidence.read = await timed(live, evidence, "readOut", [], limit);
    return evidence;
  };

  /** With what the life's isolate holds, where it still runs. To ask V8 takes a tenth of a small step's time. */
  const weighed = (evidence: Evidence, life: number): Evidence => {
    const { isolate } = lives.get(life) ?? {};
    if (isolate === undefined || isolate.isDisposed || evidence.broke !== undefined) return evidence;
    const { used_heap_size, externally_allocated_size } = isolate.getHeapStatisticsSync();
    return { ...evidence, heldBytes: used_heap_size + externally_allocated_size };
  };

  /** Runs a probe and looks what came of it; the first that fails is told. */
  const probed = async (live: LiveLife, evidence: Evidence, probe: ProbeMessage, limit: number): Promise<void> => {
    if (evidence.broke !== undefined) return;
    await timed(live, evidence, "step", [probe.program, "probe"], limit, "after");
    if (evidence.broke !== undefined) return;
    const found = await timed(live, evidence, "check", [probe.look], limit);
    if (evidence.probe === undefined || evidence.probe === works) evidence.probe = found;
  };

  /** Runs steps until one may have ended the life: the parent decides, and sends the rest again if it has not. */
  const steps = async (id: number, list: readonly Step[]): Promise<object> => {
    for (const [i, message] of list.entries()) {
      const evidence = await step(message);
      const { effects } = lives.get(message.life)?.now ?? { effects: 1 };
      if (i === list.length - 1 || effects > 0 || !isFine(evidence)) return weighed(evidence, message.life);
      send({ id, reply: evidence, more: true });
    }
    return { kind: "closed" };
  };

  const works = '{"kind":"works"}';
  const isFine = ({ ran, broke, probe }: Evidence): boolean =>
    broke === undefined && probe === works && ran === '{"error":null,"waiting":false,"ended":false}';

  /**
   * A call as an agent's program would write it, one for each list of arguments: what stands before the agent and after it, ""
   * where no program can say it. Arguments that the method could change have names, and are given back beside the answer.
   */
  const callsOf = (method: string, lists: readonly (readonly unknown[])[]): Calls => {
    const access = /^[A-Za-z_$][\w$]*$/.test(method) ? `.${method}` : `[${JSON.stringify(method)}]`;
    const programs = lists.map((list): Calls["programs"][number] => {
      const text = JSON.stringify(list).slice(1, -1);
      if (text.length > 2000 || text.includes("__proto__")) return ["", ""];
      if (list.every((one) => typeof one !== "object" || one === null)) return ["", `${access}(${text});`];
      const names = list.map((_, i) => `a${i}`).join(", ");
      // A block, not a function around the call: that would be one more frame on the stack than an agent's own call has.
      const named = list.map((one, i) => `a${i} = ${JSON.stringify(one) ?? "null"}`).join(", ");
      return [`{ const ${named}; return [`, `${access}(${names}), ${names}]; }`];
    });
    return { lists, programs };
  };

  /** Calls a method of the agent for the host, or reads an attribute. */
  const inquire = async (message: CallMessage): Promise<object> => {
    const live = lives.get(message.life);
    if (live === undefined) throw new Error(`no life ${message.life} in this child`);
    beginEffects(live, message.step);
    const evidence: Evidence = { kind: "called" };
    const asked = message.arguments === null ? "" : JSON.stringify(callsOf(message.method, message.arguments));
    const programs = await timed(live, evidence, "inquire", [message.method, asked], message.stepMs);
    // All calls share one step's time.
    const began = startClocks().wall;
    for (const program of programs ? (JSON.parse(programs) as string[]) : []) {
      const left = message.stepMs - Number(startClocks().wall - began) / 1e6;
      if (evidence.broke === undefined)
        await timed(live, evidence, "step", [program, "call"], Math.max(1, Math.ceil(left)), "after");
    }
    // What was answered before one call was stopped stands; what `broke` tells is the first fault.
    const { broke } = evidence;
    if (!live.isolate.isDisposed) evidence.told = await timed(live, evidence, "answered", [], message.stepMs);
    if (broke !== undefined) evidence.broke = broke;
    return evidence;
  };

  const close = (life: number): void => {
    const live = lives.get(life);
    lives.delete(life);
    if (live !== undefined && !live.isolate.isDisposed) live.isolate.dispose();
  };

  const handle = async (message: Message): Promise<void> => {
    const { id } = message;
    try {
      let reply: object = { kind: "closed" };
      if (message.op === "open") reply = open(message);
      else if (message.op === "step") {
        const evidence = await step(message);
        reply = message.step % weighedEach === 0 ? weighed(evidence, message.life) : evidence;
      } else if (message.op === "steps") reply = await steps(id, message.steps);
      else if (message.op === "call") reply = await inquire(message);
      else close(message.life);
      send({ id, reply });
    } catch (error) {
      send({ id, fault: String((error as Error)?.stack ?? error).slice(0, 2000) });
    }
  };

  const serve = async (): Promise<void> => {
    load(JSON.parse(readLine()));
    send({ ready: true });
    for (;;) {
      const message = JSON.parse(readLine()) as Message;
      await handle(message);
      // What a closed isolate held of ours is freed by tasks of the event loop.
      if (message.op === "close") await new Promise((resolve) => setImmediate(resolve));
    }
  };
  void serve();
})(process.getBuiltinModule);
