/** A model behind OpenAI's API. */

export { describeServeError, type ServeError, ServeFailure } from "./error.ts";
export { type ModelServer, type ServeOptions, serve } from "./server.ts";
