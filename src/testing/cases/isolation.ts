import assert from 'node:assert/strict';
import type { Scope } from '../../model/scope.ts';
import { parseToken, realmTag } from '../../model/token.ts';
import type { Sessions } from '../../sessions.ts';
import { NOW, SECOND } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { living, type SignedIn, signIn, tell } from '../harness/people.ts';
import { nth, person, same } from '../harness/records.ts';
import { TEXTS } from '../harness/texts.ts';

interface Inhabitant extends SignedIn {
  readonly sessions: Sessions;
  readonly user: string;
  readonly account: string | undefined;
}

// Two realms that share the store, two users, in two accounts and in none.
async function populate(realms: readonly Sessions[]): Promise<Inhabitant[]> {
  const inhabitants: Inhabitant[] = [];
  for (const sessions of realms) {
    for (const user of ['ann', 'bob']) {
      for (const account of [undefined, 'acme', 'beta']) {
        inhabitants.push({ sessions, user, account, ...(await signIn(sessions, { user, account })) });
      }
    }
  }
  return inhabitants;
}

export const isolation: readonly CaseDefinition[] = define('isolation', {
  scopes: {
    title: 'MUST end what a revocation covers, and nothing beside it: user, member, account, realm',
    async run(bench) {
      const cases: readonly [Scope, (who: Inhabitant) => boolean][] = [
        [{ user: 'ann' }, ({ user }) => user === 'ann'],
        [{ user: 'ann', account: 'acme' }, ({ user, account }) => user === 'ann' && account === 'acme'],
        [{ account: 'acme' }, ({ account }) => account === 'acme'],
        [{ realm: true }, () => true],
      ];
      for (const [at, [scope, covers]] of cases.entries()) {
        const realms = [bench.sessions({ realm: `shop ${at}` }), bench.sessions({ realm: `desk ${at}` })];
        const inhabitants = await populate(realms);
        await nth(realms, 0).revoke(scope);
        for (const who of inhabitants) {
          const due = who.sessions === realms[0] && covers(who) ? 'revoked' : 'live';
          const words = `${who.user} in ${who.account} after a revocation of ${JSON.stringify(scope)}`;
          assert.equal(await tell(who.sessions, who.token), due, words);
        }
      }
    },
  },
  'one-session': {
    title: 'MUST end only the named session, and none in the name of another user or realm',
    async run(bench) {
      const realms = [bench.sessions({ realm: 'shop' }), bench.sessions({ realm: 'desk' })];
      const inhabitants = await populate(realms);
      const { session, sessions } = nth(inhabitants, 1);
      same(await sessions.end(session.id, { user: 'bob' }), { ended: false, effectiveWithin: 0 });
      same(await nth(realms, 1).end(session.id, { user: 'ann' }), { ended: false, effectiveWithin: 0 });
      assert.equal(await tell(sessions, nth(inhabitants, 1).token), 'live');
      same(await sessions.end(session.id, { user: 'ann' }), { ended: true, effectiveWithin: 0 });
      for (const [at, who] of inhabitants.entries())
        assert.equal(await tell(who.sessions, who.token), at === 1 ? 'ended' : 'live');
    },
  },
  realms: {
    title: 'MUST know a token of one realm in no other, and list no session of another',
    async run(bench) {
      const [shop, desk] = [bench.sessions({ realm: 'shop' }), bench.sessions({ realm: 'desk' })];
      const client = await signIn(shop, { user: 'ann' });
      const other = await signIn(desk, { user: 'ann' });
      same(await tell(desk, client.token), 'unknown');
      const ref = parseToken(client.token)?.ref;
      assert.ok(ref !== undefined);
      const [[own], [foreign]] = [
        await bench.store.find(realmTag('shop'), [ref]),
        await bench.store.find(realmTag('desk'), [ref]),
      ];
      assert.notDeepEqual(foreign?.epochs.realm, own?.epochs.realm, 'the realm is the one that was asked');
      same([await living(shop, 'ann'), await living(desk, 'ann')], [[client.session.id], [other.session.id]]);
    },
  },
  'look-alikes': {
    title: 'MUST tell users and accounts apart byte for byte, for any names',
    async run(bench) {
      const sessions = bench.sessions();
      const clients = new Map<string, SignedIn>();
      for (const user of TEXTS) clients.set(user, await signIn(sessions, { user, account: user }));
      for (const [user, { session }] of clients) same(await living(sessions, user), [session.id]);
      const revoked = new Set([
        'CaSe',
        'trailing ',
        'cafe\u0301',
        '}x',
        '%',
        '_',
        'a.b',
        'strasse',
        '__proto__',
        'null',
        '0',
      ]);
      for (const user of revoked) await sessions.revoke({ user });
      for (const [user, { token }] of clients)
        assert.equal(await tell(sessions, token), revoked.has(user) ? 'revoked' : 'live', user);
      await sessions.revoke({ account: 'case' });
      await sessions.revoke({ user: 'caf\u00e9', account: 'caf\u00e9' });
      const also = new Set(['case', 'caf\u00e9', ...revoked]);
      for (const [user, { token }] of clients)
        assert.equal(await tell(sessions, token), also.has(user) ? 'revoked' : 'live', user);
    },
  },
  handles: {
    title: 'MUST show to every handle at once what was written through another',
    async run(bench) {
      const near = bench.sessions();
      const far = bench.sessions({ store: await bench.second() });
      const client = await signIn(near, { user: 'ann' });
      const other = await signIn(far, { user: 'ann' });
      assert.equal(await tell(far, client.token), 'live');
      const renewed = await near.renew(client.session);
      assert.ok(renewed.ok);
      assert.equal(await tell(far, client.token), 'superseded');
      assert.equal(await tell(far, renewed.token), 'live');
      await far.end(other.session.id, { user: 'ann' });
      assert.equal(await tell(near, other.token), 'ended');
      await near.revoke({ user: 'ann' });
      assert.equal(await tell(far, renewed.token), 'revoked');
      same(await living(far, 'ann'), []);
      const back = await signIn(far, { user: 'ann' });
      assert.equal(await tell(near, back.token), 'live');
      await bench.store.touch(
        [{ id: back.session.id, user: person('ann', null, 'default').tags.user, at: NOW + SECOND }],
        () => NOW,
      );
      assert.equal((await far.list({ user: 'ann' })).sessions[0]?.lastUsedAt, NOW + SECOND);
    },
  },
});
