import cluster from 'node:cluster';
import { memoryStore } from 'session-revocation/memory';

// The warnings of each process, the primary's too, one on a line.
process.on('warning', ({ name, message }) =>
  console.log(`${cluster.isPrimary ? 'primary' : 'worker'} ${name}: ${message}`),
);
memoryStore();
memoryStore();
if (cluster.isPrimary) cluster.fork();
else setImmediate(() => process.disconnect());
