import { CookieJar } from 'tough-cookie';
import { NAVIGATION, SCRIPT } from '../../frameworks/http/browser.ts';
import { type Answer, ask } from './answer.ts';

/** Headers beside the device's own headers. `null` removes a header. */
export type MoreHeaders = Readonly<Record<string, string | null>>;

/**
 * A browser on a device: one cookie jar and one `User-Agent`. `get`, `post` and so on send requests like a page's
 * script (JSON). `open` and `submit` send requests like a user who follows links and submits forms (pages).
 */
export class Device {
  readonly userAgent: string;
  /** Name and port, as in the address bar. */
  readonly host: string;
  readonly #port: number;
  #jar = new CookieJar();

  constructor(port: number, userAgent: string, name = 'localhost') {
    this.#port = port;
    this.userAgent = userAgent;
    this.host = `${name}:${port}`;
  }

  get origin(): string {
    return `http://${this.host}`;
  }

  get = (path: string, headers?: MoreHeaders): Promise<Answer> => this.#script('GET', path, undefined, headers);
  post = (path: string, body?: object): Promise<Answer> => this.#script('POST', path, body);
  put = (path: string, body?: object): Promise<Answer> => this.#script('PUT', path, body);
  delete = (path: string): Promise<Answer> => this.#script('DELETE', path);

  /** Goes to a page. */
  open = (path: string, headers?: MoreHeaders): Promise<Answer> => {
    return this.request('GET', path, { ...NAVIGATION, ...headers } as MoreHeaders);
  };

  /** Sends a form of a page. */
  submit(path: string, fields: Readonly<Record<string, string>> = {}, headers?: MoreHeaders): Promise<Answer> {
    const form = { ...NAVIGATION, 'content-type': 'application/x-www-form-urlencoded', origin: this.origin };
    return this.request('POST', path, { ...form, ...headers } as MoreHeaders, new URLSearchParams(fields).toString());
  }

  /** Asks the server whether a user is signed in here. */
  async isSignedIn(): Promise<boolean> {
    const { status, text } = await this.get('/me');
    if (status !== 200 && status !== 401) throw new Error(`GET /me answered ${status} ${text}`);
    return status === 200;
  }

  /** Returns another browser with a copy of all cookies, as a thief has it. */
  stolen(userAgent = this.userAgent): Device {
    const thief = new Device(this.#port, userAgent, this.host.replace(/:\d+$/, ''));
    thief.#jar = this.#jar.cloneSync() as CookieJar;
    return thief;
  }

  /** Closes the browser and opens it again. Session cookies are lost. */
  restart(): void {
    const all = this.#jar.getCookiesSync(this.origin);
    this.#jar = new CookieJar();
    for (const cookie of all) if (cookie.isPersistent()) this.#jar.setCookieSync(cookie, this.origin);
  }

  /** The names of the cookies that the jar holds. */
  get cookies(): readonly string[] {
    return this.#jar.getCookiesSync(this.origin).map(({ key }) => key);
  }

  /** The value of a cookie. */
  cookie(name: string): string | null {
    return this.#jar.getCookiesSync(this.origin).find(({ key }) => key === name)?.value ?? null;
  }

  setCookie(name: string, value: string): void {
    this.#jar.setCookieSync(`${name}=${value}; Path=/`, this.origin);
  }

  async request(method: string, path: string, headers: MoreHeaders, body?: string): Promise<Answer> {
    const url = this.origin + path;
    const cookie = this.#jar.getCookieStringSync(url);
    const all = {
      host: this.host,
      'user-agent': this.userAgent,
      ...(cookie === '' ? {} : { cookie }),
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
      ...headers,
    };
    const lines = Object.entries(all).filter((line): line is [string, string] => line[1] !== null);
    const answer = await ask({ port: this.#port, method, path, headers: Object.fromEntries(lines), body });
    for (const line of answer.headers['set-cookie'] ?? []) this.#jar.setCookieSync(line, url);
    return answer;
  }

  #script(method: string, path: string, body?: object, headers: MoreHeaders = {}): Promise<Answer> {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const all = { ...SCRIPT, accept: 'application/json', ...type, ...headers } as MoreHeaders;
    return this.request(method, path, all, body === undefined ? undefined : JSON.stringify(body));
  }
}
