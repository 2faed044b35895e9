import fc from 'fast-check';

const SECOND = 1e3;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const process = fc.nat({ max: 5 });
const few = fc.nat({ max: 3 });
const any = fc.nat({ max: 1000 });
const kind = fc.nat({ max: 5 });
const who = { process, user: few, account: few };
const short = [1, SECOND, MINUTE, 20 * MINUTE, HOUR];
const long = [2 * HOUR, 3 * HOUR, 5 * HOUR, DAY, 8 * DAY, 15 * DAY, 31 * DAY, 370 * DAY];
const scope = { ...who, scope: fc.nat({ max: 7 }) };
const initiator = { process, held: any, member: fc.boolean(), kinds: kind };

/** The weight and the inputs of each operation. The numbers are indexes into the sessions, fences etc. of the run. */
const sorts = {
  fence: { weight: 3, fields: who },
  start: { weight: 4, fields: { process, fence: any, kind, device: few } },
  signIn: { weight: 12, fields: { ...who, kind, device: few } },
  check: { weight: 5, fields: { process, held: any } },
  list: { weight: 2, fields: who },
  renew: { weight: 4, fields: { process, held: any } },
  reauthenticate: { weight: 2, fields: { process, held: any, fence: fc.option(any) } },
  switchAccount: { weight: 3, fields: { process, held: any, account: few, fence: fc.option(any) } },
  end: { weight: 2, fields: { process, session: any, user: fc.option(few) } },
  revoke: { weight: 3, fields: { ...scope, kinds: kind } },
  suspend: { weight: 1, fields: scope },
  resume: { weight: 2, fields: scope },
  keep: { weight: 3, fields: initiator },
  signOutEverywhere: { weight: 2, fields: initiator },
  trigger: { weight: 3, fields: { process, held: any, name: few, member: fc.boolean(), keep: fc.boolean() } },
  signOut: { weight: 2, fields: { process, held: any } },
  endIdle: { weight: 5, fields: { ...scope, unusedFor: pick(MINUTE, HOUR, 3 * HOUR, DAY) } },
  forgetUser: { weight: 1, fields: { process, user: few } },
  wait: { weight: 4, fields: { ms: fc.tuple(pick(...short, ...short, ...long), few).map(([ms, more]) => ms + more) } },
  jump: { weight: 1, fields: { process, ahead: fc.boolean() } },
  prune: { weight: 3, fields: { process } },
} as const;

type Sorts = typeof sorts;
type Fields<T> = { readonly [K in keyof T]: T[K] extends fc.Arbitrary<infer V> ? V : never };

/** The name of an operation. */
export type Sort = keyof Sorts;
/** The inputs of an operation of this name. */
export type Told<S extends Sort> = Fields<Sorts[S]['fields']>;
/** One operation of a run. */
export type Operation = { readonly [S in Sort]: { readonly do: S } & Told<S> }[Sort];

/** Any operation. Operations that create sessions are more frequent than those that end all of them. */
export const operation: fc.Arbitrary<Operation> = fc.oneof(
  ...Object.entries(sorts).map(([name, { weight, fields }]) => {
    const named: Record<string, fc.Arbitrary<unknown>> = { do: fc.constant(name), ...fields };
    return { weight, arbitrary: fc.record(named) as fc.Arbitrary<unknown> as fc.Arbitrary<Operation> };
  }),
);

/** The configuration of a run. */
export interface Rules {
  /** How many of the users, accounts and kinds are used. With few of them, operations collide often. */
  readonly names: number;
  readonly limit: { readonly perUser: number; readonly overflow: 'end-oldest' | 'refuse' } | null;
  readonly replace: 'same-browser' | 'same-device' | null;
}

export const rules: fc.Arbitrary<Rules> = fc.record({
  names: fc.integer({ min: 1, max: 6 }),
  limit: fc.option(fc.record({ perUser: pick(1, 2, 2, 3), overflow: pick('end-oldest', 'refuse') })),
  replace: pick(null, null, 'same-browser', 'same-device'),
});
