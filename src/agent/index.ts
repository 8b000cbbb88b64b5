/** The agent: an object that runs code on itself. */

export { AgentFailure, type AgentOptions, AutonomousLLM, type LivedStep } from "./agent.ts";
export { type Certificate, certificateOf, certify, type Ending as CertificateEnding } from "./certificate.ts";
export { compareGenomes, type Edit as GenomeEdit, hashGenome } from "./genome.ts";
export type { AgentLineage, AgentNode } from "./lineage.ts";
export { modelPolicy } from "./model-policy.ts";
export { extractProgram } from "./program.ts";
