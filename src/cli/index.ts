/** Runs the command line of this process: `autoagent`. */

import { main } from "./main.ts";

// The launcher that handed over to this process may be killed, and nobody would be left to end what it started.
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
process.exitCode = await main(process.argv.slice(2));
