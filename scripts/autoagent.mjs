#!/usr/bin/env node
/** The `autoagent` command: hands over to its command line under Node 24. Plain JavaScript for any Node from 18 up. */

import { command, handOver } from "./setup.mjs";

await command(async () => handOver("src/cli/index"));
