/**
 * What an environment takes and gives, as JSON Schema, and the pages that describe the server: OpenEnv's validator and
 * clients ask for them.
 */

import { SurvivalEnv } from "../../environment/index.ts";

/** The protocol's version; `openenv validate` chooses its rules by the first number of it. */
const protocolVersion = "1.0.0";

const text = { type: "string" } as const;
const object = { type: "object" } as const;
const orNull = (type: string) => ({ anyOf: [{ type }, { type: "null" }] });

const action = {
  title: "ProgramAction",
  type: "object",
  additionalProperties: false,
  // One field alone is required: some clients then take a model's whole reply for it.
  required: ["program"],
  properties: {
    program: {
      ...text,
      description: "A program, run by the agent's own execute_code on the agent itself: `self` is the agent",
    },
    metadata: { ...object, description: "Read by nobody" },
  },
};

const member = { type: "object", properties: { name: text, kind: { enum: ["attribute", "method"] }, source: text } };

const survival = {
  title: "SurvivalObservation",
  type: "object",
  properties: {
    step: { type: "integer", description: "Steps lived so far" },
    query: text,
    response: text,
    genome: { type: "array", items: member, description: "The agent's attributes and methods" },
    task: { ...orNull("string"), description: "What the agent is asked to do in the next step" },
    energy: { ...orNull("number"), description: "What it has left to live on; null where steps cost nothing" },
    verdict: { ...orNull("string"), description: "How the last step ended; null after a reset" },
    cause: { ...text, description: "What ended the life" },
    output: { ...text, description: "What the last program printed" },
  },
};

const anything = { title: "Observation", type: "object", additionalProperties: true };

const state = {
  title: "State",
  type: "object",
  properties: { episode_id: orNull("string"), step_count: { type: "integer" } },
};

/** The schemas of an environment's actions, observations and state. */
export function schemasOf(env: object): { [name: string]: object } {
  const observation = env instanceof SurvivalEnv ? survival : anything;
  return { action, observation, reset_observation: observation, state };
}

/** The server as an OpenAPI document. */
export function openApiOf(title: string, schemas: { [name: string]: object }): object {
  const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
  const json = (schema: object) => ({ content: { "application/json": { schema } } });
  const answer = (schema: object) => ({ responses: { 200: { description: "OK", ...json(schema) } } });
  const told = object;
  const step = { ...object, required: ["action"], properties: { action: ref("action") } };
  const reset = { ...object, properties: { seed: orNull("integer"), episode_id: orNull("string") } };
  const alone = "A new environment for this request alone: play an episode by the WebSocket /ws";
  return {
    openapi: "3.1.0",
    info: { title, version: protocolVersion },
    paths: {
      "/health": { get: answer(object) },
      "/metadata": { get: answer(object) },
      "/schema": { get: answer(object) },
      "/state": { get: { description: alone, ...answer(ref("state")) } },
      "/reset": { post: { description: alone, requestBody: json(reset), ...answer(told) } },
      "/step": { post: { description: alone, requestBody: json(step), ...answer(told) } },
      "/mcp": { post: answer(object) },
    },
    components: { schemas },
  };
}
