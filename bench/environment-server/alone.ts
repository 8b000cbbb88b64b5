/** What the bridge itself takes of a processor: an environment that costs nothing, behind a server in a process of its own. */

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Row } from "../../src/display/index.ts";
import { type Turn, turnByPython, turnByWebSocket } from "./turns.ts";

/** Milliseconds of a processor a step, of the server's and of each client's; the second turn of each, when all is compiled. */
export async function bridgeAlone({ seconds, python }: { seconds: number; python: string | null }): Promise<Row[]> {
  const flags = ["--conditions=autoagent-lab-source", "--disable-warning=ExperimentalWarning"];
  const script = join(import.meta.dirname, "empty.ts");
  const child = spawn(process.execPath, [...flags, script], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [url] = (await once(createInterface(child.stdout), "line")) as [string];
    const server = { url, pid: child.pid! };
    const how = { sessions: 8, seconds };
    const rowOf = ({ client, host, rate }: Turn, name: string): Row => ({
      ...{ client: name, "steps/s": Math.round(rate), "its own": Number(client.toFixed(3)) },
      server: Number(host.toFixed(3)),
    });
    await turnByWebSocket(server, how);
    const rows = [rowOf(await turnByWebSocket(server, how), "bare WebSocket")];
    if (python !== null) rows.push(rowOf(await turnByPython(server, { ...how, python }), "Python client"));
    return rows;
  } finally {
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}
