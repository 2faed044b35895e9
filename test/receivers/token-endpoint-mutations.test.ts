import { expect, test } from 'vitest';
import { size } from '../ci-only.ts';
import {
  AS_API,
  AS_APP,
  answerOf,
  assertionOf,
  byAssertion,
  EndpointRealm,
  SECRETS,
  URL_OF,
} from './support/endpoints.ts';
import { mutation, pick, random } from './support/mutations.ts';

const MOST = size('receivers: mutated requests to the token endpoints');
const AT_ONCE = 500;
/** Time limit in ms, many times the usual duration. */
const TEST_TIMEOUT = 1_800_000;

const FORM = 'application/x-www-form-urlencoded';
const STATUSES = [200, 400, 401, 413, 415];

test(`REV-2, INT-2: of ${MOST} mutated requests none crashes, none ends a session, and none is told anything`, {
  timeout: TEST_TIMEOUT,
}, async () => {
  const realm = new EndpointRealm();
  const [mine, theirs] = [await realm.grant(), await realm.grant({ client: 'other' }, 'bob')];
  const ended = realm.hear('session.ended', 'session.reused', 'sessions.revoked');
  const tokens = [mine.accessToken, mine.refreshToken, theirs.accessToken, theirs.refreshToken];
  const assertion = assertionOf();
  const statuses = new Map<number, number>();

  const families = [mine, theirs].map(({ refreshToken }) => refreshToken.split('.')[4]);
  /** A refresh token of a right lineage ends its session with any last part, because its holder once had a right one. */
  const isRight = (token: string): boolean => tokens.includes(token) || families.includes(token.split('.')[4]);

  /** Changes a text. The result is none of the right tokens. */
  function mutated(text: string): string {
    // Parts of others lack a character, so that none of them becomes a right token.
    const odd = mutation(text, pick(tokens).slice(1));
    return odd === text || isRight(odd) ? mutated(text) : odd;
  }

  /** A request in which one part is wrong. */
  function attackOn(target: 'token' | 'credentials' | 'body' | 'type') {
    const token = target === 'token' ? mutated(pick(tokens)) : pick(tokens);
    const credentials: Record<string, string> = pick([
      { client_id: 'app', client_secret: mutated(SECRETS.app) },
      { client_id: mutated('app'), client_secret: SECRETS.other },
      { client_id: 'signer', ...byAssertion(mutated(assertion)) },
      { authorization: `Basic ${mutated(btoa(`app:${SECRETS.app.slice(1)}`))}` },
    ]);
    const { authorization, ...fields } = target === 'credentials' ? credentials : pick([AS_APP, AS_API]);
    const body = new URLSearchParams({ token: target === 'body' ? 'garbage' : token, ...fields }).toString();
    const headers = {
      'content-type': target === 'type' ? mutated(FORM) : FORM,
      ...(authorization && { authorization }),
    };
    const sendable = Object.entries(headers).map(([name, value]) => [name, value.replace(/[^\x20-\x7e]/g, '')]);
    return { body: target === 'body' ? mutated(body) : body, headers: Object.fromEntries(sendable) };
  }

  const attack = async (): Promise<void> => {
    const target = pick(['token', 'token', 'credentials', 'body', 'type'] as const);
    const attempt = attackOn(target);
    // The type may still be right: in capitals, or with a parameter.
    if (target === 'type' && attempt.headers['content-type'].split(';')[0].trim().toLowerCase() === FORM) return;
    const isRevocation = random.pick(2) === 0;
    const url = isRevocation ? URL_OF.revocation : URL_OF.introspection;
    const asked = new Request(url, { method: 'POST', ...attempt });
    const { status, text, json } = await answerOf(isRevocation ? realm.revoke : realm.introspect, asked);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (!STATUSES.includes(status)) throw new Error(`${status}: ${JSON.stringify(attempt)}`);
    if (json.active === true || (target === 'credentials' && status === 200)) {
      throw new Error(`accepted: ${JSON.stringify(attempt)} ${text}`);
    }
    if (ended.length > 0) throw new Error(`ended: ${JSON.stringify(attempt)}`);
  };
  for (let done = 0; done < MOST; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, attack));
  }

  for (const status of [200, 400, 401, 415]) expect(statuses.get(status), String(status)).toBeGreaterThan(20);
  // The right tokens and credentials still work.
  expect((await realm.introspection({ token: mine.accessToken })).json.active).toBe(true);
  expect((await realm.introspection({ token: 'x', ...byAssertion(assertion) }, {})).status).toBe(200);
  await realm.refreshed(theirs.refreshToken);
});
