import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Readable } from 'node:stream';
import { RequestProblem } from './answer.ts';
import { parseBody, readBody } from './body.ts';
import type { HttpExchange } from './exchange.ts';
import { closeStreamOnAnswer, lingerOnClose } from './linger.ts';

/** A request of Node.js, with the members that frameworks add. */
export interface NodeRequest extends IncomingMessage {
  readonly originalUrl?: string;
  readonly ip?: string | undefined;
  readonly body?: unknown;
}

/**
 * The exchange of a Node.js request. It is a class, because V8 would keep the request of an object literal with a getter
 * alive through every minor garbage collection.
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
 * Returns the body that the app's parser has made, or reads and parses it. Text and bytes are parsed too. An empty object
 * does not count if the body is unread: many parsers leave one for a body that they have not read.
 */
export async function bodyOf(request: IncomingMessage, parsed: unknown): Promise<unknown> {
  const type = request.headers['content-type'];
  if (typeof parsed === 'string' || parsed instanceof Uint8Array) return parseBody(type, Buffer.from(parsed));
  const isUnread = request.readableDidRead === false;
  // JSON `null` is a body.
  const isSent = parsed !== undefined && (parsed !== null || announcesBody(request));
  if (isSent && !(isUnread && isEmpty(parsed))) return parsed;
  return request.readableEnded ? undefined : readNodeBody(request);
}

export async function readNodeBody(
  request: IncomingMessage | Http2ServerRequest,
  stream: Readable = request,
  limit?: number,
): Promise<unknown> {
  const { 'content-type': type, 'content-length': length } = request.headers;
  try {
    // Destroying the stream would close the connection before the answer is sent.
    return await readBody(type, length, stream.iterator({ destroyOnReturn: false }), limit);
  } catch (error) {
    if (!(error instanceof RequestProblem) || error.problem !== 'body-too-large') throw error;
    if (!('stream' in request)) {
      lingerOnClose(request);
      throw error;
    }
    closeStreamOnAnswer(request);
    // HTTP/2 forbids the header `Connection` (RFC 9113 8.2.2).
    throw new RequestProblem(error.message, error.problem);
  }
}

const isEmpty = (parsed: unknown): boolean => typeof parsed === 'object' && Object.keys(parsed ?? {}).length === 0;

const announcesBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/**
 * Returns all lines of a header. `headers` keeps only the first line of many headers. `rawHeaders` has all of them,
 * names and values in turn.
 */
export function linesOf(rawHeaders: readonly string[], name: string): readonly string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}
