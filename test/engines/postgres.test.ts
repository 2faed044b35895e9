import { clients, pglite, url } from './support/postgres-clients.ts';
import { FEW, ONE_CONNECTION, postgresContract } from './support/postgres-contract.ts';

const everywhere = process.env.CI !== undefined;
const { 'pg Pool': pool, ...others } = clients;

postgresContract('pg Pool', url, pool!, { interleavings: everywhere ? 1000 : 15 });
const some = everywhere ? {} : { only: FEW };
postgresContract('PGlite', 'in this process', pglite, { interleavings: 5, skip: ONE_CONNECTION, ...some });
for (const [name, connect] of Object.entries(others)) {
  postgresContract(name, url, connect, { interleavings: 40, ...some });
}
