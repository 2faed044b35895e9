// A small server that answers like the library's routes, and fails on demand.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { fourDevices, NOW, type SampleRow } from './samples.ts';

/** An answer that replaces a route's own. */
export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Received {
  /** For example `GET /sessions`. */
  readonly route: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'";

const PREFIX = 'urn:problem-type:session-revocation:';

/** Returns a problem document as the library sends it. */
export const problem = (
  name: string,
  status: number,
  more: object = {},
  headers: Readonly<Record<string, string>> = {},
): Answer => ({
  status,
  body: { type: PREFIX + name, title: name, status, ...more },
  headers: { 'content-type': 'application/problem+json', ...headers },
});

export class StubServer {
  sessions: SampleRow[] = fourDevices();
  /** `null` if the app has no route for the policy. */
  policy: { account: string | null; signOut: string; mayChange: boolean } | null = null;
  /** The markup of the page's body. */
  markup = '<login-management src="/sessions" login-url="/sign-in"></login-management>';
  language = 'en';
  readonly received: Received[] = [];
  readonly #script: string;
  readonly #overrides = new Map<string, { answer: Answer | Promise<Answer>; times: number }>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  constructor(script: string) {
    this.#script = script;
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get origin(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Sets the answer to the next `times` requests of a route such as `'GET /sessions'`. */
  answer(route: string, answer: Answer | Promise<Answer>, times = Number.POSITIVE_INFINITY): void {
    this.#overrides.set(route, { answer, times });
  }

  /** Returns the number of requests to a route. */
  count(route: string): number {
    return this.received.filter((received) => received.route === route).length;
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.origin);
    const body = await text(request).catch(() => null);
    // The requesting page was closed.
    if (body === null) return;
    const route = `${request.method} ${url.pathname}`;
    this.received.push({ route, query: url.searchParams, headers: request.headers, body });
    const { status, body: content, headers } = await this.#answerTo(route, url, body);
    if (response.destroyed) return;
    const sent = typeof content === 'string' ? content : content === undefined ? '' : JSON.stringify(content);
    const type = typeof content === 'string' ? 'text/html; charset=utf-8' : 'application/json';
    response.writeHead(status, { 'content-security-policy': CSP, 'content-type': type, ...headers }).end(sent);
  }

  async #answerTo(route: string, url: URL, body: string): Promise<Answer> {
    const override = this.#overrides.get(route);
    if (override !== undefined && override.times > 0) {
      override.times--;
      return override.answer;
    }
    if (route === 'GET /ui.js')
      return { status: 200, body: this.#script, headers: { 'content-type': 'text/javascript' } };
    if (route === 'GET /page.css') return { status: 200, body: PAGE_CSS, headers: { 'content-type': 'text/css' } };
    if (route === 'GET /settings/devices') return { status: 200, body: this.#page(this.markup) };
    if (route === 'GET /sign-in') return { status: 200, body: this.#page('<h1>Sign in</h1>') };
    if (route === 'GET /sessions') return this.#list(url.searchParams);
    if (route === 'GET /sessions/policy') return this.policy === null ? NOT_FOUND : { status: 200, body: this.policy };
    if (route === 'PUT /sessions/policy' && this.policy !== null) {
      this.policy = { ...this.policy, ...(JSON.parse(body) as { signOut: string }) };
      return { status: 200, body: this.policy };
    }
    if (route === 'POST /sessions/sign-out-others') this.#end(({ current }) => !current);
    else if (route === 'POST /sessions/sign-out') this.#end(({ current }) => current);
    else if (route === 'POST /sessions/sign-out-everywhere') this.#end(() => true);
    else if (route.startsWith('DELETE /sessions/')) {
      const id = route.slice('DELETE /sessions/'.length);
      if (this.#end((row) => row.id === id) === 0) return problem('session-not-found', 404);
    } else return NOT_FOUND;
    return { status: 204, headers: { 'content-type': '' } };
  }

  #list(query: URLSearchParams): Answer {
    const rows = this.sessions.filter(({ end }) => end === null || query.get('ended') === 'true');
    const from = Number(query.get('cursor') ?? 0);
    const to = from + Number(query.get('limit') ?? 100);
    return { status: 200, body: { sessions: rows.slice(from, to), cursor: to < rows.length ? String(to) : null } };
  }

  #end(which: (row: SampleRow) => boolean): number {
    const rows = this.sessions.filter((row) => row.end === null && which(row));
    const from = this.sessions.find(({ current }) => current)?.device.label ?? null;
    for (const row of rows)
      row.end = { reason: 'ended', at: NOW, by: 'self', fromDevice: from, reasonCode: 'signed-out' };
    return rows.length;
  }

  #page(markup: string): string {
    return `<!doctype html><html lang="${this.language}"><head><meta charset="utf-8"><title>Devices</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="stylesheet" href="/page.css">
<script type="module" src="/ui.js"></script></head><body><main>${markup}</main></body></html>`;
  }
}

const NOT_FOUND: Answer = { status: 404, body: '<h1>Not found</h1>' };
const PAGE_CSS = `:root { color-scheme: light dark; background: light-dark(#f5f6f8, #12161c); font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; } main { max-width: 42rem; margin: 0 auto; padding: 1rem; }`;
