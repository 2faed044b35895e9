import type { Scenario } from '../explore.ts';
import { accidents } from './accidents.ts';
import { cleaning, forgetting, signOuts, triggers } from './departures.ts';
import { limits } from './limits.ts';
import { sessions } from './living-sessions.ts';
import { signIns, strangers } from './sign-ins.ts';
import { leaving, switches } from './switches.ts';

/** What any store must stand. */
export const scenarios: readonly Scenario[] = [
  ...signIns,
  ...strangers,
  ...sessions,
  ...switches,
  ...leaving,
  ...limits,
  ...triggers,
  ...signOuts,
  ...cleaning,
  ...forgetting,
];
/** Beside them: what takes a store that can lose a record, a clock, a pruner. */
export { accidents, limits, sessions };
