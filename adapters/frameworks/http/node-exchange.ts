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
    return bodyOf(this.#request, this.#request.body);
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

/**
 * The body as a parser before us left it, else read here. What it left as text or bytes is not parsed yet, and judged by its type like
 * one that is read here. For what it has not read at all, many a parser leaves an empty object.
 */
export async function bodyOf(request: IncomingMessage, left: unknown): Promise<unknown> {
  const type = request.headers['content-type'];
  if (typeof left === 'string' || left instanceof Uint8Array) return readBody(type, [Buffer.from(left)]);
  const isUnread = request.readableDidRead === false;
  if (left !== undefined && left !== null && !(isUnread && isEmpty(left))) return left;
  return request.readableEnded ? undefined : readBody(type, request);
}

const isEmpty = (left: unknown): boolean => typeof left === 'object' && left !== null && Object.keys(left).length === 0;

/** Node keeps the first line of many a name, and throws away what comes after it: `rawHeaders` has them all, names and values in turn. */
export function linesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}

/** An exchange over Node's own request and response. */
export const nodeExchange = (request: NodeRequest, response: ServerResponse): HttpExchange =>
  new NodeExchange(request, response);
