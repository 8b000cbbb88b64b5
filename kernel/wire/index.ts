/** The wire: connection files, signed messages, sockets. */

export { addressOf, type Connection, portNames } from "./connection.ts";
export { type Codec, createCodec, type Header, type Message } from "./message.ts";
export { type Channel, openSockets, type SocketEvents, type Sockets } from "./sockets.ts";
