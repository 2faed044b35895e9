import { backChannelLogout, globalTokenRevocation, type Receiver, sharedSignals } from 'session-revocation/receivers';
import { expect, test } from 'vitest';
import { size } from '../ci-only.ts';
import { mutation, pick, random } from './support/mutations.ts';
import { CLIENT, FederatedRealm, PROVIDED, PROVIDER_KEY, post } from './support/provider.ts';

const MOST = size('receivers: mutated tokens of providers');
const AT_ONCE = 250;
/** Time limit in ms, many times the usual duration. */
const TEST_TIMEOUT = 1_800_000;

const FORM = 'application/x-www-form-urlencoded';
const EVENTS = {
  logout: { 'http://schemas.openid.net/event/backchannel-logout': {} },
  signal: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} },
};
const EMAIL = { format: 'email', email: 'ann@acme.example' };
/** Values in the place of a claim. */
const ODD: readonly unknown[] = [
  ...[null, 0, -1, 1e308, true, '', '\0', 'x'.repeat(5_000), [], {}, [[]], { format: 'complex' }, '\ud800'],
  ...[{ format: 'aliases', identifiers: [] }, { format: '__proto__' }, ['__proto__'], { toString: 1 }],
];

/** What a receiver takes: one text that is right, and how it is sent. */
interface Target {
  readonly token: string;
  /** Signs other claims of the same type. */
  readonly sign: (claims: object) => string;
  readonly claims: Record<string, unknown>;
  readonly send: (token: string) => Promise<{ readonly status: number }>;
}

test(`of ${MOST} mutated tokens and bodies no receiver of a provider's tokens crashes, and none accepts one`, {
  timeout: TEST_TIMEOUT,
}, async () => {
  const realm = new FederatedRealm();
  // The user of every subject but one is unknown.
  let found = 0;
  const user = (subject: { readonly format: string; readonly email?: string }): string | null => {
    if (subject.format !== 'email' || subject.email !== EMAIL.email) return null;
    found++;
    return 'ann';
  };
  const logout = backChannelLogout(realm.sessions, PROVIDED);
  const revoke = globalTokenRevocation(realm.sessions, { ...PROVIDED, draft: '06', client: CLIENT, user });
  const { push } = sharedSignals(realm.sessions, { ...PROVIDED, user });
  const token = await realm.signIn('s1', 'ann');

  const target = (typ: string, extra: object, send: Target['send']): Target => {
    const claims = realm.claims(extra) as Record<string, unknown>;
    const sign = (signed: object): string => PROVIDER_KEY.token(signed, { typ });
    return { token: sign(claims), sign, claims, send };
  };
  const sendBearer =
    (receiver: Receiver, body: string) =>
    (bearer: string): Promise<{ readonly status: number }> =>
      post(receiver, 'application/json', body, { authorization: `Bearer ${bearer.replace(/[^\x21-\x7e]/g, '')}` });
  const targets: readonly Target[] = [
    target('logout+jwt', { events: EVENTS.logout, sid: 's1', sub: 'ann' }, (text) =>
      post(logout, FORM, new URLSearchParams({ logout_token: text }).toString()),
    ),
    target('global-token-revocation+jwt', { sub: CLIENT }, sendBearer(revoke, JSON.stringify({ sub_id: EMAIL }))),
    target('secevent+jwt', { exp: undefined, events: EVENTS.signal, sub_id: EMAIL }, (text) =>
      post(push, 'application/secevent+jwt', text),
    ),
  ];

  const statuses = new Map<number, number>();
  async function attack(): Promise<void> {
    const { send, ...right } = pick(targets);
    const others = targets.map((one) => one.token);
    const isSigned = random.pick(3) === 0;
    let attempt: string;
    if (isSigned) {
      // A provider that signs nonsense. It must not crash anything.
      const name = pick(Object.keys(right.claims));
      const odd = pick(ODD);
      // The rest may still be a right token, so the user and the session are others.
      attempt = right.sign({ ...right.claims, sid: undefined, sub: 'nobody', sub_id: undefined, [name]: odd });
    } else {
      attempt = mutation(right.token, pick(others).slice(1));
      // White space is no part of a token, and a header has no other characters.
      if (others.includes(attempt.replace(/[^\x21-\x7e]/g, ''))) return;
    }
    const { status } = await send(attempt);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (![400, 401, 413].includes(status) && !(isSigned && status === 200)) {
      throw new Error(`${status}: ${attempt.slice(0, 2_000)}`);
    }
  }
  async function attackBody(): Promise<void> {
    const text = JSON.stringify({ sub_id: EMAIL });
    const body = mutation(text, text.slice(1));
    const bearer = PROVIDER_KEY.token(realm.claims({ sub: CLIENT }), { typ: 'global-token-revocation+jwt' });
    const before = found;
    const { status } = await sendBearer(revoke, body)(bearer);
    if (![400, 404, 413].includes(status) && found === before) throw new Error(`${status}: ${body.slice(0, 2_000)}`);
  }

  for (let done = 0; done < MOST; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, attack));
    expect(found).toBe(0);
  }
  expect(await realm.isLive(token)).toBe(true);
  for (const status of [400, 401]) expect(statuses.get(status), String(status)).toBeGreaterThan(MOST / 20);

  for (let done = 0; done < MOST / 10; done += AT_ONCE) {
    for (let nth = 0; nth < AT_ONCE; nth++) await attackBody();
  }
  // The right tokens still work.
  for (const [nth, { send, sign, claims }] of targets.entries()) {
    expect((await send(sign({ ...claims, jti: `the last ${nth}` }))).status).toBeLessThan(300);
  }
});
