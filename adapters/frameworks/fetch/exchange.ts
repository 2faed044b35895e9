import { type HttpExchange, readBody } from '../http/index.ts';

export class FetchExchange implements HttpExchange {
  readonly ip: string | undefined;
  readonly path: string;
  readonly url: string;
  headersSent = false;
  readonly #request: Request;
  readonly #headers = new Map<string, string>();
  #setCookies: readonly string[] = [];

  constructor(request: Request, ip: string | undefined) {
    const { pathname, search } = new URL(request.url);
    this.#request = request;
    this.ip = ip;
    this.path = pathname;
    this.url = pathname + search;
  }

  get method(): string {
    return this.#request.method;
  }

  header = (name: string): string | undefined => this.#request.headers.get(name) ?? undefined;

  headerLines(name: string): readonly string[] {
    const value = this.header(name);
    return value === undefined ? [] : [value];
  }

  async body(): Promise<unknown> {
    const { body, bodyUsed } = this.#request;
    if (bodyUsed)
      throw new TypeError('the body was read already: open a clone() of the request, or read it afterwards');
    if (body === null) return undefined;
    // On many servers, cancelling the body closes the connection before the answer is sent.
    const chunks = body.values({ preventCancel: true });
    return readBody(this.header('content-type'), this.header('content-length'), chunks);
  }

  setCookies = (): readonly string[] => this.#setCookies;

  replaceSetCookies(lines: readonly string[]): void {
    this.#mayChange();
    this.#setCookies = lines;
  }

  setHeader(name: string, value: string): void {
    this.#mayChange();
    this.#headers.set(name, value);
  }

  /** Returns the response with the headers and cookies of this exchange: a copy, if there are any. Afterwards, no more can be set. */
  commit(response: Response): Response {
    this.headersSent = true;
    if (this.#headers.size === 0 && this.#setCookies.length === 0) return response;
    // The headers of a fetched response and of a redirect are immutable.
    const copy = new Response(response.body, response);
    for (const [name, value] of this.#headers) copy.headers.set(name, value);
    // A response has at most one line for a cookie (RFC 6265bis 4.1.1).
    const names = new Set(this.#setCookies.map(nameOf));
    const others = response.headers.getSetCookie().filter((line) => !names.has(nameOf(line)));
    copy.headers.delete('set-cookie');
    for (const line of [...others, ...this.#setCookies]) copy.headers.append('set-cookie', line);
    return copy;
  }

  #mayChange(): void {
    if (this.headersSent) throw new TypeError('the response was committed: the cookie can no longer be set');
  }
}

const nameOf = (line: string): string => line.slice(0, line.indexOf('='));
