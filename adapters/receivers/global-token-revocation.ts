import { adapterHandle, inCall, kindOf, parseArguments, shown } from '../../src/adapter.ts';
import type { Sessions } from '../../src/index.ts';
import { usedUntil } from '../../src/jwt/verify-jwt.ts';
import { PROVIDER_KEYS, Provider, type ProviderOptions } from './provider/provider.ts';
import { answer, invalidRequest, Refusal } from './shared/answer.ts';
import { readBody } from './shared/body.ts';
import { parseRecord } from './shared/parse-record.ts';
import { type Receiver, receiver } from './shared/receiver.ts';
import { type FindUser, userOf } from './subjects/find-user.ts';
import { parseSubject } from './subjects/subject.ts';

/** Options of {@link globalTokenRevocation}. `audience` is the URL of this endpoint, without a query. */
export interface GlobalTokenRevocationOptions extends ProviderOptions {
  /** Names the draft that the endpoint follows. It may change until it is an RFC, and this option with it. */
  readonly draft: '06';
  /** `sub` of the caller's tokens: this app's `client_id` at the provider, or the id of its SAML app there. */
  readonly client: string;
  /**
   * Finds the user of a subject, such as `{ format: 'email', email }` or `{ format: 'iss_sub', iss, sub }`. Return the
   * app's id of the user, `{ user, account }` for the user in one account, or `null` for none. Return only users whom this
   * caller may sign out: with several tenants, those of the provider's tenant. Compare e-mail addresses as at a sign-in.
   */
  readonly user: FindUser;
}

const KEYS = [...PROVIDER_KEYS, 'draft', 'client', 'user'];
const TYPE = 'global-token-revocation+jwt';
const CHALLENGE = { 'www-authenticate': 'Bearer error="invalid_token"' };

/**
 * The endpoint for Global Token Revocation (draft-parecki-oauth-global-token-revocation-06), as Okta's *Universal Logout*
 * and Auth0 call it: all sessions of a user end, of every kind, with all refresh tokens ({@link Sessions.revoke}).
 *
 * Answers 204, also for a user without a session. Answers 400 for a malformed request, 401 for a caller that is not
 * authenticated, 404 for a user that `user` does not find, 405, 408, 413, 415, or 503 in an outage.
 * @param sessions the result of `createSessions`.
 * @param options the caller, and how to find a user.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function globalTokenRevocation<Trigger extends string, Transaction>(
  sessions: Sessions<Trigger, Transaction>,
  options: GlobalTokenRevocationOptions,
): Receiver {
  return inCall("globalTokenRevocation(sessions, { draft: '06', issuer, audience, client, user })", () => {
    const handle = adapterHandle(sessions);
    const { draft, client, user, ...others } = parseArguments<GlobalTokenRevocationOptions>('options', options, KEYS);
    if (draft !== '06') throw new TypeError(`draft is ${shown(draft)}; allowed is '06'`);
    if (typeof client !== 'string' || client === '') throw new TypeError('client must be the sub of the caller');
    if (typeof user !== 'function') throw new TypeError(`user must be a function, not ${kindOf(user)}`);
    const provider = new Provider(others);
    const { issuer } = provider;

    return receiver(async (request) => {
      const [, token = ''] = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
      const claims = await provider.verify(token, [TYPE], ['exp', 'sub'], handle.now());
      // One answer for all failures, and before the user is looked up: a stranger learns nothing.
      if (typeof claims === 'string' || claims.sub !== client || (await handle.wasUsed(issuer, claims.jti))) {
        throw new Refusal('invalid_token', 'the bearer token is not valid here', 401, CHALLENGE);
      }
      const body = parseRecord(await readBody(request, 'application/json'));
      if (body === null || Object.keys(body).join() !== 'sub_id')
        throw invalidRequest('the body must be { "sub_id": … }');
      const subject = parseSubject(body.sub_id, true);
      if (subject === null) throw invalidRequest('sub_id is malformed, or its format is not supported');
      const found = await userOf(user, subject);
      if (found === null) throw new Refusal('not_found', 'there is no such user', 404);
      await sessions.revoke(found, {
        kinds: 'all',
        by: issuer,
        reason: 'signed-out-at-provider',
        note: 'global token revocation',
      });
      await handle.noteUse(issuer, claims.jti, usedUntil(claims.exp as number));
      return answer(204, null);
    });
  });
}
