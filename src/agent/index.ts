/** The agent: an object that runs code on itself. */

export { AutonomousLLM } from "./agent.ts";
export { type Certificate, certificateOf, certify, type Ending as CertificateEnding } from "./certificate.ts";
export { AgentFailure } from "./failure.ts";
export { compareGenomes, type Edit as GenomeEdit, hashGenome } from "./genome.ts";
export type { AgentLineage, AgentNode } from "./lineage.ts";
export { describeLost } from "./lost.ts";
export { type ModelPolicyOptions, modelPolicy } from "./model-policy.ts";
export type { AgentOptions, AgentStep, Place as AgentPlace } from "./types.ts";
export { type WrittenByOptions, writtenBy } from "./written-by.ts";
