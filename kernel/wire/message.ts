/** Jupyter messages: frames, signatures, replies. Spec: Jupyter messaging 5.4, "The wire protocol". Not here: sockets. */

import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

/** A message's header. */
export interface Header {
  msg_id: string;
  msg_type: string;
  session: string;
  username: string;
  date: string;
  version: string;
}

/** A parsed message. `parent` is `{}` where there is none. */
export interface Message {
  identities: Uint8Array[];
  header: Header;
  parent: Partial<Header>;
  metadata: { [key: string]: unknown };
  content: { [key: string]: unknown };
  buffers: Uint8Array[];
}

/** Makes, signs and reads messages of one connection. */
export interface Codec {
  /** This side's session id: changes when it restarts. */
  readonly session: string;
  /** Frames of a message. A reply's identities are its parent's. */
  encode(message: Message): Uint8Array[];
  /** The message in the frames, or why they are dropped: a bad message never throws. */
  decode(frames: readonly Uint8Array[]): Message | { dropped: string };
  /** A new message, a child of `parent` when given: the only way to make one. */
  make(type: string, content: object, options?: MakeOptions): Message;
}

interface MakeOptions {
  parent?: { header: Header; identities?: Uint8Array[] } | undefined;
  identities?: Uint8Array[];
  metadata?: object;
  buffers?: Uint8Array[];
}

const delimiter = "<IDS|MSG>";

/** Opens a codec for a connection's key and scheme. */
export function createCodec(
  { key, signature_scheme }: { key: string; signature_scheme: string },
  username = "kernel",
): Codec {
  const session = randomUUID();
  const algorithm = signature_scheme.replace(/^hmac-/, "");
  const sign = (parts: readonly Uint8Array[]): string => {
    if (key === "") return "";
    const hmac = createHmac(algorithm, key);
    for (const part of parts) hmac.update(part);
    return hmac.digest("hex");
  };
  return {
    session,
    encode({ identities, header, parent, metadata, content, buffers }) {
      const parts = [header, parent, metadata, content].map((part) => Buffer.from(JSON.stringify(part)));
      return [...identities, Buffer.from(delimiter), Buffer.from(sign(parts)), ...parts, ...buffers];
    },
    decode(frames) {
      const at = frames.findIndex((frame) => Buffer.from(frame).toString() === delimiter);
      if (at < 0) return { dropped: "no <IDS|MSG> delimiter" };
      const [signature, ...rest] = frames.slice(at + 1);
      if (signature === undefined || rest.length < 4)
        return { dropped: `${rest.length} parts where at least 4 are needed` };
      const parts = rest.slice(0, 4);
      const expected = Buffer.from(sign(parts));
      const given = Buffer.from(signature);
      if (key !== "" && (expected.length !== given.length || !timingSafeEqual(expected, given)))
        return { dropped: "its signature does not fit the connection's key" };
      try {
        const [header, parent, metadata, content] = parts.map((part) => JSON.parse(Buffer.from(part).toString())) as [
          Header,
          Partial<Header>,
          Message["metadata"],
          Message["content"],
        ];
        if (typeof header?.msg_type !== "string" || typeof header.msg_id !== "string")
          return { dropped: "its header has no msg_type or msg_id" };
        if (typeof content !== "object" || content === null) return { dropped: "its content is not an object" };
        const object = <T extends object>(value: T): T =>
          typeof value === "object" && value !== null ? value : ({} as T);
        return {
          identities: frames.slice(0, at),
          header,
          parent: object(parent),
          metadata: object(metadata),
          content,
          buffers: rest.slice(4),
        };
      } catch {
        return { dropped: "its parts are not JSON" };
      }
    },
    make(type, content, { parent, identities = parent?.identities ?? [], metadata = {}, buffers = [] } = {}) {
      const date = new Date().toISOString();
      const header = { msg_id: randomUUID(), msg_type: type, session, username, date, version: "5.4" };
      return {
        identities,
        header,
        parent: parent?.header ?? {},
        metadata: metadata as Message["metadata"],
        content: content as Message["content"],
        buffers,
      };
    },
  };
}
