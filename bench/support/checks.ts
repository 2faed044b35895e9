import { createSessions, type SessionStore } from 'session-revocation';
import { type Measure, sideBySide, tell, type Work } from './side-by-side.ts';
import { checks, type Ref, refOf, signInMany } from './sign-in.ts';

export const USERS = 2_000;

/** What checks in a database are compared with. */
export interface Rivals {
  readonly batched: SessionStore;
  readonly unbatched: SessionStore;
  /** A look-up by primary key of a row of the same size, over the same client. */
  readonly bare: Work;
  /** A check's own question, asked by hand, each for itself: below that, no check that is alone can come. */
  readonly floor?: ((ref: Ref) => Promise<unknown>) | undefined;
  /** What others do. */
  readonly others?: Readonly<Record<string, Work>>;
}

/** The goals by the number of checks in flight. */
export type Goals = Readonly<Record<number, number>>;

const MEASURES: readonly Measure[] = [
  { concurrency: 1, count: 150, rounds: 25 },
  { concurrency: 32, count: 1_500, rounds: 15 },
  { concurrency: 64, count: 1_500, rounds: 15 },
];

/** Measures checks against a bare look-up, without accounts and with them. */
export async function compareChecks(
  { batched, unbatched, bare, floor, others = {} }: Rivals,
  goals: Goals,
): Promise<void> {
  for (const withAccounts of [false, true]) {
    const sessions = createSessions({ store: batched });
    const tokens = await signInMany(sessions, USERS, withAccounts);
    const refs = tokens.map(refOf);
    const works: Record<string, Work> = {
      bare,
      check: checks(sessions, tokens),
      'check, not batched': checks(createSessions({ store: unbatched }), tokens),
      ...(floor && { "a check's question alone": (nth) => floor(refs[nth % USERS] as Ref) }),
      ...others,
    };
    console.log(withAccounts ? 'with accounts' : 'without accounts');
    for (const measure of MEASURES) {
      const took = await sideBySide(works, measure);
      const goal = goals[measure.concurrency];
      tell(`${measure.concurrency} in flight`, took, goal === undefined ? {} : { check: goal });
      for (const name of Object.keys(others)) {
        const ahead = (took.get('check')?.median ?? Number.NaN) / (took.get(name)?.median ?? Number.NaN);
        console.log(`    check against ${name}: ${ahead.toFixed(2)}`);
      }
    }
  }
}
