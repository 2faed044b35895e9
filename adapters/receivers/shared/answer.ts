/** Every answer of a receiver: no cache keeps it, and no browser takes its body for a page. */
export function answer(status: number, body: string | null, headers: Readonly<Record<string, string>> = {}): Response {
  const sniffing = body === null ? {} : { 'x-content-type-options': 'nosniff' };
  return new Response(body, { status, headers: { 'cache-control': 'no-store', ...sniffing, ...headers } });
}

export const json = (status: number, value: object, headers: Readonly<Record<string, string>> = {}): Response =>
  answer(status, JSON.stringify(value), { 'content-type': 'application/json', ...headers });

/** Refuses a request. The client gets the code and the message, so the message must hold no secret. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** Error code of the receiver's standard, such as `invalid_request`. */
  readonly code: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: string, message: string, status = 400, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.headers = headers;
  }
}

export const invalidRequest = (message: string, status = 400, headers?: Readonly<Record<string, string>>): Refusal =>
  new Refusal('invalid_request', message, status, headers);
