/** One request and its response. A wrapper translates its framework's objects into an exchange, and an `Answer` back. */
export interface HttpExchange {
  /** HTTP method, such as `GET`. A middleware may have overridden it. */
  readonly method: string;
  /** Path and query as the client sent them, before any mounting. */
  readonly url: string;
  /** The client's address, according to the framework's trusted-proxy setting. */
  readonly ip: string | undefined;
  /**
   * A request header by its lower-case name. Several lines of one name are joined with `, ` (cookies with `; `).
   * @param name the name in lower case. Other spellings may find nothing.
   */
  header(name: string): string | undefined;
  /**
   * The lines of a request header as they were sent, or one text if the server has joined them.
   * @param name the name in lower case.
   */
  headerLines(name: string): readonly string[];
  /**
   * The body as the framework parsed it, else read and parsed here. `undefined` for no body.
   * @throws `RequestProblem`, like `readBody`.
   */
  body(): Promise<unknown>;
  /** No header can be set any more. */
  readonly headersSent: boolean;
  /** The `Set-Cookie` lines of the response so far. */
  setCookies(): readonly string[];
  /**
   * Replaces all `Set-Cookie` lines.
   * @param lines whole values of `Set-Cookie`, in the order in which they are sent. An empty array removes all.
   */
  replaceSetCookies(lines: readonly string[]): void;
  /**
   * Sets a response header.
   * @param name the name of the header, in any case.
   * @param value the value, which replaces an earlier one.
   */
  setHeader(name: string, value: string): void;
}

/** A whole response. Its `Set-Cookie` lines are already on the exchange. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}
