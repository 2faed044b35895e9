import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';

/** A connection through the proxy: a socket to the client, and a socket to the server. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Whether the proxy blocks this connection. It then passes on neither bytes nor the end of the connection. */
  silent: boolean;
}

/**
 * An answer that is lost on its way to the client. Several proxies may share it: their answers are counted together.
 */
export class LostAnswer {
  /** Whether the answer has come and was lost. */
  isLost = false;
  #before: number;

  /** @param before How many answers arrive before the lost one. */
  constructor(before: number) {
    this.#before = before;
  }

  /** Counts an answer. Returns whether the proxy must lose it. */
  comes(): boolean {
    if (this.isLost || this.#before-- > 0) return false;
    this.isLost = true;
    return true;
  }
}

/** A proxy on the loopback interface. It simulates the faults of a network. */
export class LoopbackProxy {
  readonly port: number;
  readonly #listener: Server;
  readonly #pairs = new Set<Pair>();
  #target: number;
  #delay = 0;
  #silent = false;
  #refusing = false;
  #lost: LostAnswer | null = null;

  private constructor(listener: Server, target: number) {
    this.#listener = listener;
    this.#target = target;
    this.port = (listener.address() as AddressInfo).port;
    listener.on('connection', (client) => this.#connect(client));
  }

  /** Opens a proxy to a port of this machine. */
  static async open(target: number): Promise<LoopbackProxy> {
    const listener = createServer({ pauseOnConnect: true });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new LoopbackProxy(listener, target);
  }

  /** Resets every open connection, towards the client and towards the server. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Passes on nothing over old and new connections, as if a cable were pulled. */
  swallow(): void {
    this.#silent = true;
    this.#muffle();
  }

  /**
   * Passes on nothing over open connections, as if the server had been replaced. New connections work. Resets the open
   * connections towards the server, because a server that is gone holds no locks.
   */
  silence(): void {
    this.#muffle();
    for (const { server } of this.#pairs) server.resetAndDestroy();
  }

  /** Refuses new connections and resets open ones, as if the server had stopped. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /** Delays all bytes by this many ms, in both directions. */
  delay(ms: number): void {
    this.#delay = ms;
  }

  /**
   * Loses one answer: the server executes the request, and the proxy resets the connection instead of answering. `null`
   * loses no more answers.
   */
  lose(answer: LostAnswer | null): void {
    this.#lost = answer;
  }

  /** Connects new clients to another server, and resets open connections. */
  retarget(port: number): void {
    this.#target = port;
    this.cut();
  }

  /**
   * Ends silence, refusal and delay. Blocked bytes stay lost: their connections are reset, or stay silent if `cut` is
   * false.
   */
  heal({ cut = true }: { readonly cut?: boolean } = {}): void {
    this.#silent = false;
    this.#refusing = false;
    this.#delay = 0;
    if (cut) for (const { silent, client } of this.#pairs) if (silent) client.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    this.#listener.close();
    await once(this.#listener, 'close');
  }

  #muffle(): void {
    for (const pair of this.#pairs) {
      pair.silent = true;
      pair.client.pause();
      pair.server.pause();
    }
  }

  #connect(client: Socket): void {
    if (this.#refusing) {
      client.resetAndDestroy();
      return;
    }
    const server = new Socket();
    const pair: Pair = { client, server, silent: this.#silent };
    this.#pairs.add(pair);
    const end = (): void => {
      if (pair.silent && !client.destroyed) return;
      this.#pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    if (pair.silent) return;
    server.connect(this.#target, '127.0.0.1');
    this.#pass(pair, client, server);
    this.#pass(pair, server, client);
    client.resume();
  }

  #pass(pair: Pair, from: Socket, to: Socket): void {
    // Keeps the order of the bytes, even if the delay changes or a timer fires late.
    const waiting: { readonly due: number; readonly pass: () => void }[] = [];
    const passOn = (): void => {
      for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
        const left = next.due - performance.now();
        if (left > 0) {
          setTimeout(passOn, Math.ceil(left));
          return;
        }
        waiting.shift();
        next.pass();
      }
    };
    const late = (pass: () => void): void => {
      waiting.push({ due: performance.now() + this.#delay, pass });
      if (waiting.length === 1) passOn();
    };
    from.on('data', (bytes: Buffer) => {
      if (from === pair.server && this.#lost?.comes()) {
        from.resetAndDestroy();
        to.resetAndDestroy();
        return;
      }
      late(() => {
        if (!pair.silent && !to.destroyed) to.write(bytes);
      });
    });
    from.on('end', () => {
      late(() => {
        if (!pair.silent) to.end();
      });
    });
  }
}
