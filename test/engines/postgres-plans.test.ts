import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PostgresStatement } from '../../adapters/engines/postgres/clients/client.ts';
import { tablesOf } from '../../adapters/engines/postgres/names.ts';
import { pageStatement } from '../../adapters/engines/postgres/statements/audit.ts';
import { statementsOf as namesOfStatements } from '../../adapters/engines/postgres/statements/index.ts';
import { createStore } from '../../adapters/engines/postgres/store.ts';
import { newEpoch } from '../../src/model/epoch.ts';
import { recordAbout } from '../../src/testing/harness/audit-entries.ts';
import { endedAt, newHash, person, plainWrite, renewalOf, sessionOf } from '../../src/testing/harness/records.ts';
import { size } from '../ci-only.ts';
import { newName, openPool, url } from './support/postgres-clients.ts';
import { crowdOf } from './support/postgres-crowd.ts';

// Measured on Postgres 15: every statement takes the same index of each table among 100,000 sessions as among a million.
const SESSIONS = size('Postgres: sessions under the plans');
const ENTRIES = 20_000;
/** Timeout of a test with that many rows, in ms. It is generous, because a busy machine may stall. */
const TEST_TIMEOUT = 1_800_000;
const schema = newName();
const now = Date.now();
const ann = person('ann', 'acme');
const user = ann.tags.user;

/** A node of a query plan, as EXPLAIN returns it. */
interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Temp Written Blocks': number;
  readonly Plans?: readonly Plan[];
}

const nodesOf = (plan: Plan): readonly Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** Returns every statement that a store sends, by the statement's name. */
async function statementsOf(pool: pg.Pool): Promise<ReadonlyMap<string, PostgresStatement>> {
  const asked = new Map<string, PostgresStatement>();
  const remember = async (statement: PostgresStatement) => {
    const { rows } = await pool.query({ ...statement, values: [...statement.values], rowMode: 'array' });
    asked.set(statement.name?.split(' ')[1] ?? statement.text, statement);
    return rows;
  };
  const store = createStore(
    { run: remember, runWithin: (_, statement) => remember(statement) },
    tablesOf({ schema }),
    true,
  );
  const session = sessionOf(ann);
  const { id, credential: ifCredential } = session;
  const record = recordAbout(ann);
  const epoch = (tag: string) => ({ tag, create: newEpoch(now), version: 1, keepUntil: null });
  const advance = { record: newEpoch(now), ifVersion: 1, now, keepUntil: null, audit: [record] };
  const ending = [{ id: 'other', ended: endedAt(now), audit: [record] }];
  const { audit, outbox, policies, diagnosis, changes } = store.powers ?? {};
  await store.ensureEpochs([epoch(user), epoch(ann.tags.realm), epoch(`${ann.tags.member}`)], now);
  await store.add(session, plainWrite({ ending, audit: [record] }));
  await store.find(ann.tags.realm, [{ id, user }]);
  await store.find(
    ann.tags.realm,
    ['one', 'other', id].map((of) => ({ id: of, user })),
  );
  await store.list(ann.tags.realm, user, { account: 'acme', ended: false, now, limit: 50 });
  const born = { user: [session.stamps.user], member: [`${session.stamps.member}`] };
  await store.list(ann.tags.realm, user, { account: 'acme', born, ended: false, now, limit: 50 });
  await store.touch([{ id, user, at: now }], () => now);
  await store.renew(renewalOf(session, {}, { ifCredential: newHash(), ending, audit: [record] }));
  await store.end({ id: 'none', user }, endedAt(now), [record]);
  await store.advance(user, advance);
  await store.advance(user, { ...advance, initiator: { id, ifCredential, credential: newHash(), serial: 1 } });
  const membership = { ...advance, member: `${ann.tags.account}`, ifMemberVersion: 1 };
  await store.advance(user, membership);
  await store.advance(user, { ...membership, initiator: { id, ifCredential, credential: newHash(), serial: 1 } });
  await store.memberships(user, null, 200);
  await store.listUsers({ realm: 'default', account: null }, null, 500);
  await store.listUsers({ realm: 'default', account: ann.tags.account }, null, 500);
  await diagnosis?.realms?.(500);
  await store.deleteSessions(person('nobody').tags.user, 200);
  const endless = sessionOf(ann, { expiresAt: null, idle: null });
  await store.add(endless, plainWrite());
  await store.prune({ sessionsBefore: 1, epochsBefore: 1, limit: 200, after: null, revoked: () => true });
  await changes?.since((await changes.since(null)).position);
  await audit?.append([record]);
  await audit?.forget(person('nobody').tags.user, 200);
  await audit?.prune(1, 50);
  const message = { realm: ann.tags.realm, queue: 'crm', id: 'message 1', ifState: '' };
  await outbox?.read({ realm: ann.tags.realm, queue: 'crm', after: null, limit: 20 });
  await outbox?.change({ ...message, state: 'taken' });
  await outbox?.change({ ...message, state: '', to: 'crm.dead' });
  await outbox?.change({ ...message, state: null });
  await outbox?.queues(ann.tags.realm);
  await outbox?.prune(1, 50);
  await policies?.get('acme');
  await policies?.set({ account: 'acme', value: 'one', ifValue: null, audit: [] });
  await policies?.set({ account: 'acme', value: 'two', ifValue: 'one', audit: [] });
  asked.delete('version');
  const { realm, account } = ann.tags;
  for (const [name, page] of Object.entries({
    realm: {},
    user: { user },
    account: { account: account ?? '' },
    actor: { by: user },
    types: { types: ['session.started', 'session.ended'] },
    'types in an account': { account: account ?? '', types: ['session.started'] },
    'a place': { after: { at: now, id: 'x' }, since: 1, until: now },
  })) {
    asked.set(`audit by ${name}`, pageStatement(tablesOf({ schema }), { realm, limit: 50, ...page }));
  }
  return asked;
}

