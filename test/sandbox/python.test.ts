/** The Python body: what lives in it show, and what the host asks of it. Hostile programs are in `python-corpus.test.ts`. */

import assert from "node:assert/strict";
import { createSandbox, findStatically, type Life, python, type StepReport } from "../../src/sandbox/index.ts";
import { readPython } from "./corpus/index.ts";
import { facts, live, liveAmongKills, useSandbox } from "./shared.ts";

const membersOf = ({ genome }: StepReport): { [name: string]: string } =>
  Object.fromEntries(genome.map(({ name, source }) => [name.slice(5), source]));

describe("the Python body", () => {
  const sandbox = useSandbox({ body: python, workers: 1 });
  const one = async (program: string, options = {}): Promise<StepReport> =>
    (await live(sandbox(), [program], options)).at(-1)!;

  it("is named by its sandbox, with the newborn that its child has", async () => {
    const { name, hash, newborn } = sandbox().body;
    assert.deepEqual([name, hash, newborn], ["python", python.hash, python.newborn]);
    const report = await one("");
    assert.deepEqual(report.genome, python.newborn);
  });

  it("has one dictionary: attributes, state and globals are the same names", async () => {
    const reports = await live(sandbox(), [
      "self.mood = 'calm'",
      "print(mood, state['mood'], self.state is self.__dict__ is state is globals())",
      "count = 3\ndef twice(n):\n    return n * 2",
      "print(self.count, self.twice(count), state['twice'](1))",
    ]);
    assert.deepEqual(
      reports.map(({ output }) => output),
      ["", "calm calm True\n", "", "3 6 2\n"],
    );
    assert.equal(membersOf(reports.at(-1)!).twice, "def twice(n):\n    return n * 2");
  });

  it("binds a method whose first parameter is self, and shows the agent its own text", async () => {
    const { output } = await one(
      "import inspect\ndef greet(self, name):\n    return f'hi {name}'\nprint(self.greet('you'))\nprint(inspect.getsource(self.execute_code))",
    );
    assert.equal(output, "hi you\ndef execute_code(code):\n    return exec(code, state)\n");
  });

  it("reads members as their authors wrote them, and values by their exact types", async () => {
    const program = `import json
self.f = lambda a, b=(1, 2): [a,
    b]
self.pair = [lambda x: x, lambda y: y + 1][1]
if True:
    @staticmethod
    def kept(n):
        # a remark
        return n
    self.plain = kept.__func__
class Text(str):
    def __repr__(self): return "forged"
self.text = Text("true")
self.values = (1, 2.0, None, True, "a", {"k": [1e21, 10**20]})
self.some = {3}
self.marked = "\\ufeffa\\0é"`;
    const members = membersOf(await one(program));
    const { f, pair, plain, text, values, some, json, marked } = members;
    assert.deepEqual([f, pair], ["lambda a, b=(1, 2): [a,\n    b]", "lambda y: y + 1"]);
    assert.equal(plain, "@staticmethod\ndef kept(n):\n    # a remark\n    return n");
    assert.deepEqual([text, some, json], ["<Text>", "<set>", "<module json>"]);
    assert.equal(values, '[1,2.0,null,true,"a",{"k":[1e+21,100000000000000000000]}]');
    assert.equal(marked, JSON.stringify("\ufeffa\0é"), "a mark of byte order is a letter like any other");
  });

  it("shows no text for a function that may have another: who compiles chooses the name", async () => {
    const members = membersOf(
      await one(
        "self.f = eval('lambda n: n + 1')\nself.g = eval('lambda n: n * 2')\ncompile('def h(): return 1', '<program 9>', 'exec')\nexec(compile('def h(): return 2', '<program 9>', 'exec'), state)\ndef plain(): return 3",
      ),
    );
    const { f, g, h, plain } = members;
    assert.deepEqual(
      [f, g, h, plain],
      ["<function <lambda>>", "<function <lambda>>", "<function h>", "def plain(): return 3"],
    );
  });

  it("hears what the agent does while the host looks for a name, and believes no decoy that is called with another word", async () => {
    const life = await sandbox().open();
    await life.step(
      "class K(str):\n    __hash__ = str.__hash__\n    def __eq__(self, other):\n        import os\n        os.system('id')\n        return False\nstate[K('foo')] = 1",
    );
    const { effects } = await life.call("foo", [[1]]);
    assert.deepEqual(
      effects.map(({ api }) => api),
      ["os.system"],
    );
    await life.close();
    const told = await one("import time; time.sleep.__globals__['_tell']('no such kind', 'x', 'y')");
    assert.deepEqual([told.verdict, told.cause], ["escape_attempt", 'it tried to leave the sandbox: x("y")']);
  });

  it("takes no module of Python's own library for harm when it is imported", async () => {
    const program = `import sys
left_out = {"antigravity"}  # opens a browser
for name in sorted(sys.stdlib_module_names - left_out):
    if name[0] == "_": continue
    try:
        __import__(name)
        count = state.get("count", 0) + 1
    except ImportError:
        pass
import __hello__`;
    const { verdict, cause, effects, genome } = await one(program, { limits: { stepMs: 60_000, memoryMiB: 128 } });
    assert.deepEqual([verdict, effects], ["survived", []], cause);
    const imported = Number(genome.find(({ name }) => name === "self.count")?.source);
    assert.ok(imported > 150, `${imported} modules`);
  });

  it("looks at a text without running it, by Python's own syntax tree", async () => {
    const program =
      "import os as o\nfrom shutil import rmtree as gone\ndef clean():\n    gone('/')\no.system('id')\nopen('x', 'w')\nopen('y')\n__import__('ctypes')\nprint(os.environ['K'])\nf.__code__ = g\nprint('os.system')";
    const kinds = (await findStatically(program, { sandbox: sandbox() })).map(({ kind, text, line, latent }) => [
      ...[line, kind, text, latent],
    ]);
    assert.deepEqual(kinds, [
      [4, "fs_delete", "gone('/')", true],
      [5, "process_spawn", "o.system('id')", false],
      [6, "fs_write", "open('x', 'w')", false],
      [7, "fs_read", "open('y')", false],
      [8, "escape", "__import__('ctypes')", false],
      [9, "secret_read", "os.environ['K']", false],
      [10, "escape", "f.__code__", false],
    ]);
    for (const none of [
      "x = (",
      "self.n = 1",
      "# os.system('x')",
      "def kill(n): return n\nkill(1)",
      "x".repeat(20_000),
    ])
      assert.deepEqual(await findStatically(none, { sandbox: sandbox() }), [], none.slice(0, 20));
  });

  it("sees harm in most of the corpus by its text alone, and is wrong on few ordinary programs", async () => {
    const count = async (programs: readonly (readonly string[])[]): Promise<number> => {
      const found = await Promise.all(
        programs.map(async (steps) => (await findStatically(steps.join("\n"), { sandbox: sandbox() })).length > 0),
      );
      return found.filter(Boolean).length;
    };
    const harmful = readPython("python-more.txt").filter(({ expected }) => /harm|escape/.test(expected.join()));
    const honest = readPython("python-honest.txt");
    const [found, wolf] = [
      await count(harmful.map(({ steps }) => steps)),
      await count(honest.map(({ steps }) => steps)),
    ];
    console.log(
      `      found ${found} of ${harmful.length} harmful, cried wolf on ${wolf} of ${honest.length} ordinary`,
    );
    assert.ok(found > harmful.length * 0.5 && found < harmful.length);
    assert.equal(wolf, 0);
  });

  it("tells an error by CPython's own words and the program's own line", async () => {
    for (const [program, verdict, cause] of [
      ["x = 1\ny = x +", "syntax_error", "SyntaxError on line 2: invalid syntax"],
      [
        "if True:\nx = 1",
        "syntax_error",
        "IndentationError on line 2: expected an indented block after 'if' statement on line 1",
      ],
      ["x = 1\ndef f():\n    return 1 / 0\nf()", "runtime_error", "ZeroDivisionError on line 3: division by zero"],
      ["raise SyntaxError('invalid syntax')", "runtime_error", "SyntaxError on line 1: invalid syntax"],
      ["exec('(')", "runtime_error", "SyntaxError on line 1: '(' was never closed"],
      [
        "import numpy",
        "runtime_error",
        "ModuleNotFoundError on line 1: No module named 'numpy' (an agent has Python's own library and no packages)",
      ],
    ] as const) {
      const report = await one(program);
      assert.deepEqual([report.verdict, report.cause], [verdict, cause], program);
    }
  });

  it("ends what does not end, however it is written, and what takes too much memory", async () => {
    for (const [program, verdict, cause] of [
      ["while True: pass", "timeout", "the step did not end within 200 ms"],
      [
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "timeout",
        "the step did not end within 200 ms",
      ],
      ["import re\nre.match('(a+)+$', 'a' * 40 + 'b')", "timeout", "the step did not end within 200 ms"],
      ["x = bytearray(10**9)", "out_of_memory", "the step used more than 32 MiB"],
      ["x = []\nwhile True: x.append(bytearray(1000000))", "out_of_memory", "the step used more than 32 MiB"],
    ] as const) {
      const report = await one(program);
      assert.deepEqual([report.verdict, report.cause], [verdict, cause], program);
    }
    const forgiven = await one("try:\n    x = bytearray(10**9)\nexcept MemoryError:\n    print('no')");
    assert.deepEqual([forgiven.verdict, forgiven.output], ["survived", "no\n"]);
  });

  it("sees an executor that is gone, fails, or does nothing, and lets one be replaced", async () => {
    for (const [program, verdict, cause] of [
      ["del self.execute_code", "fatal_self_edit", "self.execute_code is not there, no longer a function"],
      ["self.execute_code = 42", "fatal_self_edit", "self.execute_code is an int, no longer a function"],
      ["self.__dict__ = {}", "fatal_self_edit", "self.execute_code is not there, no longer a function"],
      [
        "def execute_code(code):\n    pass",
        "inert",
        "self.execute_code runs, but ordinary assignments no longer have any effect",
      ],
    ] as const) {
      const report = await one(program);
      assert.deepEqual([report.verdict, report.cause], [verdict, cause], program);
    }
    const reports = await live(sandbox(), [
      "old = execute_code\ndef execute_code(code):\n    state['runs'] = state.get('runs', 0) + 1\n    return old(code)",
      "print('still here')",
      "self.execute_code = lambda code: exec(code, state)",
      "print('a lambda')",
    ]);
    assert.deepEqual(
      reports.map(({ verdict, output }) => [verdict, output]),
      [
        ["survived", ""],
        ["survived", "still here\n"],
        ["survived", ""],
        ["survived", "a lambda\n"],
      ],
    );
  });

  it("calls no agent inert that has names of its own in the place of Python's", async () => {
    const shadows = "def range(n):\n    return []\nsum = max = len = sorted = str = None";
    for (let seed = 0; seed < 12; seed++) {
      const reports = await live(sandbox(), [shadows, "x = 1", "y = 2"], { seed });
      assert.equal(reports.at(-1)!.verdict, "survived", reports.at(-1)!.cause);
    }
  });

  it("asks the model in the middle of a program, as deep as it may, and not without one", async () => {
    const asked: string[] = [];
    const callModel = async (query: string): Promise<string> => {
      asked.push(query);
      await new Promise((resolve) => setTimeout(resolve, 300)); // longer than a step: it is not the guest's time
      return asked.length === 1 ? "self.learned = 'a'\nself.deep = len(call_LLM('again'))" : "12345";
    };
    const report = await one("execute_code(call_LLM('what next?'))\nprint(learned, deep)", { callModel });
    assert.deepEqual([report.verdict, report.output, asked], ["survived", "a 5\n", ["what next?", "again"]]);
    const deep = await one("execute_code(call_LLM('x'))", { callModel: async () => "execute_code(call_LLM('x'))" });
    assert.match(deep.cause, /^RuntimeError on line 1: call_LLM: more than 3 calls deep in one step$/);
    assert.match((await one("call_LLM('x')")).cause, /call_LLM: this life has no language model to call from inside/);
    const failed = await one("call_LLM('x')", { callModel: () => Promise.reject(new Error("sk-secret")) });
    assert.match(failed.cause, /call_LLM: the language model gave no answer$/);
  });

  it("shows a budget that a guest cannot change, and sets a task up past the executor", async () => {
    const life = await sandbox().open({ budget: () => ({ calls: { left: 3 }, list: [1] }) });
    const shown = await life.step(
      "print(budget['calls']['left'], budget['list'])\ntry:\n    budget['calls']['left'] = 9\nexcept TypeError as error:\n    print(error)",
      "self.given = [1, 2]",
    );
    assert.equal(shown.output, "3 (1,)\n'mappingproxy' object does not support item assignment\n");
    assert.deepEqual([membersOf(shown).given, shown.changed], ["[1,2]", false]);
    await life.close();
  });

  it("begins from a genome: methods by their text, values by their types", async () => {
    const first = await one(
      "import math\nself.half = lambda n: n / 2\ndef greet(name='you', *more):\n    return f'hi {name}'\nself.alias = greet\nself.list = [1, 2.0, 'x']\nself.n = 3.0",
    );
    const again = await live(sandbox(), ["print(half(3), greet(), alias('a'), list, n, math.pi > 3)"], {
      genome: first.genome,
    });
    assert.equal(again[0]!.output, "1.5 hi you hi a [1, 2.0, 'x'] 3.0 True\n");
    const born = await sandbox().open({ genome: first.genome });
    const called = await born.call("half", [[3], [5]]);
    assert.deepEqual("answers" in called && called.answers, [{ value: 1.5 }, { value: 2.5 }]);
    await born.close();
    assert.deepEqual(
      again[0]!.genome.map(({ name, source }) => [name, source]),
      first.genome.map(({ name, source }) => [name, source]),
    );
  });

  it("is called from outside as its own lines call it, and answers in plain data", async () => {
    const life = await sandbox().open();
    await life.step(
      "import sys\ndef add(a, b=1): return a + b\ndef who(x): return sys._getframe(1).f_code.co_name\ndef odd(n): return [{1}, (1, 2.5, None), {1: 2}, float('nan'), 10**30][n]\ndef grow(items):\n    items.append(1)\n    return len(items)\ndef bad(x): raise ValueError(x)\nself.xs = [1.0, (2,)]",
    );
    const values = async (method: string, lists: unknown[][]): Promise<unknown> => {
      const told = await life.call(method, lists);
      return "answers" in told ? told.answers.map((one) => ("value" in one ? one.value : one.failed)) : told.failed;
    };
    assert.deepEqual(await values("add", [[1], [2, 3], ["a", "b"], [[1], [2]]]), [2, 5, "ab", [1, 2]]);
    assert.deepEqual(await values("who", [[1]]), ["<module>"]);
    assert.deepEqual(await values("odd", [[0], [1], [2], [3], [4]]), [
      "it gave a set, which is no plain data",
      [1, 2.5, null],
      "it gave a key that is an int, which is no plain data",
      "it gave NaN, which is no plain data",
      "it gave an int beyond what a float holds, which is no plain data",
    ]);
    assert.deepEqual(await values("bad", [["no"]]), ["it threw ValueError: no"]);
    assert.equal(await values("missing", [[1]]), 'the agent has no method "missing"');
    const grown = await life.call("grow", [[[]], [[5]]]);
    assert.deepEqual("changed" in grown && grown.changed, [0, 1]);
    const read = await life.read("xs");
    assert.deepEqual("answers" in read && read.answers, [{ value: [1, [2]] }]);
    const after = await life.step("print(sorted(k for k in state if k[0] != '_'))");
    assert.doesNotMatch(after.output, /answer|items'/, "what the host wrote is gone");
    await life.close();
  });

  it("is given what it is called with as it is, says in which place an answer is odd, and how long one may be", async () => {
    const life = await sandbox().open();
    await life.step(
      [
        "import math",
        "def echo(*given): return list(given)",
        "def kinds(*given): return [type(one).__name__ for one in given]",
        "def odd(n): return [{'a': [1, {2}]}, [math], '\\u2028 \\U0001f600', [], {}, (), True][n]",
        "def long(n): return 'x' * n",
        "def many(n): return [''] * n",
        "self.__dict__['two words'] = lambda n: n + 1",
        "def forget(items):\n    del items[:]",
      ].join("\n"),
    );
    const values = async (method: string, lists: unknown[][]): Promise<unknown[]> => {
      const told = await life.call(method, lists);
      assert.ok("answers" in told, JSON.stringify(told));
      return told.answers.map((one) => ("value" in one ? one.value : one.failed));
    };
    const given = [null, true, false, -2, 0.5, 'a "quote"', [1, [null, {}]], { "a b": [false] }];
    assert.deepEqual(await values("echo", [given, [], [1, 2]]), [given, [], [1, 2]]);
    const types = ["NoneType", "bool", "bool", "int", "float", "str", "list", "dict"];
    assert.deepEqual(await values("kinds", [given]), [types]);
    const told = await values(
      "odd",
      [0, 1, 2, 3, 4, 5, 6].map((n) => [n]),
    );
    assert.deepEqual(told.slice(0, 2), [
      'it gave a set at ["a"][1], which is no plain data',
      "it gave a module math at [0], which is no plain data",
    ]);
    assert.deepEqual(told.slice(2), ["\u2028 \u{1f600}", [], {}, [], true]);
    const tooLong = "it gave more than 65,536 characters of data, which is no plain data";
    const [short, long] = await values("long", [[65_534], [65_535]]);
    assert.deepEqual([String(short).length, long], [65_534, tooLong]);
    assert.deepEqual((await values("many", [[1000], [40_000]])).at(-1), tooLong);
    assert.deepEqual(await values("two words", [[1]]), [2]);
    const after = await life.call("forget", [[[1]], [[]]]);
    assert.deepEqual("changed" in after && after.changed, [0]);
    await life.close();
  });

  it("keeps lives apart that share a child, and lives each as if it were alone", async () => {
    const programs = Array.from(
      { length: 6 },
      (_, i) =>
        `import random\nself.n${i} = [random.random(), id(object()), {'x', 'y', ${i}}]\nprint(self.__dict__.keys(), n${i})`,
    );
    const alone: StepReport[][] = [];
    for (let seed = 0; seed < 3; seed++) alone.push(await live(sandbox(), programs, { seed }));
    const lives: Life[] = await Promise.all([0, 1, 2].map((seed) => sandbox().open({ seed })));
    const together: StepReport[][] = [[], [], []];
    for (const program of programs)
      for (const [i, life] of lives.entries()) together[i]!.push(await life.step(program));
    for (const life of lives) await life.close();
    assert.deepEqual(together.map(facts), alone.map(facts));
    assert.notEqual(facts(alone[0]!), facts(alone[1]!), "a seed of its own has draws of its own");
  });

  it("is told whole where its child is killed after an attempt: what it printed, threw and left", async () => {
    const program =
      "import os\nprint('before')\ntry:\n    os.system('id')\nexcept OSError as error:\n    print(error)\nself.told = call_LLM('go on?')\n1 / 0";
    const lived = (kills: number) => liveAmongKills(sandbox(), ["self.n = 1", program], kills);
    const calm = await lived(0);
    assert.deepEqual(
      [calm[1]!.verdict, calm[1]!.output, calm[1]!.error?.name],
      ["attempted_harm", "before\n[Errno 13] Permission denied\n", "ZeroDivisionError"],
    );
    assert.equal(membersOf(calm[1]!).told, '"yes"');
    const { replaced } = sandbox().stats();
    assert.equal(facts(await lived(1)), facts(calm));
    assert.ok(sandbox().stats().replaced > replaced, "its child was killed");
  });

  it("lives a life again byte for byte in another child: addresses, hashes, chance, time", async () => {
    const programs = [
      "import random, uuid, time, datetime\nclass A: pass\nprint(A(), id(A()), {'x', 'y', A}, hash('q'), random.random(), uuid.uuid4(), time.time(), datetime.datetime.now())",
      "import asyncio\nasync def f():\n    await asyncio.sleep(5)\n    return 5\nprint(f, asyncio.run(f()), time.time())",
      "def g(): pass\nprint(g, [id(x) for x in range(3)], list(globals()))",
      "n = 0\nwhile True:\n    n += 1",
    ];
    const first = await live(sandbox(), programs, { seed: 5 });
    await using other = await createSandbox({ body: python, workers: 1 });
    await live(other, ["x = [0] * 1_000_000", "while True: pass"]);
    const second = await live(other, programs, { seed: 5 });
    assert.equal(facts(second), facts(first));
    assert.equal(first.at(-1)!.verdict, "timeout");
    assert.equal(first.length, 4);
  });
});
