import { type Awaitable, inCall, isPlainText, kindOf, ofApp, parseArguments, shown } from '../../src/adapter.ts';
import { type AccessMessage, type Delivery, Undeliverable } from './delivery.ts';
import { notAccepted, parseTarget, post, refused } from './shared/post.ts';
import { SIGNER_KEYS, Signer, type SignerOptions } from './shared/signer.ts';

/** The user, and perhaps the session, that a logout token names (Back-Channel Logout 1.0, 2.4). It has at least one of them. */
export interface LogoutSubject {
  /** The subject of the user's ID tokens. Without a `sid`, all sessions of the user end at the client. */
  readonly sub?: string | undefined;
  /** The `sid` of the session's ID tokens. */
  readonly sid?: string | undefined;
}

/** Options of {@link logoutTokens}. */
export interface LogoutTokenOptions extends SignerOptions {
  /** The `client_id` of the relying party, which is the audience (`aud`) of its tokens. */
  readonly client: string;
  /** Its `backchannel_logout_uri`: an https URL; http only on loopback. Redirects are not followed. */
  readonly uri: string | URL;
  /**
   * Names whom a message is about as this client's ID tokens do. `null` says nothing to this client, for example about a user
   * whom it does not know. Default: `sub` is the app's id of the user, and `sid` is the public id of the session.
   */
  readonly subject?: ((message: AccessMessage) => Awaitable<LogoutSubject | null>) | undefined;
}

const KEYS = [...SIGNER_KEYS, 'client', 'uri', 'subject'];
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';
const TYPE = 'logout+jwt';
const FORM = 'application/x-www-form-urlencoded';
/** In s. ASVS 5.0, 10.5.5. */
const LIFETIME = 120;

/**
 * Delivers messages to a relying party as OpenID Connect Back-Channel Logout 1.0: your app is the provider, and its ID tokens
 * have the public id of the session as `sid`. Each attempt signs a new token, which is valid for 2 minutes. Its `jti` is the id
 * of the message.
 *
 * A session that ended is named by `sid` and `sub`. A revocation of a user is named by `sub` alone: the protocol cannot name
 * kinds, an account, or a session that was kept, so all sessions of the user end at the client. A message about a whole account,
 * the realm or another issuer's token cannot be said. It is set aside, unless `subject` gives an answer.
 *
 * 200 and 204 are a success. After a 400, the message is set aside, because only what may pass is sent again (2.5, 2.8). A
 * client that has seen the token may refuse a repetition with 400. Every other answer is tried again.
 * @param options the provider, and the client.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function logoutTokens(options: LogoutTokenOptions): Delivery {
  return inCall('logoutTokens({ issuer, keys, client, uri })', () => {
    const {
      client,
      uri,
      subject = subjectOf,
      ...others
    } = parseArguments<LogoutTokenOptions>('options', options, KEYS);
    if (!isPlainText(client)) throw new TypeError(`client is ${shown(client)}; allowed is the client_id, as text`);
    if (typeof subject !== 'function') throw new TypeError(`subject must be a function, not ${kindOf(subject)}`);
    const url = parseTarget('uri', uri);
    const signer = new Signer(others);
    return {
      async deliver(message, signal) {
        const named = await ofApp(() => subject(message));
        if (named === null) return;
        const iat = Math.floor(Date.now() / 1000);
        const token = await signer.sign(TYPE, {
          ...{ aud: client, iat, exp: iat + LIFETIME, jti: message.id, events: { [EVENT]: {} } },
          ...claimsOf(named),
        });
        const body = new URLSearchParams({ logout_token: token }).toString();
        const answer = await post(url, { 'content-type': FORM }, body, signal);
        if (answer.status === 400) throw refused(url, answer, 'error', 'error_description');
        if (answer.status !== 200 && answer.status !== 204) throw notAccepted(url, answer);
      },
    };
  });
}

function subjectOf({ type, user, session, scope }: AccessMessage): LogoutSubject {
  if (user !== null) return session === null ? { sub: user } : { sub: user, sid: session };
  throw new Undeliverable(
    `a logout token cannot name what ${type} is about (${scope ?? 'a token of another issuer'}): give the option subject`,
  );
}

function claimsOf({ sub, sid }: LogoutSubject): LogoutSubject {
  const isWrong = (value: unknown): boolean => value !== undefined && !isPlainText(value);
  if (isWrong(sub) || isWrong(sid) || (sub === undefined && sid === undefined)) {
    throw new TypeError(
      'subject must give { sub, sid }, at least one of them, as text of 1 to 256 characters, or null',
    );
  }
  return { ...(sub !== undefined && { sub }), ...(sid !== undefined && { sid }) };
}
