/** One probe, as the child is given it. */
export interface Probe {
  program: string;
  /** What it compiles to; null where the child must compile it. */
  compiled: string | null;
  /** Run before the step's own program, else after it. */
  before: boolean;
  /** Where its effect must show, and the plain value that must be there. */
  expected: ["state" | "self", string, unknown][];
  /** What it leaves in the state or on the agent, to be taken away again. */
  names: string[];
}
