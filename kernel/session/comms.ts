/** The comms that are open, whichever side opened them. Spec: Jupyter messaging 5.4, "Custom messages". */

/** Open comms. */
export interface CommRegistry {
  /** Notes what a `comm_open` or `comm_close` does, from either side. */
  note(type: string, content: object): void;
  /** The content of a `comm_info_reply`. */
  info(targetName: unknown): object;
  /** Forgets all and gives their ids: the process that held their other end is gone. */
  drop(): string[];
}

/** Makes an empty registry. */
export function createComms(): CommRegistry {
  const open = new Map<string, string>();
  return {
    note(type, content) {
      const { comm_id: id, target_name: target } = content as { comm_id?: unknown; target_name?: unknown };
      if (typeof id !== "string") return;
      if (type === "comm_open") open.set(id, typeof target === "string" ? target : "");
      if (type === "comm_close") open.delete(id);
    },
    info(targetName) {
      const wanted = [...open].filter(([, target]) => typeof targetName !== "string" || target === targetName);
      return {
        status: "ok",
        comms: Object.fromEntries(wanted.map(([id, target]) => [id, { target_name: target }])),
      };
    },
    drop() {
      const ids = [...open.keys()];
      open.clear();
      return ids;
    },
  };
}
