/** Stages of a text. */

import { type Constant, fewNumbers, type Kind, type Stage, type StageWords, someWords, stage } from "./stage.ts";

const one = (gives: Kind, words: StageWords): Stage => stage(["text"], gives, words);
const by = (gives: Kind, k: readonly Constant[], words: StageWords): Stage => one(gives, { constants: [k], ...words });
const reversed = (text: string): string => [...text].reverse().join("");
const isSome = (text: string): boolean => text.length > 0;
/** Words with one space between, so that it is plain what the words are. */
const hasWords = (text: string): boolean => /^[A-Za-z]+( [A-Za-z]+)*$/.test(text);
/** Whether large and small letters are the same is not said: where it matters nothing is asked. */
const isSaid = (test: (t: string, k: string) => boolean) => (t: string, k: string) =>
  test(t, k) === test(t.toLowerCase(), k);
const marks = ["!", "?", ".", "...", " ok", "-", "+", "#"];

/** Changes of a text. */
export const textStages: { readonly [name: string]: Stage } = {
  upper: one("text", {
    names: "shout upper loud",
    phrase: ["{0} in upper case", "{0} in capital letters"],
    next: "in upper case",
    code: "{0}.toUpperCase()",
    run: (t: string) => t.toUpperCase(),
  }),
  lower: one("text", {
    names: "whisper lower quiet",
    phrase: ["{0} in lower case", "{0} in small letters"],
    next: "in lower case",
    code: "{0}.toLowerCase()",
    run: (t: string) => t.toLowerCase(),
  }),
  reverse: one("text", {
    names: "reverse backwards mirror",
    phrase: ["{0} reversed", "{0} backwards"],
    next: "reversed",
    code: '[...{0}].reverse().join("")',
    loop: 'let {out} = "";\nfor (const c of {0}) {out} = c + {out};',
    run: reversed,
  }),
  first: one("text", {
    names: "first initial head",
    phrase: "the first character of {0}",
    code: "{0}[0]",
    run: (t: string) => t[0],
    needs: isSome,
  }),
  last: one("text", {
    names: "last tail",
    phrase: "the last character of {0}",
    code: "{0}[{0}.length - 1]",
    run: (t: string) => t.at(-1),
    needs: isSome,
  }),
  twice: one("text", {
    names: "twice echo",
    phrase: ["{0} twice", "{0} two times in a row"],
    next: "twice in a row",
    code: "{0} + {0}",
    run: (t: string) => t + t,
  }),
  dashes: one("text", {
    names: "dash slug",
    phrase: "{0} with a dash in place of each space",
    next: "with a dash in place of each space",
    code: '{0}.replaceAll(" ", "-")',
    run: (t: string) => t.replaceAll(" ", "-"),
  }),
  squeeze: one("text", {
    names: "squeeze tight",
    phrase: ["{0} without spaces", "{0} without its spaces"],
    next: "without its spaces",
    code: '{0}.replaceAll(" ", "")',
    run: (t: string) => t.replaceAll(" ", ""),
  }),
  ending: by("text", marks, {
    names: "finish mark close",
    phrase: ["{0} with {k} at the end", "{0} followed by {k}"],
    next: "with {k} at the end",
    code: "{0} + {k}",
    run: (t: string, k: string) => t + k,
  }),
  beginning: by("text", ["Hello, ", "Dear ", "my ", "> ", "- ", "not ", "the "], {
    names: "prefix start label",
    phrase: ["{0} with {k} before it", "the text {k} followed by {0}"],
    next: "with {k} before it",
    code: "{k} + {0}",
    run: (t: string, k: string) => k + t,
  }),
  between: by("text", ["*", "_", "~", "|", "'"], {
    names: "wrap quote",
    phrase: "{0} with {k} before and after it",
    next: "with {k} before and after it",
    code: "{k} + {0} + {k}",
    run: (t: string, k: string) => k + t + k,
  }),
  afterWord: by("text", someWords, {
    names: "suffix finish tag",
    phrase: "{0} followed by a space and {k}",
    code: '{0} + " " + {k}',
    run: (t: string, k: string) => `${t} ${k}`,
  }),
  beforeWord: by("text", someWords, {
    names: "prefix start label",
    phrase: "{k} followed by a space and {0}",
    code: '{k} + " " + {0}',
    run: (t: string, k: string) => `${k} ${t}`,
  }),
  repeat: by("text", fewNumbers.slice(1), {
    names: "repeat echo copy",
    phrase: ["{0} repeated {k} times", "{k} copies of {0} in a row"],
    next: "repeated {k} times",
    code: "{0}.repeat({k})",
    loop: 'let {out} = "";\nfor (let i = 0; i < {k}; i++) {out} += {0};',
    run: (t: string, k: number) => t.repeat(k),
  }),
  start: by("text", fewNumbers, {
    names: "short begin cut",
    phrase: ["the first {k} characters of {0}"],
    next: "cut to its first {k} characters",
    code: "{0}.slice(0, {k})",
    run: (t: string, k: number) => t.slice(0, k),
    needs: (t: string, k: number) => t.length >= k,
  }),
  stop: by("text", fewNumbers, {
    names: "ending back cut",
    phrase: ["the last {k} characters of {0}"],
    next: "cut to its last {k} characters",
    code: "{0}.slice(-{k})",
    run: (t: string, k: number) => t.slice(-k),
    needs: (t: string, k: number) => t.length >= k,
  }),
  without: by("text", fewNumbers, {
    names: "skip drop cut",
    phrase: ["{0} without its first {k} characters"],
    next: "without its first {k} characters",
    code: "{0}.slice({k})",
    run: (t: string, k: number) => t.slice(k),
    needs: (t: string, k: number) => t.length >= k,
  }),
  words: one("words", {
    names: "parts splitWords words",
    phrase: ["the words of {0} as a list", "a list of the words of {0}"],
    code: '{0}.split(" ")',
    run: (t: string) => t.split(" "),
    needs: hasWords,
  }),
  length: one("number", {
    names: "length size",
    phrase: ["the length of {0}", "how many characters {0} has"],
    code: "{0}.length",
    loop: "let {out} = 0;\nfor (const c of {0}) {out}++;",
    run: (t: string) => t.length,
  }),
  wordCount: one("number", {
    names: "countWords howMany",
    phrase: ["the number of words of {0}", "how many words {0} has"],
    code: '{0}.split(" ").length',
    run: (t: string) => t.split(" ").length,
    needs: hasWords,
  }),
};

