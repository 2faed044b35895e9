import assert from 'node:assert/strict';
import { parseToken } from '../../model/token.ts';
import type { Sessions } from '../../sessions.ts';
import type { AuditEntry } from '../../store/powers.ts';
import { readAll } from '../harness/audit-entries.ts';
import { type Bench, DAY, HOUR, NOW, SECOND, TestClock } from '../harness/bench.ts';
import { type CaseDefinition, define } from '../harness/contract.ts';
import { allFail, answering, DOWN, NONSENSE, type Operations } from '../harness/outage.ts';
import { type SignedIn, signIn, tell } from '../harness/people.ts';
import { nth, person, same } from '../harness/records.ts';
import { interleave, refuses, tokenOf } from '../harness/rounds.ts';
import { around } from '../harness/wrappers.ts';

const who = { user: 'ann', account: 'acme' };
const { tags } = person('ann', 'acme', 'default');

async function log(bench: Bench): Promise<readonly AuditEntry[]> {
  await bench.settled();
  return readAll(bench.store, { realm: tags.realm });
}

const typesOf = (entries: readonly AuditEntry[]): readonly string[] => entries.map(({ type }) => type).sort();

function counted(bench: Bench): { readonly sessions: Sessions; readonly asked: string[] } {
  const asked: string[] = [];
  const store = around(bench.store, (verb, ask) => {
    asked.push(verb);
    return ask();
  });
  return { sessions: bench.sessions({ store, audit: true }), asked };
}

