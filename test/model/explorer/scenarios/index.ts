import type { Scenario } from '../explore.ts';
import { accidents } from './accidents.ts';
import { cleaning, forgetting, signOuts, triggers } from './departures.ts';
import { limits } from './limits.ts';
import { sessions } from './living-sessions.ts';
import { signIns, strangers } from './sign-ins.ts';
import { leaving, switches } from './switches.ts';

/** The scenarios that run on every store. */
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
/** `accidents` need a store that can lose a record. `limits` and `sessions` also run alone, on the memory store. */
export { accidents, limits, sessions };
