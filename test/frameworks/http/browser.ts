import { type IncomingHttpHeaders, request as sendInClear } from 'node:http';
import { type RequestOptions, request as sendEncrypted } from 'node:https';
import { connect } from 'node:net';
import { CookieJar } from 'tough-cookie';

/** The origin of the pages in the browser. `Secure` cookies need https, although the socket has no TLS. */
export const ORIGIN = 'https://app.example.org';

export const CHROME_ON_MAC =
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36';
export const FIREFOX_ON_WINDOWS = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** Headers of a request. `null` removes a default header. A list is sent as several lines. */
export type Headers = Readonly<Record<string, string | readonly string[] | null>>;

/** A response. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly setCookies: readonly string[];
  readonly text: string;
  /** The body as JSON, or `null` if it is empty. */
  readonly json: Readonly<Record<string, unknown>> | null;
}

/** A request by a script of the app's own page. */
export const SCRIPT: Headers = { accept: '*/*', ...fetchMetadata('same-origin', 'cors', 'empty') };
/** A request by a link or a form of the app's own page. */
export const NAVIGATION: Headers = {
  accept: 'text/html,application/xhtml+xml,*/*;q=0.8',
  ...fetchMetadata('same-origin', 'navigate', 'document'),
};
/** A request without information about its origin: by an old browser, or by no browser. */
export const UNKNOWN_ORIGIN: Headers = { 'sec-fetch-site': null, 'sec-fetch-mode': null, 'sec-fetch-dest': null };

export function fetchMetadata(site: string, mode = 'cors', dest = 'empty'): Headers {
  return { 'sec-fetch-site': site, 'sec-fetch-mode': mode, 'sec-fetch-dest': dest };
}

/**
 * A browser whose cookie jar follows RFC 6265bis. The jar enforces `__Host-` and `__Secure-`: a cookie that breaks
 * these rules is an error. It ignores `SameSite`, so that no test passes because of it (CSR-11).
 */
export class Browser {
  readonly jar = new CookieJar(null, { prefixSecurity: 'strict' });
  readonly #url: string;
  readonly #userAgent: string;
  readonly #connection: RequestOptions;

  constructor(url: string, userAgent: string, connection: RequestOptions = {}) {
    this.#url = url;
    this.#userAgent = userAgent;
    this.#connection = connection;
  }

  get = (path: string, headers?: Headers): Promise<Answer> => this.request('GET', path, headers);
  post = (path: string, headers?: Headers, body?: string): Promise<Answer> => this.request('POST', path, headers, body);
  delete = (path: string, headers?: Headers): Promise<Answer> => this.request('DELETE', path, headers);

  /** Signs in with a password. Throws if the sign-in fails. */
  async signIn(user: string, query = ''): Promise<string> {
    const { json } = await this.post(`/sign-in?user=${user}${query}`);
    if (json?.ok !== true) throw new Error(`signing in answered ${JSON.stringify(json)}`);
    return String(json.id);
  }

  /** Sends a request. As in a real browser, the cookies are stored when the headers arrive, before the body. */
  request(method: string, path: string, headers: Headers = {}, body?: string): Promise<Answer> {
    return this.#ask(method, path, headers, body, (setCookies) => this.receive(path, { setCookies }));
  }

  /** Sends a request without storing the cookies of its answer. {@link receive} stores them later. */
  send(method: string, path: string, headers: Headers = {}, body?: string): Promise<Answer> {
    return this.#ask(method, path, headers, body, () => {});
  }

  #ask(method: string, path: string, headers: Headers, body: string | undefined, arrived: Arrived): Promise<Answer> {
    const cookie = this.jar.getCookieStringSync(ORIGIN + path);
    const all = { 'user-agent': this.#userAgent, ...SCRIPT, ...(cookie === '' ? {} : { cookie }), ...headers };
    return ask(this.#url + path, { ...this.#connection, method, headers: linesOf(all) }, body, arrived);
  }

  /** Stores the cookies of the answer to a request for this path. */
  receive(path: string, { setCookies }: Pick<Answer, 'setCookies'>): void {
    for (const line of setCookies) this.jar.setCookieSync(line, ORIGIN + path);
  }

  /** The value of a cookie that the jar holds. */
  cookie(name: string): string | null {
    return this.jar.getCookiesSync(`${ORIGIN}/`).find(({ key }) => key === name)?.value ?? null;
  }

  /** `name=value` of the session's cookie. */
  get session(): string {
    return this.jar.getCookieStringSync(`${ORIGIN}/`);
  }
}

function linesOf(headers: Headers): Record<string, string | string[]> {
  const lines = Object.entries(headers).filter((line): line is [string, string | string[]] => line[1] !== null);
  return Object.fromEntries(lines);
}

/** Called with the `Set-Cookie` lines of an answer as soon as its headers arrive. */
type Arrived = (setCookies: readonly string[]) => void;

function ask(url: string, options: RequestOptions, body: string | undefined, arrived: Arrived): Promise<Answer> {
  const send = url.startsWith('https:') ? sendEncrypted : sendInClear;
  return new Promise((resolve, reject) => {
    const request = send(url, options, (response) => {
      try {
        arrived(response.headers['set-cookie'] ?? []);
      } catch (error) {
        reject(error);
      }
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode = 0, headers } = response;
        const isJson = /json/.test(headers['content-type'] ?? '') && text !== '';
        const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : null;
        resolve({ status: statusCode, headers, setCookies: headers['set-cookie'] ?? [], text, json });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends raw bytes, for requests that no HTTP client would send. Returns all bytes of the answer. */
export function sendRaw(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'));
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}
