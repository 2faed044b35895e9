import type { FastifyReply, FastifyRequest, RawServerBase, RouteGenericInterface } from 'fastify';
import type { HttpExchange } from './exchange.ts';
import { linesOf } from './node-exchange.ts';

/** A request of Fastify's, over HTTP/1 or HTTP/2. */
export type Request = FastifyRequest<RouteGenericInterface, RawServerBase>;
/** Its reply. */
export type Reply = FastifyReply<RouteGenericInterface, RawServerBase>;

/** An exchange over Fastify's request and reply; as with Node's, nothing is read before it is asked for. */
class FastifyExchange implements HttpExchange {
  readonly #request: Request;
  readonly #reply: Reply;
  readonly #body: (() => Promise<unknown>) | undefined;

  constructor(request: Request, reply: Reply, body?: () => Promise<unknown>) {
    this.#request = request;
    this.#reply = reply;
    this.#body = body;
  }

  get method(): string {
    return this.#request.method;
  }

  get url(): string {
    return this.#request.originalUrl;
  }

  get ip(): string | undefined {
    return this.#request.ip;
  }

  get headersSent(): boolean {
    // After `hijack`, what is set here is never sent.
    return this.#reply.sent || this.#reply.raw.headersSent;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  headerLines(name: string): readonly string[] {
    return linesOf(this.#request.raw.rawHeaders, name);
  }

  async body(): Promise<unknown> {
    return this.#body === undefined ? this.#request.body : this.#body();
  }

  setCookies(): readonly string[] {
    const lines = this.#reply.getHeader('set-cookie') ?? [];
    return Array.isArray(lines) ? lines : [String(lines)];
  }

  replaceSetCookies(lines: readonly string[]): void {
    // Fastify adds to the lines that there are.
    this.#reply.removeHeader('set-cookie').header('set-cookie', [...lines]);
  }

  setHeader(name: string, value: string): void {
    this.#reply.header(name, value);
  }
}

/** An exchange over Fastify's request and reply; `body` reads what Fastify's own parsers leave alone. */
export const fastifyExchange = (request: Request, reply: Reply, body?: () => Promise<unknown>): HttpExchange =>
  new FastifyExchange(request, reply, body);
