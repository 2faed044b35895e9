/** Problem names of the server. The last three are the element's own. */
export type FailureName =
  | 'session-required'
  | 'sign-in-not-recent'
  | 'cross-origin'
  | 'forbidden'
  | 'session-not-found'
  | 'store-unavailable'
  | 'offline'
  | 'refused'
  | 'misconfigured';

/** A mistake that the developer has to correct. */
export type Mistake =
  | 'missingSrc'
  | 'invalidSrc'
  | 'crossOriginSrc'
  | 'refusedOrigin'
  | 'querySrc'
  | 'invalidLoginUrl'
  | 'notFound'
  | 'notAllowed'
  | 'redirected'
  | 'notJson'
  | 'wrongShape';

interface FailureDetails {
  readonly status?: number | null;
  readonly detail?: string | null;
  readonly reason?: string | null;
  readonly retryAfter?: number | null;
  readonly mistake?: Mistake | null;
  readonly request?: string;
}

/** A failed request, or a wrong attribute. */
export class Failure extends Error {
  override readonly name: FailureName;
  readonly status: number | null;
  readonly detail: string | null;
  /** Why the session has ended: a reason code, or `ended`, `revoked` or `expired`. */
  readonly reason: string | null;
  /** Time in ms to wait before another attempt, from `Retry-After`. */
  readonly retryAfter: number | null;
  readonly mistake: Mistake | null;
  /** Method and URL of the request, such as `GET https://app.example.org/sessions`. */
  readonly request: string;

  constructor(name: FailureName, details: FailureDetails = {}) {
    super(name);
    this.name = name;
    this.status = details.status ?? null;
    this.detail = details.detail ?? null;
    this.reason = details.reason ?? null;
    this.retryAfter = details.retryAfter ?? null;
    this.mistake = details.mistake ?? null;
    this.request = details.request ?? '';
  }

  get passes(): boolean {
    const { status } = this;
    return this.name === 'offline' || (status !== null && (status === 429 || status >= 500));
  }
}

const PREFIX = 'urn:problem-type:session-revocation:';
const OF_401: readonly string[] = ['session-required', 'sign-in-not-recent'];

export async function failureOf(response: Response, request: string): Promise<Failure> {
  // A redirect, which `fetch` does not follow.
  if (response.type === 'opaqueredirect') return new Failure('misconfigured', { mistake: 'redirected', request });
  const { status } = response;
  const problem = await problemOf(response);
  const details = {
    status,
    request,
    detail: textOf(problem.detail),
    reason: textOf(problem.reasonCode) ?? textOf(problem.reason),
    retryAfter: retryAfterOf(response.headers.get('retry-after')),
  };
  const type = textOf(problem.type) ?? '';
  const name = type.startsWith(PREFIX) ? type.slice(PREFIX.length) : '';
  // The app's own guards may also answer 401 and 403, with other problem types.
  if (status === 401) return new Failure(OF_401.includes(name) ? (name as FailureName) : 'session-required', details);
  if (status === 403 && name !== 'cross-origin') return new Failure('forbidden', details);
  if (status === 403) return new Failure('cross-origin', { ...details, mistake: 'refusedOrigin' });
  if (name === 'session-not-found' || name === 'store-unavailable') return new Failure(name, details);
  // A proxy's 503 has no problem type of this library. Only a GET has certainly ended no session.
  if (status === 503 && request.startsWith('GET ')) return new Failure('store-unavailable', details);
  if (status === 404) return new Failure('misconfigured', { ...details, mistake: 'notFound' });
  if (status === 405) return new Failure('misconfigured', { ...details, mistake: 'notAllowed' });
  return new Failure('refused', details);
}

async function problemOf(response: Response): Promise<Readonly<Record<string, unknown>>> {
  if (!isJson(response)) return {};
  try {
    const body: unknown = await response.json();
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Tells whether the body is JSON. Includes `application/problem+json`. */
export function isJson(response: Response): boolean {
  return /^application\/([\w.+-]+\+)?json\b/i.test(response.headers.get('content-type') ?? '');
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** Parses `Retry-After`: seconds or a date (RFC 9110, section 10.2.3). Returns ms from now. */
function retryAfterOf(header: string | null): number | null {
  if (header === null) return null;
  const at = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(at) ? Math.max(0, at) : null;
}
