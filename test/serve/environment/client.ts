/** A client of OpenEnv's protocol that knows nothing of the server: a bare WebSocket, one answer for each message. */

import { WebSocket } from "ws";

/** An answer, as it came. */
export interface Answer {
  type: string;
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what a test asks
  data: any;
}

/** A client that is connected. */
export class Client {
  readonly socket: WebSocket;
  /** Answers that nobody has taken yet, and those who wait for one, of whom there is none then. */
  readonly #answers: Answer[] = [];
  readonly #waiting: PromiseWithResolvers<Answer>[] = [];
  #ended: Error | null = null;
  /** All that came, as text. */
  readonly frames: string[] = [];
  /** Resolves to the code and the reason when the connection has ended. */
  readonly closed: Promise<[code: number, reason: string]>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    // Not by `once` of node:events: that rejects at a socket's error, which nobody hears where a connection was refused.
    this.closed = new Promise((resolve) => {
      socket.once("close", (code: number, reason: Buffer) => {
        this.#ended = new Error(`closed: ${code} ${String(reason)}`);
        for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
        resolve([code, String(reason)]);
      });
    });
    socket.on("error", () => {});
    socket.on("message", (raw) => {
      const text = String(raw);
      this.frames.push(text);
      const answer = JSON.parse(text) as Answer;
      const next = this.#waiting.shift();
      if (next === undefined) this.#answers.push(answer);
      else next.resolve(answer);
    });
  }

  /** Connects. Rejects with the status and the text of a refusal. */
  static async open(url: string, headers: { [name: string]: string } = {}): Promise<Client> {
    const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, { headers });
    const client = new Client(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", resolve);
      socket.once("error", reject);
      socket.once("unexpected-response", async (_, response) => {
        let text = "";
        for await (const piece of response) text += String(piece);
        reject(new Error(`${response.statusCode}: ${(JSON.parse(text) as { detail: string }).detail}`));
      });
    });
    return client;
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  /** The next answer. Rejects where the connection has ended before it came. */
  answer(): Promise<Answer> {
    const own = Promise.withResolvers<Answer>();
    const here = this.#answers.shift();
    if (here !== undefined) own.resolve(here);
    else if (this.#ended !== null) own.reject(this.#ended);
    else this.#waiting.push(own);
    return own.promise;
  }

  async ask(message: unknown): Promise<Answer> {
    this.send(message);
    return await this.answer();
  }

  reset(data: object = {}): Promise<Answer> {
    return this.ask({ type: "reset", data });
  }

  step(program: unknown): Promise<Answer> {
    return this.ask({ type: "step", data: { program } });
  }

  /** Goes, and resolves when the server has heard of it. */
  async close(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}
