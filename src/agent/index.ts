/** The agent: an object that runs code on itself. */

export { AutonomousLLM } from "./agent.ts";
export { type Certificate, certificateOf, certify, type Ending as CertificateEnding } from "./certificate.ts";
export { compareGenomes, type Edit as GenomeEdit, hashGenome } from "./genome.ts";
export type { AgentLineage, AgentNode } from "./lineage.ts";
export { describeLost } from "./lost.ts";
export { type ModelPolicyOptions, modelPolicy } from "./model-policy.ts";
export { AgentFailure, type AgentOptions, type AgentStep, type Place as AgentPlace } from "./types.ts";
export { type WrittenByOptions, writtenBy } from "./written-by.ts";
