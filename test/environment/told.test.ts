/** The text by which a file knows an environment again, and what the settings of one refuse. Nothing is reset here. */

import assert from "node:assert/strict";
import {
  lineOfEnvironment,
  rewards,
  SurvivalEnv,
  type SurvivalEnvOptions,
  textOfEnvironment,
} from "../../src/environment/index.ts";
import type { Environment } from "../../src/environment/types.ts";
import { fakeSandbox } from "../sandbox/fake.ts";

describe("an environment as a text", () => {
  it("of the library's is its options alone, the same for a clone, another for other options", () => {
    const env = new SurvivalEnv({ maxSteps: 7, rewards: [rewards.survival] });
    assert.equal(
      textOfEnvironment(env),
      JSON.stringify(env.options, (_, one) => (typeof one === "function" ? `${one}` : one)),
    );
    assert.equal(textOfEnvironment(env.clone() as SurvivalEnv), textOfEnvironment(env));
    const others = [{ maxSteps: 8 }, { maxSteps: 7, rewards: [rewards.fatality] }, {}].map(
      (options) => new SurvivalEnv(options),
    );
    const texts = [env, ...others].map(textOfEnvironment);
    assert.equal(new Set(texts).size, texts.length);
  });

  it("is told by what its sandbox judges lives by, where that is not the usual", () => {
    const { sandbox } = fakeSandbox();
    const usual = textOfEnvironment(new SurvivalEnv({ sandbox }));
    assert.equal(textOfEnvironment(new SurvivalEnv({ sandbox: { ...sandbox, limits: {}, harm: {} } })), usual);
    const others = [{ limits: { stepMs: 9 } }, { limits: { stepMs: 8 } }, { harm: { fs_read: "allow" } as const }].map(
      (more) => textOfEnvironment(new SurvivalEnv({ sandbox: { ...sandbox, ...more } })),
    );
    assert.equal(new Set([usual, ...others]).size, 4);
  });

  it("of somebody's own is told by the text of its classes and functions and by its public fields too", () => {
    class Short extends SurvivalEnv {
      extra = 1;
    }
    const of = (env: SurvivalEnv): { classes: string[]; extra: number } => JSON.parse(textOfEnvironment(env));
    const { classes, extra } = of(new Short({ maxSteps: 7 }));
    assert.deepEqual([classes.length, classes[1], extra], [2, "SurvivalEnv", 1]);
    assert.match(classes[0]!, /^class Short extends SurvivalEnv \{\s+extra = 1;\s+\}$/);
    const short = new Short({ maxSteps: 7 });
    short.extra = 2;
    assert.notEqual(textOfEnvironment(short), textOfEnvironment(new Short({ maxSteps: 7 })));
    const plain = (step: () => number) => ({ step, reset: 1 }) as unknown as Environment;
    assert.equal(textOfEnvironment(plain(() => 1)), textOfEnvironment(plain(() => 1)));
    assert.notEqual(textOfEnvironment(plain(() => 1)), textOfEnvironment(plain(() => 2)));
  });

  it("of which no text can be made is like no other, and like itself", () => {
    const circular = (): Environment => {
      const env: { own?: object } = {};
      env.own = env;
      return env as Environment;
    };
    const one = circular();
    assert.equal(textOfEnvironment(one), textOfEnvironment(one));
    assert.notEqual(textOfEnvironment(one), textOfEnvironment(circular()));
  });
});

