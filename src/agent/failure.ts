/** What an agent says when it is used as it cannot be. */

/** Thrown when an agent is used as it cannot be; the text says what to do. */
export class AgentFailure extends Error {
  override readonly name = "AgentFailure";
}

/** The failure of whoever asks for what was after more steps than there were. */
export function nothingAfter(step: number, lived: number): AgentFailure {
  return new AgentFailure(`There is nothing after ${step} steps: this agent has lived ${lived}.`);
}

/** The failure of whoever asks a dead agent for a step; `verdict`: what it died of. */
export function deadBy({ verdict }: { verdict: string }): AgentFailure {
  return new AgentFailure(`This agent is dead (${verdict}): fork() it, or make another.`);
}
