import cluster from 'node:cluster';
import { memoryStore } from 'session-revocation/memory';

// Prints the warnings of each process, including the primary, one per line.
process.on('warning', ({ name, message }) =>
  console.log(`${cluster.isPrimary ? 'primary' : 'worker'} ${name}: ${message}`),
);
memoryStore();
memoryStore();
if (cluster.isPrimary) cluster.fork();
else setImmediate(() => process.disconnect());
