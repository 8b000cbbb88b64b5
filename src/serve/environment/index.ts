/** An environment behind OpenEnv's protocol, for trainers in any language. Pages: docs/environment-server.md. */

export {
  describeEnvironmentServerError,
  type EnvironmentServerError,
  EnvironmentServerFailure,
} from "./error.ts";
export { type EnvironmentServer, type EnvironmentServerOptions, serveEnvironment } from "./server.ts";
