import { hash, randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { createSessions, type SessionStore } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { advanceEpoch, newEpoch } from '../../src/model/epoch.ts';
import { accountTag, memberTag, newVersion, userTag } from '../../src/model/token.ts';
import { clearPlace, findPlace, type Place } from '../../test/services/stores.ts';
import { openPlace } from '../harness/placed.ts';
import { type Contender, type Race, race, type Section, type Work } from '../harness/section.ts';
import { plainSession, SETTINGS, signIn } from '../harness/sign-in.ts';

interface Prepared {
  readonly place: Place;
}

const onEngine = (
  engine: Place['engine'],
  fill?: (store: SessionStore) => Promise<unknown>,
): Pick<Race<Prepared>, 'prepare' | 'clear'> => ({
  async prepare() {
    const place = await findPlace(engine);
    if (place === null) return null;
    const { store, end } = openPlace(place);
    await fill?.(store);
    await store.close?.();
    await end();
    return { place };
  },
  clear: ({ place }) => clearPlace(place),
});

const withSessions =
  (work: (sessions: ReturnType<typeof createSessions>) => Promise<Work> | Work): Contender<Prepared> =>
  async ({ place }) => {
    const { store, end } = openPlace(place);
    const sessions = createSessions({ store, ...SETTINGS });
    return { work: await work(sessions), stop: () => sessions.close().then(end) };
  };

const signingIn = withSessions((sessions) => (nth) => signIn(sessions, `user-${nth}`));

const newSecret = () => {
  const secret = randomBytes(32).toString('base64url');
  return { id: randomBytes(16).toString('base64url'), hash: hash('sha256', secret, 'base64url') };
};

/** A sign-in by hand. It reads the user's epoch before the password check, and stores it in the new session. */
const redisSignIn: Contender<Prepared> = async ({ place: { url, space } }) => {
  const client = new Redis(url);
  const work: Work = async (nth) => {
    const epoch = (await client.get(`${space}:hand:user-${nth}`)) ?? '0';
    const { id, hash } = newSecret();
    const session = JSON.stringify({ ...plainSession(nth), hash, epoch });
    await client
      .multi()
      .set(`${space}:hand:${id}`, session, 'EX', 2_592_000)
      .zadd(`${space}:hand:of-${nth}`, Date.now(), id)
      .exec();
  };
  return { work, stop: () => client.disconnect() };
};

const postgresSignIn: Contender<Prepared> = async ({ place: { url, space } }) => {
  const pool = new Pool({ connectionString: url });
  await pool.query(`CREATE TABLE ${space}.hand_users (id text PRIMARY KEY, epoch bigint NOT NULL)`);
  await pool.query(
    `CREATE TABLE ${space}.hand (id text PRIMARY KEY, user_id text NOT NULL, hash text NOT NULL, epoch bigint NOT NULL, data jsonb NOT NULL)`,
  );
  await pool.query(`CREATE INDEX ON ${space}.hand (user_id)`);
  const read = `SELECT epoch FROM ${space}.hand_users WHERE id = $1`;
  const write = `INSERT INTO ${space}.hand VALUES ($1, $2, $3, $4, $5)`;
  const work: Work = async (nth) => {
    const { rows } = await pool.query({ name: 'read', text: read, values: [`user-${nth}`] });
    const { id, hash } = newSecret();
    const values = [id, `user-${nth}`, hash, rows[0]?.epoch ?? 0, JSON.stringify(plainSession(nth))];
    await pool.query({ name: 'write', text: write, values });
  };
  return { work, stop: () => pool.end() };
};

const signIns: readonly Race[] = [
  race({
    title: 'A sign-in, the memory store',
    contenders: {
      ours: async () => {
        const sessions = createSessions({ store: memoryStore(), ...SETTINGS });
        return (nth) => signIn(sessions, `user-${nth}`);
      },
    },
  }),
  race<Prepared>({ title: 'A sign-in, SQLite in a file', ...onEngine('sqlite'), contenders: { ours: signingIn } }),
  race<Prepared>({
    title: 'A sign-in, Redis',
    ...onEngine('redis'),
    contenders: { 'by hand': redisSignIn, ours: signingIn },
  }),
  race<Prepared>({
    title: 'A sign-in, Postgres',
    ...onEngine('postgres'),
    contenders: { 'by hand': postgresSignIn, ours: signingIn },
  }),
  race<Prepared>({ title: 'A sign-in, MariaDB', ...onEngine('mysql'), contenders: { ours: signingIn } }),
];

const LISTED = 1_000;

async function fillList(store: SessionStore): Promise<void> {
  const sessions = createSessions({ store, ...SETTINGS });
  for (let nth = 0; nth < LISTED; nth++) await signIn(sessions, 'many');
}

const listing = withSessions((sessions) => async () => {
  const { sessions: listed } = await sessions.list({ user: 'many' }, { limit: LISTED });
  if (listed.length !== LISTED) throw new Error(`${listed.length} sessions are listed.`);
});

const bareRows: Contender<Prepared> = async ({ place: { url, space } }) => {
  const pool = new Pool({ connectionString: url });
  const text = `SELECT * FROM ${space}.sessions WHERE user_tag = $1 ORDER BY created_at DESC, id DESC`;
  const values = [userTag('default', 'many')];
  return { work: () => pool.query({ name: 'rows', text, values }), stop: () => pool.end() };
};

const lists: readonly Race[] = [
  race<Prepared>({
    title: 'A list of 1,000 sessions, Postgres',
    ...onEngine('postgres', fillList),
    contenders: { 'a bare SELECT of the rows': bareRows, ours: listing },
  }),
  race<Prepared>({
    title: 'A list of 1,000 sessions, Redis',
    ...onEngine('redis', fillList),
    contenders: { ours: listing },
  }),
];

const PAST = [0, 1_000, 10_000];
const MARK = { at: 0, by: 'admin', reason: 'removed', fromDevice: null };

/** Leaves the records that remain after a user was removed from 0, 1,000 or 10,000 accounts. */
async function remove(store: SessionStore): Promise<void> {
  await store.setup?.();
  const now = Date.now();
  const create = advanceEpoch(newEpoch(now), { covers: { except: [] }, mark: MARK }, now);
  if (create === null) throw new Error('An advance without keep always has a record.');
  for (const accounts of PAST) {
    const user = userTag('default', `removed ${accounts} times`);
    for (let nth = 0; nth < accounts; nth += 100) {
      const records = Array.from({ length: 100 }, (_, more) => {
        const tag = memberTag(user, accountTag('default', `past ${nth + more}`));
        return { tag, create, version: newVersion(), keepUntil: now + 86_400_000 };
      });
      await store.ensureEpochs(records, now);
    }
  }
}

const checkAfter = (removals: number): Contender<Prepared> =>
  withSessions(async (sessions) => {
    const { token } = await signIn(sessions, `removed ${removals} times`, 'acme');
    return () => sessions.check(token);
  });

const removals = (['redis', 'postgres', 'mysql'] as const).map((engine) =>
  race<Prepared>({
    title: `A check of a user who was removed from accounts, ${engine}`,
    ...onEngine(engine, remove),
    contenders: {
      'from none': checkAfter(0),
      'from 1,000': checkAfter(1_000),
      'from 10,000': checkAfter(10_000),
    },
    goals: [{ of: 'from 10,000', to: 'from none', atMost: 1.5 }],
  }),
);

const section: Section = {
  title: 'Other operations',
  about: `A sign-in takes a fence, and then writes the session: two round trips. By hand, it reads the user's epoch, and then writes a session that bears it.`,
  minutes: 2,
  races: [...signIns, ...lists, ...removals],
};
export default section;
