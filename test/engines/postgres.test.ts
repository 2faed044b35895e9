import { type Connect, clients, pglite, url } from './support/postgres-clients.ts';
import { FEW, ONE_CONNECTION, postgresContract } from './support/postgres-contract.ts';

const everywhere = process.env.CI !== undefined;
const { 'pg Pool': pool, ...others } = clients;

postgresContract('pg Pool', url, pool!, { interleavings: everywhere ? 1000 : 15 });
const some = everywhere ? {} : { only: FEW };
postgresContract('PGlite', 'in this process', pglite, { interleavings: 5, skip: ONE_CONNECTION, ...some });
for (const [name, connect] of Object.entries(others)) {
  postgresContract(name, url, connect, { interleavings: 40, ...some });
}

/** Clients whose transactions see an older snapshot. */
const isolated =
  (connect: Connect, level: string): Connect =>
  async (at) => {
    const connected = await connect(at);
    return { ...connected, begin: () => connected.begin(level) };
  };
const transactions = (id: string): boolean => id.startsWith('transactions/');
for (const level of ['repeatable read', 'serializable']) {
  for (const name of ['pg Pool', 'postgres.js']) {
    postgresContract(`${name}, ${level}`, url, isolated(clients[name]!, level), {
      interleavings: 1,
      only: transactions,
    });
  }
}
