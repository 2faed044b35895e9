import type {
  FastifyInstance,
  FastifyRequest,
  RawServerBase,
  RouteGenericInterface,
  RouteHandlerMethod,
} from 'fastify';
import { AUTH, type HttpExchange, linesOf, propertyTaken } from '../http/index.ts';

/** A request of Fastify, over HTTP/1 or HTTP/2. */
export type Request = FastifyRequest<RouteGenericInterface, RawServerBase>;
/**
 * A reply of Fastify. Derived from a handler, because `FastifyReply` orders its type parameters differently in Fastify
 * 4 and 5.
 */
export type Reply = Parameters<RouteHandlerMethod<RawServerBase>>[1];

export class FastifyExchange implements HttpExchange {
  readonly #request: Request;
  readonly #reply: Reply;
  readonly #body: (() => Promise<unknown>) | undefined;

  /** `body` is for routes whose body Fastify leaves unparsed. Default: the `body` of Fastify's request. */
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
    // After `hijack`, headers set here are never sent.
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
    this.#reply.removeHeader('set-cookie').header('set-cookie', [...lines]);
  }

  setHeader(name: string, value: string): void {
    this.#reply.header(name, value);
  }
}

/**
 * Declares the request properties that hold the `Auth`. Fastify requires this before the first request.
 * @throws `TypeError` if `property` exists already.
 */
export function decorateRequests(app: FastifyInstance, property: string | null): void {
  if (!app.hasRequestDecorator(AUTH)) app.decorateRequest(AUTH, null);
  if (property === null) return;
  if (app.hasRequestDecorator(property)) throw propertyTaken(`request.${property}`);
  app.decorateRequest(property, null);
}