export const auditEvents: readonly CaseDefinition[] = define(
  'audit',
  {
    operations: {
      title: 'MUST have an entry of everything that was done, by whom, why and from where (OPS-5)',
      async run(bench) {
        const clock = new TestClock();
        const sessions = bench.sessions({ audit: true, clock, limit: { perUser: 2, overflow: 'end-oldest' } });
        const attribution = { by: 'admin', reason: 'offboarding', note: 'by phone', fromDevice: 'Firefox on Windows' };
        const did = async (types: readonly string[], what: () => Promise<unknown>): Promise<readonly AuditEntry[]> => {
          clock.time += SECOND;
          await what();
          await bench.settled();
          const entries = await readAll(bench.store, { realm: tags.realm, since: clock.time });
          same(typesOf(entries), types);
          return entries;
        };
        const clients: SignedIn[] = [];
        const start = async () =>
          clients.push(await signIn(sessions, { ...who, userAgent: 'curl/8', ip: '192.0.2.7' }));
        const [started] = await did(['session.started'], start);
        const { id } = nth(clients, 0).session;
        same([started?.user, started?.account, started?.session, started?.ip], ['ann', 'acme', id, '192.0.2.7']);
        await did(['session.started'], start);
        const both = await did(['session.ended', 'session.started'], start);
        const displaced = both.find(({ type }) => type === 'session.ended');
        same([displaced?.session, displaced?.by, displaced?.reason], [id, 'ann', 'limit']);
        await did(['session.renewed'], () => sessions.renew(nth(clients, 1).session));
        const [ended] = await did(['session.ended'], () =>
          sessions.end(nth(clients, 1).session.id, { user: 'ann', ...attribution }),
        );
        same([ended?.by, ended?.reason, ended?.note, ended?.fromDevice], Object.values(attribution));
        const [revoked] = await did(['sessions.revoked'], () => sessions.revoke({ user: 'ann' }, attribution));
        same([revoked?.by, revoked?.reason, revoked?.note, revoked?.fromDevice], Object.values(attribution));
        same([revoked?.scope, revoked?.user, revoked?.account], ['user', 'ann', null]);
        await did(['sessions.revoked'], () => sessions.suspend({ account: 'acme' }, attribution));
        await did(['session.refused'], async () => {
          assert.equal((await sessions.start({ ...who, fence: await sessions.fence(who) })).ok, false);
        });
        await did(['sessions.revoked'], () => sessions.resume({ account: 'acme' }, attribution));
        clock.time += 40 * DAY;
        await did(['sessions.pruned'], () => sessions.prune());
        const by = await sessions.audit({ by: 'admin' });
        same(typesOf(by.entries), ['session.ended', 'sessions.revoked', 'sessions.revoked', 'sessions.revoked']);
      },
    },
    nothing: {
      title:
        'MUST have no entry of an act without effect: an unknown user, an ended session, no suspension, or a dry run',
      async run(bench) {
        const sessions = bench.sessions({ audit: true });
        const [gone, mine] = [await signIn(sessions, who), await signIn(sessions, who)];
        await sessions.end(gone.session.id, { user: 'ann' });
        const before = await log(bench);
        await sessions.end(gone.session.id, { user: 'ann' });
        await sessions.end(mine.session.id, { user: 'bob' });
        await sessions.end('0'.repeat(22), { user: 'ann' });
        await sessions.renew(gone.session);
        await sessions.revoke({ user: 'ann' }, { keep: gone.session });
        await sessions.revoke({ user: 'ann' }, { ifLive: gone.session });
        await sessions.resume({ user: 'ann' });
        await sessions.revoke({ realm: true }, { dryRun: true });
        await sessions.end(mine.session.id, { user: 'ann', dryRun: true });
        same(await log(bench), before);
        assert.equal(await tell(sessions, mine.token), 'live');
      },
    },
    check: {
      title: 'MUST write nothing for a check that is accepted',
      async run(bench) {
        const { sessions, asked } = counted(bench);
        const { token } = await signIn(sessions, who);
        await bench.settled();
        const before = await log(bench);
        asked.length = 0;
        for (let times = 0; times < 3; times++) assert.equal(await tell(sessions, token), 'live');
        same((await sessions.check(token, { userAgent: 'curl/8', ip: '192.0.2.7' })).ok, true);
        await bench.settled();
        // Over a store that tells its changes, the next checks are answered from memory.
        same(new Set(asked.filter((verb) => verb !== 'changes.since')), new Set(['find']));
        same(await log(bench), before);
      },
    },
    cost: {
      title: 'MUST cost one write to revoke, with the entry, for any number of sessions (SES-17)',
      async run(bench) {
        const { sessions, asked } = counted(bench);
        for (let at = 0; at < 20; at++) await signIn(sessions, { user: `user ${at}`, account: 'acme' });
        await bench.settled();
        for (const scope of [{ user: 'user 1' }, { account: 'acme' }, { realm: true }] as const) {
          const before = (await log(bench)).length;
          asked.length = 0;
          await sessions.revoke(scope);
          await bench.settled();
          // The last call reads `effectiveWithin`.
          same(asked, ['user' in scope ? 'readEpochs' : 'ensureEpochs', 'advance', 'readEpochs']);
          assert.equal((await log(bench)).length, before + 1);
        }
      },
    },
    flood: {
      title: 'MUST have few entries of many refusals, that tell how many were left out',
      async run(bench) {
        const clock = new TestClock();
        const sessions = bench.sessions({ audit: true, clock });
        const [mine, gone] = [await signIn(sessions, who), await signIn(sessions, who)];
        await sessions.end(gone.session.id, { user: 'ann' });
        await sessions.renew(mine.session);
        const foreign = (at: number) =>
          mine.token.replace(/\.[\w-]{22}(?=\.[\w-]{43}$)/, `.${`${at}`.padStart(22, 'x')}`);
        const refused = async (): Promise<void> => {
          for (let at = 0; at < 100; at++) {
            const tokens = ['nonsense', `x${at}`, foreign(at), mine.token, gone.token];
            for (const token of tokens) assert.notEqual(await tell(sessions, token), 'live');
          }
        };
        const added = async (): Promise<readonly AuditEntry[]> => {
          const before = new Set((await log(bench)).map(({ id }) => id));
          await refused();
          return (await log(bench)).filter(({ id }) => !before.has(id));
        };
        const first = await added();
        assert.ok(first.length >= 4 && first.length <= 10, `500 refusals have ${first.length} entries`);
        same([...new Set(first.map(({ reason }) => reason))].sort(), [
          'ended',
          'malformed',
          'superseded',
          'superseded-token',
          'unknown',
        ]);
        clock.time += HOUR;
        const omitted = (await added()).map(({ details }) => Number(details.omitted ?? 0));
        const sum = omitted.reduce((a, b) => a + b, 0);
        assert.ok(sum >= 500 - first.length, `${sum} are told to have been left out`);
      },
    },
    secrets: {
      title: 'MUST hold no token, secret, hash or device cookie in any entry (OPS-2, OPS-5)',
      async run(bench) {
        const sessions = bench.sessions({ audit: true, replace: 'same-device' });
        const tokens: string[] = [];
        const hold = <T extends object>(result: T): T => {
          if ('token' in result && typeof result.token === 'string') tokens.push(result.token);
          return result;
        };
        const deviceId = 'the-device-cookie';
        const first = hold(await signIn(sessions, { ...who, deviceId }));
        const mine = hold(await signIn(sessions, { ...who, deviceId, attributes: { a: 1 } }));
        const renewed = hold(await sessions.renew(mine.session));
        assert.ok(renewed.ok, 'it is renewed');
        const done = hold(await sessions.revoke({ user: 'ann' }, { keep: renewed.session }));
        assert.ok(done.revoked && done.kept !== null, 'it is kept');
        const fence = await sessions.fence(who);
        const again = hold(await sessions.reauthenticate(done.kept, { fence }));
        assert.ok(again.ok, 'it is renewed again');
        const hashes: string[] = [];
        for (const token of tokens) {
          const { ref } = parseToken(token) ?? assert.fail('a token is well-formed');
          const [found] = await bench.store.find(tags.realm, [ref]);
          if (found) hashes.push(found.session.credential);
          await sessions.check(token);
          await sessions.check(`${token}x`);
        }
        await sessions.end(again.session.id, { user: 'ann', by: 'ann' });
        await sessions.check(again.token);

        const entries = await log(bench);
        const types = new Set(entries.map(({ type }) => type));
        for (const type of [
          'session.started',
          'session.renewed',
          'session.ended',
          'session.refused',
          'sessions.revoked',
        ])
          assert.ok(types.has(type), `there is an entry of ${type}`);
        const seen = JSON.stringify(entries);
        assert.ok(
          seen.includes(first.session.id) && tokens.length === 5 && hashes.length === 5,
          'nothing was left out of the search',
        );
        const secrets = tokens.map((token) => parseToken(token)?.secret ?? assert.fail('a token is well-formed'));
        for (const secret of [...tokens, ...secrets, ...hashes, deviceId]) {
          assert.ok(!seen.includes(secret), 'an entry holds a secret');
        }
      },
    },
    retention: {
      title: 'MUST keep entries for as long as the retention of the log says, and prune them afterwards',
      async run(bench) {
        const clock = new TestClock();
        const sessions = bench.sessions({ clock, audit: { retention: '2h' } });
        await signIn(sessions, who);
        const started = await log(bench);
        clock.time = NOW + 3 * HOUR;
        assert.equal((await sessions.prune()).entries, 0, 'clocks may be an hour apart');
        clock.time = NOW + 3 * HOUR + 1;
        assert.equal((await sessions.prune()).entries, started.length);
        same(new Set(typesOf(await log(bench))), new Set(['sessions.pruned']));
      },
    },
    forgotten: {
      title: 'MUST find no trace of a person who was forgotten, neither as whom it is about nor as who did it',
      async run(bench) {
        const sessions = bench.sessions({ audit: true });
        const ann = await signIn(sessions, { user: 'ann-the-person', account: 'acme', userAgent: 'curl/8' });
        const bob = await signIn(sessions, { user: 'bob', account: 'acme' });
        await sessions.end(bob.session.id, { user: 'bob', by: 'ann-the-person', note: 'said ann-the-person' });
        await sessions.revoke({ account: 'acme' }, { by: 'ann-the-person' });
        await sessions.end(ann.session.id, { user: 'ann-the-person', by: 'bob' });
        const before = (await log(bench)).length;
        const { entries } = await sessions.forgetUser('ann-the-person', { by: 'ann-the-person' });
        assert.ok(entries >= 3, `${entries} entries told of them`);
        const after = await log(bench);
        assert.ok(after.length > before, 'no entry is gone');
        const seen = JSON.stringify(after);
        for (const trace of ['ann-the-person', ann.session.id]) assert.ok(!seen.includes(trace), `${trace} is left`);
        assert.ok(seen.includes(bob.session.id), 'the others stay');
        for (const request of [{ user: 'ann-the-person' }, { by: 'ann-the-person' }]) {
          same((await sessions.audit(request)).entries, []);
        }
      },
    },
    'once-each': {
      title: 'MUST have exactly one entry per act, and none of an act that another one made void',
      run: (bench) =>
        interleave(bench, 0.1, async ({ seed, order, open }) => {
          const [sessions, other] = [open({ audit: true }), open({ audit: true })];
          const clients = [await signIn(sessions, who), await signIn(sessions, who), await signIn(sessions, who)];
          const [a, b, c] = [nth(clients, 0), nth(clients, 1), nth(clients, 2)];
          const [kept, alsoKept, ended, alsoEnded, renewed] = await order.run(
            () => sessions.revoke({ user: 'ann' }, { keep: a.session }),
            () => other.revoke({ user: 'ann' }, { keep: b.session }),
            () => sessions.end(c.session.id, { user: 'ann' }),
            () => other.end(c.session.id, { user: 'ann' }),
            () => sessions.renew(c.session),
          );
          await bench.settled();
          await refuses(other, c.token, tokenOf(renewed));
          const entries = await readAll(bench.store, { realm: person('ann', null, `realm ${seed}`).tags.realm });
          const count = (type: string): number => entries.filter((entry) => entry.type === type).length;
          same(
            [count('session.started'), count('sessions.revoked'), count('session.ended'), count('session.renewed')],
            [
              3,
              Number(kept.revoked) + Number(alsoKept.revoked),
              Number(ended.ended) + Number(alsoEnded.ended),
              Number(renewed.ok),
            ],
          );
        }),
    },
    unavailable: {
      title: 'MUST be unavailable where the log does not answer, or makes no sense, and never look empty (OPS-1)',
      async run(bench) {
        const operations: Operations = [
          ['audit', ['audit.read'], ({ sessions }) => sessions.audit({ user: 'ann' })],
          ['forgetUser', ['audit.forget'], ({ sessions }) => sessions.forgetUser('bob')],
          ['prune', ['audit.prune'], ({ sessions }) => sessions.prune()],
        ];
        const settings = { operations, options: { audit: true } };
        await allFail(bench, DOWN, ['audit.read', 'audit.forget', 'audit.prune'], settings);
        const pages = [{ entries: [] }, { entries: null, more: false }, { entries: [null], more: false }];
        await allFail(bench, answering([...NONSENSE, ...pages]), ['audit.read'], settings);
        await allFail(bench, answering([...NONSENSE, -1]), ['audit.forget', 'audit.prune'], settings);
      },
    },
    background: {
      title:
        'MUST refuse and accept as ever where an entry that goes with no write cannot be written, and tell of that',
      async run(bench) {
        const store = around(bench.store, (verb, ask) => {
          if (verb === 'audit.append') throw new Error('down');
          return ask();
        });
        const sessions = bench.sessions({ store, audit: true });
        const { token } = await signIn(sessions, who);
        const told = new Promise<string>((resolve) => {
          sessions.on('background.failed', ({ operation }) => resolve(operation));
        });
        assert.equal(await tell(sessions, 'nonsense'), 'malformed');
        assert.equal(await told, 'audit');
        assert.equal(await tell(sessions, token), 'live');
      },
    },
  },
  ['audit'],
);
