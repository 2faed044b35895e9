import { createSessions, type SessionStore } from 'session-revocation';
import type { SessionRecord } from 'session-revocation/adapter';
import { Session } from '../../src/model/session.ts';
import { median, sideBySide, tell, type Work } from './side-by-side.ts';
import { signIn } from './sign-in.ts';

export const CROWD = Number(process.env.SESSIONS ?? 100_000);

/** What revocations are measured on. */
export interface Engine {
  readonly store: SessionStore;
  /** Adds copies of a session, under ids of their own. */
  crowd(template: SessionRecord, copies: number): Promise<void>;
  /** The least that an engine can do for a revocation: writes a value and a line of a log, in one atomic step. */
  readonly floor: Work;
  /** The same, with as many indexes as the log has. */
  readonly indexed?: Work | undefined;
}

/** Measures revocations of one session and of a crowd, and the step in which they happen against the engine's floor. */
export async function compareRevocations(name: string, { store, crowd, floor, indexed }: Engine): Promise<void> {
  const advances: number[] = [];
  const sessions = createSessions({ store: timing(store, advances), audit: true });
  await signIn(sessions, 'one');
  const crowded = await signIn(sessions, 'many');
  await crowd(Session.recordOf('many', crowded.session), CROWD - 1);
  await signIn(sessions, 'kept');
  const keeping = await signIn(sessions, 'keeping');
  await crowd(Session.recordOf('keeping', keeping.session), CROWD - 1);

  const revoking =
    (user: string): Work =>
    async () => {
      if (!(await sessions.revoke({ user })).revoked) throw new Error('nothing was revoked');
    };
  const keepingOne = (user: string, first: Session): Work => {
    let kept = first;
    return async () => {
      const outcome = await sessions.revoke({ user }, { keep: kept });
      if (outcome.kept === null) throw new Error('it was not kept');
      kept = outcome.kept;
    };
  };
  const alone = await signIn(sessions, 'alone');
  const measure = { concurrency: 1, count: 10, rounds: 41 };
  console.log(name);
  const goals = { [`of ${CROWD} sessions`]: 1.5 };
  tell(
    'a revocation',
    await sideBySide({ 'of one session': revoking('one'), [`of ${CROWD} sessions`]: revoking('many') }, measure),
    goals,
  );
  const kept = {
    'of one session': keepingOne('alone', alone.session),
    [`of ${CROWD} sessions`]: keepingOne('keeping', keeping.session),
  };
  tell('a revocation that keeps one', await sideBySide(kept, measure), goals);

  advances.length = 0;
  const took = await sideBySide<string>(
    { floor, ...(indexed && { 'floor with indexes': indexed }), revocation: revoking('many') },
    measure,
  );
  tell('a revocation with its log entry', took);
  const step = median(advances);
  const beside = took.get('floor with indexes');
  if (beside !== undefined) console.log(`    ${(step / beside.median).toFixed(2)} times the floor with indexes`);
  const ratio = step / (took.get('floor')?.median ?? Number.NaN);
  console.log(
    `    its one writing step: ${step.toFixed(1)} µs, ${ratio.toFixed(2)} times the floor, goal 1.25: ${ratio <= 1.25 ? 'met' : 'MISSED'}`,
  );
}

/** The store, with the time of each `advance` noted, in µs. */
function timing(store: SessionStore, advances: number[]): SessionStore {
  return new Proxy(store, {
    get(_, name) {
      const own: unknown = Reflect.get(store, name);
      if (name !== 'advance') return typeof own === 'function' ? own.bind(store) : own;
      return async (...given: Parameters<SessionStore['advance']>) => {
        const began = performance.now();
        const outcome = await store.advance(...given);
        advances.push((performance.now() - began) * 1000);
        return outcome;
      };
    },
  });
}
