/**
 * One request and its response, as the policy sees them. A wrapper translates its framework's objects into this, and an
 * `Answer` back; it decides nothing.
 */
export interface HttpExchange {
  readonly method: string;
  /** Path and query as the client asked for them, before any mounting. */
  readonly url: string;
  /** The client's address, as the framework's trusted proxy setting tells it. */
  readonly ip: string | undefined;
  /** A request header by its lower-case name; several of one name are joined with `, ` (cookies with `; `). */
  header(name: string): string | undefined;
  /** The same, as it came: one text for each line of that name, where the server still has them apart. */
  headerLines(name: string): readonly string[];
  /**
   * The body as the framework parsed it, else read and parsed here; `undefined` for none.
   * @throws `RequestProblem`, as `readBody` does.
   */
  body(): Promise<unknown>;
  /** Whether it is too late to set a header. */
  readonly headersSent: boolean;
  /** The `Set-Cookie` lines of the response so far. */
  setCookies(): readonly string[];
  /** Replaces the `Set-Cookie` lines. */
  replaceSetCookies(lines: readonly string[]): void;
  /** Sets a response header. */
  setHeader(name: string, value: string): void;
}

/** A whole response, to be sent as it is. `Set-Cookie` lines are on the exchange already. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or `null` for none. */
  readonly body: string | null;
}