/** Questions about a text. */
export const textQuestions: { readonly [name: string]: Stage } = {
  palindrome: one("boolean", {
    names: "palindrome isMirror",
    phrase: "whether {0} reads the same backwards",
    code: '{0} === [...{0}].reverse().join("")',
    run: (t: string) => t === reversed(t),
    // Whether large and small letters are the same is not said.
    needs: (t: string) => t === t.toLowerCase(),
  }),
  empty: one("boolean", {
    names: "empty isEmpty",
    phrase: "whether {0} is empty",
    code: '{0} === ""',
    run: (t: string) => t === "",
  }),
  spaced: one("boolean", {
    names: "spaced hasSpace",
    phrase: "whether {0} has a space in it",
    code: '{0}.includes(" ")',
    run: (t: string) => t.includes(" "),
  }),
  contains: by("boolean", someWords, {
    names: "has contains mentions",
    phrase: "whether {0} contains {k}",
    code: "{0}.includes({k})",
    run: (t: string, k: string) => t.includes(k),
    needs: isSaid((t, k) => t.includes(k)),
  }),
  starts: by("boolean", someWords, {
    names: "starts begins",
    phrase: "whether {0} starts with {k}",
    code: "{0}.startsWith({k})",
    run: (t: string, k: string) => t.startsWith(k),
    needs: isSaid((t, k) => t.startsWith(k)),
  }),
  ends: by("boolean", someWords, {
    names: "ends closes",
    phrase: "whether {0} ends with {k}",
    code: "{0}.endsWith({k})",
    run: (t: string, k: string) => t.endsWith(k),
    needs: isSaid((t, k) => t.endsWith(k)),
  }),
  is: by("boolean", someWords, {
    names: "is matches",
    phrase: "whether {0} is {k}",
    code: "{0} === {k}",
    run: (t: string, k: string) => t === k,
    needs: isSaid((t, k) => t === k),
  }),
  longer: by("boolean", fewNumbers, {
    names: "long isLong",
    phrase: "whether {0} is longer than {k} characters",
    code: "{0}.length > {k}",
    run: (t: string, k: number) => t.length > k,
  }),
  shorter: by("boolean", fewNumbers, {
    names: "short isShort",
    phrase: "whether {0} is shorter than {k} characters",
    code: "{0}.length < {k}",
    run: (t: string, k: number) => t.length < k,
  }),
};
