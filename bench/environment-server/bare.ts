/**
 * A WebSocket client with nothing in it that a step does not need: it frames a message in one write, and reads whole frames
 * of text. Source: RFC 6455, parts 4.1 and 5. It is an instrument: what it takes of a processor is taken from the server that
 * is measured beside it. Not here: fragments, refusals; `ws` is the client for those.
 */

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** The first bytes of frames that are whole. */
const [textFrame, closeFrame, pingFrame, pongFrame] = [0x81, 0x88, 0x89, 0x8a];

/** A client that is connected, and asks one thing after the other. */
export class BareClient {
  readonly #socket: Socket;
  #rest: Buffer = Buffer.alloc(0);
  #waiting: PromiseWithResolvers<unknown> | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (bytes) => this.#hear(bytes as Buffer));
    socket.on("error", (error) => this.#waiting?.reject(error));
    socket.on("close", () => this.#waiting?.reject(new Error("the server has ended the connection")));
  }

  /** Connects to a server by its address. Rejects with the first line of a refusal. */
  static async open(url: string): Promise<BareClient> {
    const { host, hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    const key = randomBytes(16).toString("base64");
    const head = ["GET /ws HTTP/1.1", `Host: ${host}`, "Connection: Upgrade", "Upgrade: websocket"];
    socket.write(`${[...head, "Sec-WebSocket-Version: 13", `Sec-WebSocket-Key: ${key}`].join("\r\n")}\r\n\r\n`);
    // The server says nothing unasked: what comes is the head of its answer, and no more.
    const [answer] = await once(socket, "data");
    const [status] = String(answer).split("\r\n");
    if (!status!.startsWith("HTTP/1.1 101 ")) throw new Error(`the server refused a connection: ${status}`);
    socket.removeAllListeners("data");
    return new BareClient(socket);
  }

  reset(seed: number): Promise<unknown> {
    return this.#ask({ type: "reset", data: { seed } });
  }

  step(program: string): Promise<unknown> {
    return this.#ask({ type: "step", data: { program } });
  }

  /** Goes, and resolves when the server has heard of it. */
  async close(): Promise<void> {
    const closed = once(this.#socket, "close");
    this.#socket.write(frameOf(closeFrame, Buffer.from([0x03, 0xe8]))); // 1000: as it should be
    await closed;
  }

  #ask(message: object): Promise<unknown> {
    this.#waiting = Promise.withResolvers();
    this.#socket.write(frameOf(textFrame, Buffer.from(JSON.stringify(message))));
    return this.#waiting.promise;
  }

  #hear(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let bounds = boundsOf(this.#rest); bounds !== null; bounds = boundsOf(this.#rest)) {
      const [first, from, to] = bounds;
      const payload = this.#rest.subarray(from, to);
      this.#rest = this.#rest.subarray(to);
      if (first === textFrame) this.#settle(payload.toString());
      else if (first === pingFrame) this.#socket.write(frameOf(pongFrame, payload));
      else this.#socket.end(); // the answer to a goodbye
    }
  }

  #settle(text: string): void {
    const answer = JSON.parse(text) as { type: string; data: { message?: string } };
    if (answer.type === "error") this.#waiting?.reject(new Error(`the server answers: ${answer.data.message}`));
    else this.#waiting?.resolve(answer);
  }
}

/** The first byte of the frame that bytes begin with, and where its payload begins and ends; null where it is not all there. */
function boundsOf(bytes: Buffer): [first: number, from: number, to: number] | null {
  if (bytes.length < 2) return null;
  const short = bytes[1]!;
  const from = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < from) return null;
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  return bytes.length < from + length ? null : [bytes[0]!, from, from + length];
}

/** A frame as a client must send it: masked by four drawn bytes. `payload` has less than 64 KiB. */
function frameOf(first: number, payload: Buffer): Buffer {
  const { length } = payload;
  const at = length < 126 ? 2 : 4;
  const frame = Buffer.allocUnsafe(at + 4 + length);
  frame[0] = first;
  frame[1] = 0x80 | Math.min(length, 126);
  if (length >= 126) frame.writeUInt16BE(length, 2);
  frame.writeUInt32BE(Math.floor(Math.random() * 2 ** 32), at);
  for (let i = 0; i < length; i++) frame[at + 4 + i] = payload[i]! ^ frame[at + (i & 3)]!;
  return frame;
}
