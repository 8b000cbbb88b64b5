/**
 * Runs first in each isolate. `Math.random` and the clock of a life are its own: nothing in it depends on when or where it
 * runs. What the host refuses to compile is thrown as the isolate's own error. Given by the child: `__seed`,
 * `__compileText`; left for `guest.ts`: `__compile`. No imports: see there.
 */

declare const __seed: number;
declare const __compileText: (code: string) => string;

((seed) => {
  const scope = globalThis as unknown as Record<string, unknown>;
  const { defineProperty, getOwnPropertyDescriptor } = Object;
  const { apply, construct, get } = Reflect;

  // sfc32, by Chris Doty-Humphrey (public domain).
  let [a, b, c, d] = [seed | 0, 0x9e3779b9 | 0, 0x7f4a7c15 | 0, 1];
  Math.random = function random() {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 12; i++) Math.random();

  let clock = 1767225600000;
  const Real = Date;
  const now = () => {
    clock += 1;
    return clock;
  };
  const Own: DateConstructor = new Proxy(Real, {
    construct: (target, args, to) =>
      construct(target, args.length === 0 ? [now()] : args, to === scope.Date ? target : to) as object,
    apply: () => new Real(now()).toString(),
    get: (target, key) => (key === "now" ? now : get(target, key)),
  });
  scope.Date = Own;
  Real.prototype.constructor = Own;

  const Format = Intl.DateTimeFormat.prototype;
  type Formatting = (date?: unknown) => unknown;
  const formatOf = getOwnPropertyDescriptor(Format, "format")!.get!;
  const bound = function format(this: unknown): Formatting {
    const own = apply(formatOf, this, []) as Formatting;
    return (date) => own(date === undefined ? now() : date);
  };
  defineProperty(Format, "format", { get: bound, configurable: true });
  const { formatToParts } = Format;
  (Format as { formatToParts: unknown }).formatToParts = function (this: unknown, date?: unknown) {
    return apply(formatToParts, this, [date === undefined ? now() : date]);
  };

  const { slice } = String.prototype;
  const [compileText, SyntaxErrorOf] = [__compileText, SyntaxError];
  scope.__compile = (code: string): string => {
    const text = compileText(code);
    if (text[0] !== "!") return text;
    throw new SyntaxErrorOf(apply(slice, text, [1]));
  };
  for (const name of ["WeakRef", "FinalizationRegistry", "__seed", "__compileText"]) delete scope[name];
})(__seed);

export {};