describe.skipIf(url === null)(`plans on ${SESSIONS} sessions`, () => {
  const pool = openPool({ connectionString: url ?? '', max: 2 });
  let statements: ReadonlyMap<string, PostgresStatement> = new Map();

  beforeAll(async () => {
    const store = createStore(
      {
        run: async (s) => (await pool.query({ ...s, values: [...s.values], rowMode: 'array' })).rows,
        runWithin: async () => [],
      },
      tablesOf({ schema }),
      false,
    );
    await store.setup?.();
    await pool.query(crowdOf({ schema, sessions: SESSIONS, each: 4, now, accounts: true }));
    await pool.query(`
      INSERT INTO ${schema}.audit (at, keep_until, id, realm_tag, user_tag, account_tag, actor_tag, type, realm, details)
      SELECT ${now} - n, ${now} + n, 'entry ' || n, '${ann.tags.realm}', 'user ' || n % 1000, 'account ' || n % 100,
        'user ' || n % 1000, (ARRAY['session.started', 'session.ended', 'sessions.revoked'])[n % 3 + 1], 'default', '{}'
      FROM generate_series(1, ${ENTRIES}) AS n;
      INSERT INTO ${schema}.outbox (at, keep_until, realm_tag, queue, id, body, state)
      SELECT ${now} - n, ${now} + n, 'realm ' || n % 100, 'queue ' || n % 8, 'message ' || n, '{}', ''
      FROM generate_series(1, ${ENTRIES}) AS n;
      INSERT INTO ${schema}.policies (account_tag, value) SELECT 'account ' || n, 'x' FROM generate_series(1, 5000) AS n;
      INSERT INTO ${schema}.changes (xid, tag) SELECT n::text::xid8, 'tag ' || n FROM generate_series(1, ${ENTRIES}) AS n;
      ANALYZE ${schema}.changes;
      ANALYZE ${schema}.audit;
      ANALYZE ${schema}.outbox;
      ANALYZE ${schema}.policies;`);
    statements = await statementsOf(pool);
  }, TEST_TIMEOUT);

  afterAll(async () => {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
  }, TEST_TIMEOUT);

  /** Returns the expensive steps of a statement: the tables that it reads completely, and temporary files. */
  async function costsOf({ text, values }: PostgresStatement, mode: string): Promise<readonly string[]> {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`SET LOCAL plan_cache_mode = ${mode}`);
      await client.query(`PREPARE plan AS ${text}`);
      const literals = values.map((value) => {
        if (value === null) return 'NULL';
        return typeof value === 'string' ? pg.escapeLiteral(value) : `ARRAY[${value.map(pg.escapeLiteral)}]::text[]`;
      });
      const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE plan(${literals})`);
      const [{ Plan }] = rows[0]['QUERY PLAN'];
      return nodesOf(Plan).flatMap((node) => [
        // A complete read of `horizon` is cheap: the table has one row.
        ...(node['Node Type'] === 'Seq Scan' && node['Relation Name'] !== 'horizon'
          ? [`${node['Relation Name']}`]
          : []),
        ...(node['Temp Written Blocks'] > 0 ? ['a temporary file'] : []),
      ]);
    } finally {
      await client.query('ROLLBACK; DEALLOCATE ALL');
      client.release();
    }
  }

  test('there is one of every statement', () => {
    const names = Object.keys(namesOfStatements(tablesOf({ schema })));
    expect([...statements.keys()]).toEqual(expect.arrayContaining(names));
  });

  test.each(['force_generic_plan', 'force_custom_plan'])(
    'every statement finds by an index, and writes no temporary file: %s',
    { timeout: TEST_TIMEOUT },
    async (mode) => {
      const found: Record<string, readonly string[]> = {};
      for (const [name, statement] of statements) {
        const costs = await costsOf(statement, mode);
        if (costs.length > 0) found[name] = costs;
      }
      expect(found).toEqual({});
    },
  );

  test('and a scan from end to end would be noticed, and a sort on the disk', async () => {
    const scan = `SELECT count(*) FROM ${schema}.sessions WHERE ip = $1`;
    expect(await costsOf({ text: scan, values: ['::1'] }, 'force_generic_plan')).toEqual(['sessions']);
    const sort = `SELECT s.* FROM ${schema}.sessions s WHERE ip IS DISTINCT FROM $1 ORDER BY s.credential OFFSET 1000`;
    const costs = await costsOf({ text: sort, values: ['::1'] }, 'force_generic_plan');
    expect(costs).toEqual(expect.arrayContaining(['sessions', 'a temporary file']));
  });

  test(
    'a session takes at most 415 bytes, with all indexes',
    async () => {
      await pool.query(`TRUNCATE ${schema}.sessions, ${schema}.epochs`);
      await pool.query(crowdOf({ schema, sessions: SESSIONS, each: 4, now }));
      const { rows } = await pool.query(`SELECT pg_total_relation_size('${schema}.sessions') AS bytes`);
      const bytes = Number(rows[0].bytes) / SESSIONS;
      process.stderr.write(`Postgres: ${bytes.toFixed(1)} bytes per session\n`);
      expect(bytes).toBeLessThan(415);
    },
    TEST_TIMEOUT,
  );
});
