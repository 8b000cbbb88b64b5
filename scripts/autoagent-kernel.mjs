#!/usr/bin/env node
/** The `autoagent-kernel` command: hands over to the kernel's command line under Node 24. Plain JavaScript for any Node from 18 up. */

import { command, handOver } from "./setup.mjs";

await command(async () => handOver("kernel/cli"));
