import { kindOf, ofApp, parseArguments } from '../../../../src/adapter.ts';
import type { Session } from '../../../../src/index.ts';
import { type Delivery, endPrevious, parseSignInTokens } from '../bearer/sign-in-tokens.ts';
import { BearerTransport } from '../bearer/token-transport.ts';
import { clientInfoOf } from '../client-info.ts';
import { type AuthenticatedRequest, sessionIn } from './authenticated-request.ts';
import { provedBy } from './proof.ts';
import type { ReauthenticateHttpRequest, ReauthenticateResult, SignInRequest, SignInResult } from './requests.ts';

const SIGN_IN_KEYS = [
  ...['user', 'account', 'kind', 'amr', 'attributes', 'federated', 'crossSite', 'tokens', 'verify'],
];

// For an unknown user, the fence of this made-up user is taken. Response times then do not reveal which users exist.
const UNKNOWN_USER = 'nobody';
const NOT_VERIFIED = { ok: false, session: null, reason: 'not-verified' } as const;

export async function signIn(request: AuthenticatedRequest, input: SignInRequest): Promise<SignInResult> {
  const { verify, crossSite, user, tokens, ...start } = parseRequest<SignInRequest>(input, SIGN_IN_KEYS);
  const { settings, exchange } = request;
  const { sessions } = settings;
  const delivery = tokens === undefined ? null : parseSignInTokens(settings, tokens);
  const isInBody = delivery?.isInCookie === false;
  // No page of another site can read tokens in the body, and the browser stores none.
  request.mayChange(crossSite === 'state-was-checked' || isInBody);
  const client = clientInfoOf(exchange);
  const fence = await sessions.fence({ user: user ?? UNKNOWN_USER, account: start.account });
  const proof = provedBy(await ofApp(verify), start.amr);
  if (proof === null || user === null) return NOT_VERIFIED;

  const deviceId = isInBody ? undefined : request.deviceId();
  const started = await sessions.start({ ...start, ...proof, user, fence, deviceId, ...client });
  if (!started.ok) return started;
  const previous = request.liveSession;
  // The client gets the new token before its previous session ends. Otherwise a lost token would leave it without any.
  try {
    await deliver(request, started.session, started.token, delivery);
  } catch (error) {
    await sessions.end(started.session.id, { user, reason: 'signed-out' }).catch(() => {});
    throw error;
  }
  const replaced = { by: user, reason: 'replaced', fromDevice: started.session.device.label };
  await endPrevious(settings, exchange, delivery, replaced);
  if (previous !== null) await sessions.end(previous.id, { user: previous.user, ...replaced });
  return request.withTokens({ ...started, session: sessionIn(request) });
}

export async function reauthenticate(
  request: AuthenticatedRequest,
  input: ReauthenticateHttpRequest,
): Promise<ReauthenticateResult> {
  const { verify, amr } = parseRequest<ReauthenticateHttpRequest>(input, ['verify', 'amr']);
  const session = request.requiredSession();
  await request.bearer?.ready();
  const { sessions } = request.settings;
  const fence = await sessions.fence({ user: session.user, account: session.account ?? undefined });
  const proof = provedBy(await ofApp(verify), amr);
  if (proof === null) return NOT_VERIFIED;
  await request.ready();
  const renewed = await sessions.reauthenticate(session, { fence, ...proof });
  if (!renewed.ok) return renewed;
  await request.become(renewed.session, renewed.token);
  return request.withTokens(renewed);
}

async function deliver(
  request: AuthenticatedRequest,
  session: Session,
  token: string,
  delivery: Delivery | null,
): Promise<void> {
  if (delivery === null) {
    request.useCookie();
    return request.become(session, token);
  }
  const { settings, exchange } = request;
  request.useBearer(await BearerTransport.begin(settings, delivery.bearer, exchange, session, delivery.grant));
}

function parseRequest<Request extends ReauthenticateHttpRequest>(input: unknown, known: readonly string[]): Request {
  const { verify } = parseArguments('the argument', input, known);
  if (typeof verify === 'function') return input as Request;
  const found = verify === undefined ? 'verify is missing' : `verify must be a function, not ${kindOf(verify)}`;
  throw new TypeError(`${found}: write verify: () => …, which checks the credentials and answers true or false`);
}