describe("an environment as a line", () => {
  it("names each option, the usual ones of body and length too, in whatever order they were given; what is long by a digest", () => {
    const line = (options: SurvivalEnvOptions) => lineOfEnvironment(new SurvivalEnv(options));
    assert.equal(line({}), "body javascript, maxSteps 50");
    assert.equal(line({ maxSteps: 50, body: "javascript", limits: {} }), line({}));
    assert.equal(
      line({ query: "hm", limits: { stepMs: 9 } }),
      'body javascript, limits {"stepMs":9}, maxSteps 50, query hm',
    );
    const tasks = [{ id: "a", ask: "Say what you are called.", score: () => 1 }];
    assert.match(line({ tasks, maxSteps: 4 }), /^body javascript, maxSteps 4, tasks [0-9a-f]{8}$/);
    assert.notEqual(line({ tasks }), line({ tasks: [{ ...tasks[0]!, score: () => 0 }] }));
    assert.equal(
      line({ kickstart: { a: 1, b: { d: 1, c: [2] } } }),
      line({ kickstart: { b: { c: [2], d: 1 }, a: 1 } }),
    );
    assert.notEqual(line({ kickstart: { a: [1, 2] } }), line({ kickstart: { a: [2, 1] } }));
    assert.notEqual(line({ rewards: [rewards.survival] }), line({ rewards: [rewards.fatality] }));
    const { sandbox } = fakeSandbox();
    const judged = lineOfEnvironment(new SurvivalEnv({ sandbox: { ...sandbox, harm: { fs_read: "allow" } } }));
    assert.equal(judged, 'body fake, harm of the sandbox {"fs_read":"allow"}, maxSteps 50');
  });

  it("of somebody's own is told by its code, not by fields that change as it is played, nor by what has no text", () => {
    class Own extends SurvivalEnv {
      played = 0;
    }
    const own = new Own({ maxSteps: 3 });
    const before = lineOfEnvironment(own);
    assert.match(before, /^body javascript, code of its own [0-9a-f]{8}, maxSteps 3$/);
    Object.assign(own, { played: 5, resolve: () => 1 });
    assert.equal(lineOfEnvironment(own), before);
    const plain = (step: () => number, more: object = {}) => ({ step, ...more }) as unknown as Environment;
    assert.equal(lineOfEnvironment(plain(() => 1)), lineOfEnvironment(plain(() => 1, { count: 2n })));
    assert.notEqual(lineOfEnvironment(plain(() => 1)), lineOfEnvironment(plain(() => 2)));
    const coded = (step: () => number) => lineOfEnvironment(plain(step, { options: { code: "x" } }));
    assert.notEqual(
      coded(() => 1),
      coded(() => 2),
    );
    assert.equal(
      lineOfEnvironment({ options: { query: 5n, maxSteps: 2 } } as never),
      lineOfEnvironment({ options: { maxSteps: 2 } } as never),
    );
  });
});

describe("what an agent begins with", () => {
  it("is an object of names, and refused by name if it is none", async () => {
    new SurvivalEnv({ kickstart: { a: 1 } });
    new SurvivalEnv({ kickstart: {} });
    for (const [kickstart, got] of [
      [null, "null"],
      [[], "[]"],
      [3, "3"],
      ["a", '"a"'],
    ])
      assert.throws(() => new SurvivalEnv({ kickstart: kickstart as never }), {
        name: "EnvironmentFailure",
        message: `Expected \`kickstart\` to be an object: a name, and a value or a function, got ${got}`,
      });
    const circle: { [name: string]: unknown } = {};
    circle.self = [circle];
    class Own {}
    for (const [value, got] of [
      [new Map([[1, 2]]), "a Map"],
      [new Set([1]), "a Set"],
      [new Date(0), "a Date"],
      [/a/, "a RegExp"],
      [new Own(), "an Own"],
      [Number.NaN, "NaN"],
      [Number.POSITIVE_INFINITY, "Infinity"],
      [5n, "5n"],
      [Symbol("a"), "Symbol(a)"],
      [[1, [Number.NaN]], "[1,[null]]"],
      [{ a: { b: () => 1 } }, '{"a":{"b":"a function"}}'],
      [circle, "an object"],
      [Math.max, "the function max"],
      [((a: number) => a).bind(null), "the function bound "],
    ] as const) {
      const message = `Expected \`kickstart.it\` to be plain data, as JSON has it, or a function whose text is there to be taken, got ${got}`;
      assert.throws(() => new SurvivalEnv({ kickstart: { it: value } }), { name: "EnvironmentFailure", message });
    }
    await assert.rejects(new SurvivalEnv().reset({ options: { kickstart: { it: new Map() } } }), {
      message:
        "Expected `kickstart.it` to be plain data, as JSON has it, or a function whose text is there to be taken, got a Map",
    });
    await assert.rejects(new SurvivalEnv({ body: "python" }).reset({ options: { kickstart: { f: () => 1 } } }), {
      name: "EnvironmentFailure",
      message:
        "Expected `kickstart` to be plain values where agents are python: give a method as a member of `genome`, got the function f",
    });
    const same = { b: 1 };
    new SurvivalEnv({
      kickstart: { a: [same, same, null, "x", true, -1.5, undefined], f: () => 1, n: Object.create(null) },
    });
  });
});
