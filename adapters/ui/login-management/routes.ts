import { Failure, failureOf, isJson } from './failure.ts';
import { type Page, type Policy, readPage, readPolicy } from './listed-session.ts';

/** Calls the session routes. The browser sends the cookie, so no token is visible here. */
export class Routes {
  readonly #src: URL;
  readonly #signal: AbortSignal;
  #answered = false;

  constructor(src: URL, signal: AbortSignal) {
    this.#src = src;
    this.#signal = signal;
  }

  /** True if the server has answered with data, so that there was a session. */
  get answered(): boolean {
    return this.#answered;
  }

  async list(
    options: { readonly limit: number; readonly cursor: string | null; readonly ended?: boolean },
    signal: AbortSignal = this.#signal,
  ): Promise<Page> {
    const url = this.#urlOf('');
    url.searchParams.set('limit', String(options.limit));
    if (options.cursor !== null) url.searchParams.set('cursor', options.cursor);
    if (options.ended === true) url.searchParams.set('ended', 'true');
    return this.#read('GET', url, readPage, { signal });
  }

  /** Ends a session. Returns the ms after which no process accepts it. */
  async end(id: string): Promise<number> {
    return delayOf(await this.#send('DELETE', this.#urlOf(`/${encodeURIComponent(id)}`)));
  }

  /** Signs out. Returns the ms after which no process accepts the ended sessions. */
  async post(action: 'sign-out' | 'sign-out-others' | 'sign-out-everywhere'): Promise<number> {
    return delayOf(await this.#send('POST', this.#urlOf(`/${action}`)));
  }

  async policy(): Promise<Policy> {
    return this.#read('GET', this.#urlOf('/policy'), readPolicy);
  }

  async setPolicy(signOut: Policy['signOut']): Promise<Policy> {
    return this.#read('PUT', this.#urlOf('/policy'), readPolicy, {
      body: JSON.stringify({ signOut }),
      headers: { accept: 'application/json', 'content-type': 'application/json' },
    });
  }

  #urlOf(path: string): URL {
    const url = new URL(this.#src);
    url.hash = '';
    const base = url.pathname.replace(/\/+$/, '');
    url.pathname = base + path || '/';
    return url;
  }

  async #read<Body>(method: string, url: URL, read: (body: unknown) => Body | null, init?: RequestInit): Promise<Body> {
    const response = await this.#send(method, url, init);
    const wrong = { status: response.status, request: `${method} ${url}` };
    if (!isJson(response)) throw new Failure('misconfigured', { ...wrong, mistake: 'notJson' });
    const signal = init?.signal ?? this.#signal;
    const body: unknown = await response.json().catch(() => {
      signal.throwIfAborted();
      throw new Failure('misconfigured', { ...wrong, mistake: 'notJson' });
    });
    const known = read(body);
    if (known === null) throw new Failure('misconfigured', { ...wrong, mistake: 'wrongShape' });
    this.#answered = true;
    return known;
  }

  async #send(method: string, url: URL, init: RequestInit = {}): Promise<Response> {
    const request = `${method} ${url}`;
    const signal = init.signal ?? this.#signal;
    const response = await fetch(url, {
      method,
      credentials: 'same-origin',
      // The routes send no redirects here. Following the redirect of another handler could look like success.
      redirect: 'manual',
      cache: 'no-store',
      headers: { accept: 'application/json' },
      ...init,
      signal,
    }).catch(() => {
      signal.throwIfAborted();
      throw new Failure('offline', { request });
    });
    if (!response.ok) throw await failureOf(response, request);
    // An HTML page: a catch-all route of the app has answered.
    if (/^text\/html\b/i.test(response.headers.get('content-type') ?? '')) {
      throw new Failure('misconfigured', { mistake: 'notJson', status: response.status, request });
    }
    return response;
  }
}

/** Reads the ms after which no process accepts the ended sessions. The server answers 204 if that is at once: 0. */
async function delayOf(response: Response): Promise<number> {
  if (!isJson(response)) return 0;
  const body: unknown = await response.json().catch(() => null);
  const delay: unknown = Object(body).effectiveWithin;
  return typeof delay === 'number' && delay > 0 ? delay : 0;
}
