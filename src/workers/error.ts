/** What can go wrong between a driver and its workers, as data, and its text. */

/** One fault. */
export type WorkersError =
  | { kind: "unsent"; what: string; why: string }
  | { kind: "weights"; policy: string }
  | { kind: "module"; path: string; why: string }
  | { kind: "build"; where: string; found: string; expected: string }
  | { kind: "content"; name: string; found: string }
  | { kind: "missing"; name: string }
  | { kind: "index"; path: string; why: string }
  | { kind: "number"; part: number; parts: number }
  | { kind: "work"; part: number; what: string; worker: string; why: string }
  | { kind: "part"; part: number; first: number; last: number; worker: string; why: string }
  | { kind: "training"; path: string }
  | { kind: "redis"; url: string; why: string }
  | { kind: "install" }
  | { kind: "no-worker"; url: string; build: string; others: readonly string[] };

/** Thrown by workers and by who sends them work; `error` tells what is wrong. */
export class WorkersFailure extends Error {
  override readonly name = "WorkersFailure";
  readonly error: WorkersError;
  constructor(error: WorkersError, options?: ErrorOptions) {
    super(describeWorkersError(error), options);
    this.error = error;
  }
}

/** The text of a fault: the value and the cure. */
export function describeWorkersError(error: WorkersError): string {
  switch (error.kind) {
    case "unsent":
      return `${error.what} cannot be sent to workers: ${error.why}. Make it in a file of its own, by \`await workers.module("./own.ts", "name of the export", ...arguments)\``;
    case "weights":
      return `The policy ${error.policy} cannot be sent to workers: it learns, and has no \`plan()\` that tells its weights. Give it one, or train a policy of the library's, such as \`policies.editMenu()\``;
    case "module":
      return `The module ${error.path} ${error.why}`;
    case "build":
      return `${error.where} is of the build ${error.found}, and this is ${error.expected}: use the same version of autoagent-lab, Node and processor on both sides`;
    case "content":
      return `What is called ${error.name} has another content (${error.found}): it was changed or damaged; delete it, and it is sent again`;
    case "missing":
      return `${error.name} is not there: it was deleted, or its time was over; start the rollout again`;
    case "index":
      return `${error.path} is no index of parts (${error.why}): give the spec.json of a folder that \`workers.folder()\` wrote`;
    case "number":
      return `There is no part ${error.part}: there are ${error.parts}, from 0 to ${error.parts - 1}`;
    case "part":
      return `Part ${error.part} (episodes ${error.first} to ${error.last}) failed on ${error.worker}: ${error.why}. It can be played here: leave out \`on\`, with first: ${error.first}, episodes: ${error.last - error.first + 1}`;
    case "work":
      return `Part ${error.part} (${error.what}) failed on ${error.worker}: ${error.why}. It can be done here: leave out \`on\``;
    case "training":
      return `Training cannot go through the folder ${error.path}: each update needs the weights of the one before. Use \`workers.redis(url)\``;
    case "redis":
      return `The queue at ${error.url} cannot be used: ${error.why}. Check the address, the name and the password, and that Redis or Valkey runs there`;
    case "install":
      return "Workers on a queue need two packages more: npm install --ignore-scripts bullmq ioredis";
    case "no-worker":
      return error.others.length > 0
        ? `No worker of this build (${error.build}) is up, only of ${error.others.join(", ")}: start workers of this version, by \`npx autoagent worker --redis ${error.url}\``
        : `No worker is up: start one by \`npx autoagent worker --redis ${error.url}\``;
    default:
      return error satisfies never;
  }
}
