import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, Socket } from 'node:net';

/** A connection through the proxy: to the client, and to the server. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  /** Nothing passes any more: neither bytes nor the end. */
  silent: boolean;
}

/** An answer that gets lost on its way back. Several proxies may share it: the answers are counted together. */
export class LostAnswer {
  /** Whether it came, and got lost. */
  isLost = false;
  #before: number;

  /** @param before How many answers still arrive before it. */
  constructor(before: number) {
    this.#before = before;
  }

  /** Whether the answer that just came is the one. */
  comes(): boolean {
    if (this.isLost || this.#before-- > 0) return false;
    this.isLost = true;
    return true;
  }
}

/** A network that can be treated badly: a proxy on the loopback interface. */
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

  /** Opens one to a port of this machine. */
  static async open(target: number): Promise<LoopbackProxy> {
    const listener = createServer({ pauseOnConnect: true });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    return new LoopbackProxy(listener, target);
  }

  /** Every connection that there is ends at once, without a word of the server's. */
  cut(): void {
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  }

  /** Nothing passes any more, on old connections and on new ones: as if a cable were pulled. */
  swallow(): void {
    this.#silent = true;
    this.#muffle();
  }

  /**
   * Nothing passes any more on the connections that there are, and new ones work: as if the server had been replaced. To the
   * server they end, since one that is gone holds no locks.
   */
  silence(): void {
    this.#muffle();
    for (const { server } of this.#pairs) server.resetAndDestroy();
  }

  /** New connections are refused, and old ones cut: as if the server had ended. */
  refuse(): void {
    this.#refusing = true;
    this.cut();
  }

  /** Everything is so many ms late, in both directions. */
  delay(ms: number): void {
    this.#delay = ms;
  }

  /** The server does what it was asked, and its answer gets lost: the connection ends in its place. `null` for no more. */
  lose(answer: LostAnswer | null): void {
    this.#lost = answer;
  }

  /** New connections go to another server; old ones are cut. */
  retarget(port: number): void {
    this.#target = port;
    this.cut();
  }

  /** New connections work again, at once. What was swallowed is lost, and its connections are cut, or stay silent. */
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
    // Whatever the delay becomes, and whenever timers fire: nothing overtakes what was sent before it.
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
