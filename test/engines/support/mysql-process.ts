import { createPool } from 'mysql2/promise';
import { mysqlStore } from '../../../adapters/engines/mysql/index.ts';

/** A separate process that sets up the tables of a prefix, uses them and prints `ready`. */
const [url, prefix] = process.argv.slice(2);
const pool = createPool(`${url}`);
const store = mysqlStore(pool, { prefix: `${prefix}` });
await store.setup?.();
await store.list('realm', 'user', { ended: true, now: 0, limit: 1 });
await pool.end();
process.stdout.write('ready\n');
