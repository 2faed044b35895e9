/**
 * Runs the simulation. The exit code is 1 if an acceptance broke a law.
 *
 *   npm run simulate -- --seed 7 --nodes 1000 --checks 10000000 --max-staleness 1000 --changes
 */
import { parseArgs } from 'node:util';
import { simulate } from './simulation.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    nodes: { type: 'string', default: '1000' },
    checks: { type: 'string', default: '1000000' },
    'max-staleness': { type: 'string', default: '1000' },
    changes: { type: 'boolean', default: false },
  },
});
const number = (name: 'seed' | 'nodes' | 'checks' | 'max-staleness'): number => {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`--${name} must be a whole number of at least 1`);
  return value;
};

const options = {
  ...{ seed: number('seed'), nodes: number('nodes'), checks: number('checks') },
  maxStaleness: number('max-staleness'),
  tellsChanges: values.changes,
};
console.log(options);
const { violation, ...counts } = await simulate(options);
console.log(counts);
if (violation !== null) console.error(violation);
process.exit(violation === null ? 0 : 1);
