/** The words that asks and programs are made of. Most are one token of r50k, with and without the space before them. */

/** Names of attributes that hold one value. */
export const attributeNames = (
  "score name color mood goal level speed size weight age city food drink song game book title word limit target price " +
  "total rate status version flag label key answer result value energy power health money points lives year day month " +
  "topic plan role owner friend animal planet tool language team place hour width height depth"
).split(" ");

/** Names of attributes that hold a list. */
export const listNames = "items list notes words names tags tasks ideas friends colors files books songs events".split(
  " ",
);

/** Names of attributes that count. */
export const counterNames = "count counter calls runs visits turns moves tries wins ticks".split(" ");

/** Words that stand as values. */
export const valueWords = (
  "tea coffee red blue green gold black white happy calm ready busy open closed north south river ocean moon star sun " +
  "rain snow wind fire stone tree apple bread cheese fish cat dog bird horse lion robot hello yes no start stop left " +
  "right Paris Rome Tokyo London Berlin chess piano guitar water milk sugar salt lemon summer winter spring Monday Friday"
).split(" ");

/** Numbers that stand as values, the small ones more often. */
export const valueNumbers = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 24, 25, 30, 40, 42, 50, 60, 64, 75, 80, 90, 99, 100, 200, 500, 1000],
];

/** Numbers that stand in arithmetic. */
export const smallNumbers = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 15, 20, 25, 50, 100];

/** Names of functions that say nothing of what they do. */
export const plainNames =
  "calc compute work apply convert transform change make use helper tool trick skill solve check find get".split(" ");

/** Sentences that an agent asks itself. */
export const questions = [
  "what is new?",
  "what should I learn next?",
  "who am I?",
  "how can I help?",
  "what did I do?",
  "what is my goal?",
  "what can I do better?",
  "is everything fine?",
  "what time is it?",
  "what comes next?",
];
