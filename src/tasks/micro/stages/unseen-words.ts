/** Families outside training, of lists of words and of people. */

import { type Kind, type Person, type Stage, type StageWords, stage } from "./stage.ts";

const words = (gives: Kind, of: StageWords): Stage => stage(["words"], gives, of);
const people = (gives: Kind, of: StageWords): Stage => stage(["people"], gives, of);

/** Lists of words. */
export const wordStages: { readonly [name: string]: Stage } = {
  longest: words("text", {
    names: "longest longestWord",
    phrase: "the longest word of {0}, the first of them where several are longest",
    code: "{0}.reduce((a, b) => (b.length > a.length ? b : a))",
    run: (all: string[]) => all.reduce((a, b) => (b.length > a.length ? b : a)),
    needs: (all: string[]) => all.length > 0,
  }),
  lengths: words("numbers", {
    names: "lengths sizes",
    phrase: "the list of the lengths of the words of {0}",
    code: "{0}.map((w) => w.length)",
    run: (all: string[]) => all.map((w) => w.length),
  }),
  letters: words("number", {
    names: "letters totalLength",
    phrase: "how many letters the words of {0} have together",
    code: '{0}.join("").length',
    loop: "let {out} = 0;\nfor (const w of {0}) {out} += w.length;",
    run: (all: string[]) => all.join("").length,
  }),
  sentence: words("text", {
    names: "sentence together",
    phrase: "the words of {0} as one text with a space between them and a full stop at the end",
    code: '{0}.join(" ") + "."',
    run: (all: string[]) => `${all.join(" ")}.`,
    needs: (all: string[]) => all.length > 0,
  }),
  alphabetical: words("words", {
    names: "alphabetical order",
    phrase: "the words of {0} in alphabetical order",
    code: "[...{0}].sort()",
    run: (all: string[]) => [...all].sort(),
  }),
  loud: words("words", {
    names: "loud shoutAll",
    phrase: "the list of the words of {0} in upper case",
    code: "{0}.map((w) => w.toUpperCase())",
    run: (all: string[]) => all.map((w) => w.toUpperCase()),
  }),
  longer: words("words", {
    constants: [[3, 4, 5]],
    names: "longer keepLong",
    phrase: "the words of {0} that have more than {k} letters",
    code: "{0}.filter((w) => w.length > {k})",
    run: (all: string[], k: number) => all.filter((w) => w.length > k),
  }),
  startingWith: words("words", {
    constants: [[..."abcfmst"]],
    names: "starting keep",
    phrase: "the words of {0} that begin with the letter {k}",
    code: "{0}.filter((w) => w.startsWith({k}))",
    run: (all: string[], k: string) => all.filter((w) => w.startsWith(k)),
  }),
  holding: words("number", {
    constants: [[..."aeor"]],
    names: "holding countWith",
    phrase: "how many words of {0} have the letter {k} in them",
    code: "{0}.filter((w) => w.includes({k})).length",
    run: (all: string[], k: string) => all.filter((w) => w.includes(k)).length,
  }),
};

/** Lists of people: `{ name, age }`. */
export const peopleStages: { readonly [name: string]: Stage } = {
  names: people("words", {
    names: "names namesOf",
    phrase: "the list of the names of {0}",
    code: "{0}.map((p) => p.name)",
    run: (all: Person[]) => all.map(({ name }) => name),
  }),
  ages: people("numbers", {
    names: "ages agesOf",
    phrase: "the list of the ages of {0}",
    code: "{0}.map((p) => p.age)",
    run: (all: Person[]) => all.map(({ age }) => age),
  }),
  oldest: people("text", {
    names: "oldest eldest",
    phrase: "the name of the oldest of {0}",
    code: "{0}.reduce((a, b) => (b.age > a.age ? b : a)).name",
    run: (all: Person[]) => all.reduce((a, b) => (b.age > a.age ? b : a)).name,
    needs: (all: Person[]) => all.length > 0 && new Set(all.map(({ age }) => age)).size === all.length,
  }),
  together: people("number", {
    names: "together totalAge",
    phrase: "how old {0} are together, all ages added",
    code: "{0}.reduce((a, p) => a + p.age, 0)",
    run: (all: Person[]) => all.reduce((a, p) => a + p.age, 0),
  }),
  olderThan: people("words", {
    constants: [[18, 21, 30, 40, 50]],
    names: "older adults",
    phrase: "the list of the names of those of {0} who are older than {k}",
    code: "{0}.filter((p) => p.age > {k}).map((p) => p.name)",
    run: (all: Person[], k: number) => all.filter(({ age }) => age > k).map(({ name }) => name),
  }),
  younger: people("number", {
    constants: [[18, 21, 30, 40, 50]],
    names: "younger countYoung",
    phrase: "how many of {0} are younger than {k}",
    code: "{0}.filter((p) => p.age < {k}).length",
    run: (all: Person[], k: number) => all.filter(({ age }) => age < k).length,
  }),
  meanAge: people("number", {
    names: "meanAge averageAge",
    phrase: "the mean age of {0}",
    code: "{0}.reduce((a, p) => a + p.age, 0) / {0}.length",
    run: (all: Person[]) => all.reduce((a, p) => a + p.age, 0) / all.length,
    needs: (all: Person[]) => all.length > 0,
  }),
  known: people("boolean", {
    constants: [["Ada", "Bo", "Cleo", "Dan"]],
    names: "knows hasName",
    phrase: "whether someone of {0} has the name {k}",
    code: "{0}.some((p) => p.name === {k})",
    run: (all: Person[], k: string) => all.some(({ name }) => name === k),
  }),
  birthday: people("people", {
    names: "older nextYear",
    phrase: "the list of {0} with each of them one year older, and their names as they are",
    code: "{0}.map((p) => ({ name: p.name, age: p.age + 1 }))",
    run: (all: Person[]) => all.map(({ name, age }) => ({ name, age: age + 1 })),
  }),
};
