/** Programs that use what most programs do: see `main.ts`. */

(globalThis as unknown as { warming: readonly string[] }).warming = [
  "self.n = 1\nself.n += 2.5\nself.items = [x * 2 for x in range(20) if x % 3]\nself.table = {'a': (1, None, True)}",
  "def greet(name, *more, key=1, **rest):\n    return f'hi {name} {key:>4}'\nprint(greet('you'), sorted({3, 1}), 'a b'.split())",
  "class A:\n    def __init__(self, n):\n        self.n = n\n    def __repr__(self):\n        return str(self.n)\nself.a = A(3)\nprint(self.a)",
  "import json, re, random, math, collections\nprint(json.dumps({'a': [1, 2.5]}), re.sub('a+', 'b', 'caat'), random.random(), math.pi)",
  "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    print(error)\nself.twice = lambda n: n * 2\nprint(self.twice(4))",
  "old = execute_code\ndef execute_code(code):\n    return old(code)",
  "import time, uuid, datetime, asyncio\nprint(time.time(), uuid.uuid4(), datetime.datetime.now(), id(object()), {'x', 'y'})",
  "raise ValueError('warm')",
  "x = (",
];

export {};
