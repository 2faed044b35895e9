/**
 * How long a check takes for a user who was removed from many accounts, against one who was removed from none. The goal is at
 * most 1.5 times as long.
 */
import { createSessions, type SessionStore } from 'session-revocation';
import { formatEpoch } from 'session-revocation/adapter';
import { memoryStore } from 'session-revocation/memory';
import { advanceEpoch, newEpoch } from '../src/model/epoch.ts';
import { accountTag, memberTag, newVersion, realmTag, userTag } from '../src/model/token.ts';
import { clearPlace, findPlace, openStore } from '../test/services/stores.ts';

const CHECKS = 4_000;
const REVOKED = 500;
const AT_ONCE = 100;
const PAST = [0, 1_000, 10_000];
const MARK = { at: 0, by: 'admin', reason: 'removed', fromDevice: null };

/** Removes a user from so many accounts: some by revocations, the others by the records that those would leave. */
async function remove(store: SessionStore, user: string, accounts: number): Promise<void> {
  const sessions = createSessions({ store });
  for (let nth = 0; nth < Math.min(accounts, REVOKED); nth++) {
    await sessions.revoke({ user, account: `past ${nth}` }, { by: 'admin', reason: 'removed' });
  }
  const now = Date.now();
  const request = (nth: number) => {
    const create = advanceEpoch(newEpoch(now), { covers: { except: [] }, mark: MARK }, now);
    if (create === null) throw new Error('an advance without keep always has a record');
    const tag = memberTag(userTag('default', user), accountTag('default', `past ${nth}`));
    return { tag, create, version: newVersion(), keepUntil: now + 86_400_000 };
  };
  for (let nth = REVOKED; nth < accounts; nth += AT_ONCE) {
    await store.ensureEpochs(
      Array.from({ length: AT_ONCE }, (_, at) => request(nth + at)),
      now,
    );
  }
}

async function measure(name: string, store: SessionStore): Promise<void> {
  const sessions = createSessions({ store });
  await sessions.setup();
  const clients: { readonly past: number; readonly token: string; readonly bytes: number }[] = [];
  for (const past of PAST) {
    const who = { user: `removed ${past} times`, account: 'acme' };
    const started = await sessions.start({ ...who, fence: await sessions.fence(who) });
    if (!started.ok) throw new Error(started.reason);
    await remove(store, who.user, past);
    const [found] = await store.find(realmTag('default'), [
      { id: started.session.id, user: userTag('default', who.user) },
    ]);
    const { user, member } = found?.epochs ?? {};
    const bytes = [user, member].reduce((sum, record) => sum + (record ? formatEpoch(record).length : 0), 0);
    clients.push({ past, token: started.token, bytes });
  }
  const took = new Map<number, number[]>(PAST.map((past) => [past, []]));
  for (let round = 0; round < CHECKS; round++) {
    for (const { past, token } of clients) {
      const began = performance.now();
      if (!(await sessions.check(token)).ok) throw new Error('a session is live');
      took.get(past)?.push(performance.now() - began);
    }
  }
  const median = (past: number): number => took.get(past)?.sort((a, b) => a - b)[CHECKS >> 1] ?? Number.NaN;
  const figures = clients.map(({ past, bytes }) => {
    const ratio = (median(past) / median(0)).toFixed(2);
    return `${past} removals ${(median(past) * 1000).toFixed(1)} us (ratio ${ratio}), ${bytes} bytes of records`;
  });
  console.log(`${name}: ${figures.join('; ')}`);
}

await measure('memory', memoryStore());
for (const engine of ['sqlite', 'postgres', 'mysql', 'redis'] as const) {
  const place = await findPlace(engine);
  if (place === null) continue;
  const opened = openStore(place);
  await measure(engine, opened.store);
  await opened.store.close?.();
  await clearPlace(place);
}
process.exit();
