/**
 * How many bytes the memory store takes per session, indexes and the records of users included: 100,000 users with 10
 * sessions each, made as the core makes them. The goal is 300 at most.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describeDevice } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { newEpoch } from '../src/model/epoch.ts';
import { parseFence, stampsOf, takeFence } from '../src/model/fence.ts';
import { hashSecret, newId, newSecret, newVersion, realmTag, userTag } from '../src/model/token.ts';

const SESSIONS_EACH = 10;
const REALM = 'default';
const DAY = 86400e3;
const DEVICES = [
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
].map((userAgent) => describeDevice(userAgent));

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function bytesInUse(): number {
  for (let round = 0; round < 4; round++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external; // which includes the array buffers
}

/** Bytes per session; `address` makes up the address of the nth one. */
function measure(users: number, address: (nth: number) => string | null): number {
  const store = memoryStore();
  const began = Date.now();
  const before = bytesInUse();
  // Round by round, so that a user's sessions do not lie side by side.
  for (let round = 0; round < SESSIONS_EACH; round++) {
    for (let nth = 0; nth < users; nth++) {
      const user = `user-${nth}`;
      const now = began + round * DAY + nth;
      const tags = { user: userTag(REALM, user), account: null };
      const wanted = [realmTag(REALM), tags.user].map((tag) => {
        return { tag, create: newEpoch(now), version: newVersion(), keepUntil: now + DAY };
      });
      const [realm, mine] = store.ensureEpochs(wanted, now) as Exclude<
        ReturnType<typeof store.ensureEpochs>,
        Promise<unknown>
      >;
      const fence = takeFence(tags, { realm: realm!.record, user: mine!.record, account: null, member: null }, now);
      const session = {
        ...{ id: newId(), realm: REALM, user, account: null, userTag: tags.user, accountTag: null, kind: 'browser' },
        ...{ credential: hashSecret(newSecret()), serial: 0, stamps: stampsOf(parseFence(fence, tags), 'browser') },
        ...{ createdAt: now, authenticatedAt: now, lastUsedAt: now, expiresAt: now + 30 * DAY, idle: 14 * DAY },
        amr: Object.freeze(['pwd']),
        device: { ...DEVICES[(nth + round) % DEVICES.length]!, ip: address(round * users + nth) },
        ...{ deviceTag: null, attributes: {}, client: null, ended: null },
      };
      const answer = store.add(session, {
        ...{ ifVersion: mine!.version, now, retention: DAY, ending: [], keepUntil: session.expiresAt, audit: [] },
      });
      if (answer !== 'added') throw new Error(`add answered ${String(answer)}`);
    }
  }
  const bytes = (bytesInUse() - before) / (users * SESSIONS_EACH);
  void store.close?.();
  return bytes;
}

const plain = measure(100_000, () => null);
const addressed = measure(20_000, (nth) => `203.0.${(nth >> 8) & 255}.${nth & 255}`);
console.log(`1,000,000 sessions of 100,000 users: ${plain.toFixed(0)} bytes per session`);
console.log(`200,000 sessions of 20,000 users, with addresses: ${addressed.toFixed(0)} bytes per session`);
