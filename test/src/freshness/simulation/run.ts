/**
 * Runs the simulation: `npm run simulate -- --seed 7 --nodes 1000 --checks 10000000 --max-staleness 1000`. Ends with 1 where an acceptance
 * broke a law.
 */
import { parseArgs } from 'node:util';
import { simulate } from './simulation.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: `${Date.now() % 1_000_000}` },
    nodes: { type: 'string', default: '1000' },
    checks: { type: 'string', default: '1000000' },
    'max-staleness': { type: 'string', default: '1000' },
  },
});
const number = (name: keyof typeof values): number => {
  const value = Number(values[name]);
  if (!Number.isSafeInteger(value) || value < 1) throw new TypeError(`--${name} must be a whole number of at least 1`);
  return value;
};

const options = {
  ...{ seed: number('seed'), nodes: number('nodes'), checks: number('checks') },
  maxStaleness: number('max-staleness'),
};
console.log(options);
const { violations, ...counts } = await simulate(options);
console.log(counts);
for (const violation of violations) console.error(violation);
process.exit(violations.length === 0 ? 0 : 1);
