import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from './body.ts';
import type { HttpExchange } from './exchange.ts';

/** A request of Node's, and what frameworks on top of it add. */
export interface NodeRequest extends IncomingMessage {
  readonly originalUrl?: string;
  readonly ip?: string | undefined;
  readonly body?: unknown;
}

/**
 * An exchange over Node's own request and response; nothing is read before it is asked for. A class: V8 describes each literal
 * with a getter anew, and what only such a description holds, here the whole request, outlives every minor collection.
 */
export class NodeExchange implements HttpExchange {
  readonly #request: NodeRequest;
  readonly #response: ServerResponse;

  constructor(request: NodeRequest, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
  }

  get method(): string {
    return this.#request.method ?? 'GET';
  }

  get url(): string {
    return this.#request.originalUrl ?? this.#request.url ?? '/';
  }

  get ip(): string | undefined {
    return this.#request.ip;
  }

  get headersSent(): boolean {
    return this.#response.headersSent;
  }

  header(name: string): string | undefined {
    const value = this.#request.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  headerLines(name: string): readonly string[] {
    return linesOf(this.#request.rawHeaders, name);
  }

  async body(): Promise<unknown> {
    const request = this.#request;
    return request.body ?? (request.readableEnded ? undefined : readBody(request.headers['content-type'], request));
  }

  setCookies(): readonly string[] {
    const lines = this.#response.getHeader('set-cookie') ?? [];
    return Array.isArray(lines) ? lines : [String(lines)];
  }

  replaceSetCookies(lines: readonly string[]): void {
    this.#response.setHeader('set-cookie', [...lines]);
  }

  setHeader(name: string, value: string): void {
    this.#response.setHeader(name, value);
  }
}

/** Node keeps the first line of many a name, and throws away what comes after it: `rawHeaders` has them all, names and values in turn. */
export function linesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}

/** An exchange over Node's own request and response. */
export const nodeExchange = (request: NodeRequest, response: ServerResponse): HttpExchange =>
  new NodeExchange(request, response);
