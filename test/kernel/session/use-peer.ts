/** One kernel over the real protocol, as a front end sees it, for all tests of a suite. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Peer, startPeer } from "../../../bench/kernel/peer.ts";
import { kernelSpec } from "../../../kernel/install.ts";

/** What a suite has of its kernel, once its tests run. */
export interface SuitePeer {
  readonly peer: Peer;
  /** Where the kernel runs. */
  readonly folder: string;
}

/** Starts a kernel in a folder of its own before the suite's tests, and ends it after them. */
export function usePeer({ environment }: { environment?: { [name: string]: string } } = {}): SuitePeer {
  let folder: string;
  let peer: Peer;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "peer-"));
    const { argv } = kernelSpec() as { argv: string[] };
    peer = await startPeer({ name: "ours", argv, directory: folder, ...(environment && { environment }) });
  });
  after(async () => {
    await peer.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    get peer() {
      return peer;
    },
    get folder() {
      return folder;
    },
  };
}
