import { includes, size } from '../ci-only.ts';
import { isOfOrdinaryRun, isOfServer, isOfStatements } from '../contract/shares.ts';
import { type Connect, clients, pglite, url } from './support/postgres-clients.ts';
import { ONE_CONNECTION, postgresContract } from './support/postgres-contract.ts';

const { 'pg Pool': pool, 'postgres.js': postgresJs, ...others } = clients;
const byAll = includes('Postgres: clients beside pg.Pool and postgres.js');

postgresContract('pg Pool', url, pool!, {
  interleavings: size('contract: orders of a race, Postgres by pg'),
  only: includes('Postgres: the whole contract') ? isOfServer : isOfOrdinaryRun,
});
const some = includes('Postgres: the whole contract by every client') ? {} : { only: isOfStatements };
postgresContract('PGlite', byAll ? 'in this process' : null, pglite, {
  interleavings: size('contract: orders of a race, Postgres by PGlite'),
  skip: ONE_CONNECTION,
  ...some,
});
for (const [name, connect] of Object.entries({ 'postgres.js': postgresJs!, ...(byAll ? others : {}) })) {
  postgresContract(name, url, connect, {
    interleavings: size('contract: orders of a race, Postgres by another client'),
    ...some,
  });
}

/** Opens the client's transactions at an isolation level with an older snapshot. */
const isolated =
  (connect: Connect, level: string): Connect =>
  async (at) => {
    const connected = await connect(at);
    return { ...connected, begin: () => connected.begin(level) };
  };
const transactions = (id: string): boolean => id.startsWith('transactions/');
for (const level of ['repeatable read', 'serializable']) {
  for (const name of byAll ? ['pg Pool', 'postgres.js'] : ['pg Pool']) {
    postgresContract(`${name}, ${level}`, url, isolated(clients[name]!, level), {
      interleavings: 1,
      only: transactions,
    });
  }
}
