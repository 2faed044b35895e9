import type { Socket } from 'node:net';
import type { Command } from '../clients/client.ts';
import { commandOf, Push, type Reply, Resp3Reader } from './resp3.ts';

/** In ms. A server that is silent for this time after a question counts as lost. */
const TIMEOUT = 5_000;

interface Question {
  readonly replies: Reply[];
  readonly count: number;
  resolve(replies: readonly Reply[]): void;
  reject(error: unknown): void;
}

interface Listener {
  /** Receives the names of written keys; `null` if any key may have been written. */
  told(keys: readonly string[] | null): void;
  /** Called once, when the connection has ended. */
  lost(): void;
}

/**
 * A connection over which a server tells the names of written keys.
 *
 * A reply shows that all messages about earlier writes have arrived. The server puts the messages about a write into
 * the buffers of all connections before it reads more input. The writer gets its reply at that time or later. If a
 * question is sent after the writer got its reply, the server reads the question later, so the messages arrive first.
 *
 * This holds only if no other byte is in transit when a question is sent. Therefore there is one question at a time,
 * and an error ends the connection: a busy server sends errors out of turn.
 */
export class Tracking {
  readonly #socket: Socket;
  readonly #listener: Listener;
  readonly #reader: Resp3Reader = new Resp3Reader();
  #question: Question | null = null;
  #error: unknown = new Error('the connection that tells changes has ended');

  constructor(socket: Socket, listener: Listener) {
    this.#socket = socket;
    this.#listener = listener;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('timeout', () => this.#end(new Error(`Redis told no changes within ${TIMEOUT} ms`)));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#lose());
    // An open connection must not keep the process running.
    socket.unref();
  }

  /** Sends commands at once, and resolves to their replies. Rejects and ends the connection if one of them is an error. */
  ask(...commands: readonly Command[]): Promise<readonly Reply[]> {
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed || this.#question !== null) return reject(this.#error);
      this.#question = { replies: [], count: commands.length, resolve, reject };
      this.#socket.setTimeout(TIMEOUT);
      this.#socket.write(commands.map(commandOf).join(''));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    try {
      for (const reply of this.#reader.read(chunk)) {
        if (reply instanceof Push) this.#hear(reply);
        else this.#answer(reply);
      }
    } catch (error) {
      this.#end(error);
    }
  }

  #hear({ parts: [kind, keys] }: Push): void {
    if (kind === 'invalidate') this.#listener.told(keys === null ? null : (keys as readonly string[]));
  }

  #answer(reply: Reply): void {
    const question = this.#question;
    if (question === null) throw new Error('Redis answered without a question');
    if (reply instanceof Error) throw reply;
    question.replies.push(reply);
    if (question.replies.length < question.count) return;
    this.#question = null;
    this.#socket.setTimeout(0);
    question.resolve(question.replies);
  }

  #end(error: unknown): void {
    this.#error = error;
    this.#socket.destroy();
  }

  #lose(): void {
    this.#question?.reject(this.#error);
    this.#question = null;
    this.#listener.lost();
  }
}
