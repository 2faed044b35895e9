/**
 * A separate process on a file: `node --import tsx sqlite-process.ts <driver> <file> <job>`. It prints `ready`, waits
 * for a line, and does the job. It reports each step after it is done and before the next step begins.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createSessions, type Sessions } from 'session-revocation';
import { drivers } from './sqlite-drivers.ts';
import { laterStore } from './sqlite-later.ts';
import { sessionsIn, signIn } from './sqlite-people.ts';

/** A report of the process: the state it reached, or the user that it signed in or revoked. */
export type Told =
  | { readonly did: 'ready' | 'refused' }
  | { readonly did: 'signed in'; readonly user: string; readonly token: string }
  | { readonly did: 'revoked'; readonly user: string };

/** The jobs of a process. */
export type Job = 'sign in' | 'upgrade' | 'sign in often' | 'revoke' | 'go on for ever';

// Writes synchronously: each report is out before the next step begins.
const tell = (told: Told): void => {
  writeSync(1, `${JSON.stringify(told)}\n`);
};

const signInAndTell = async (sessions: Sessions, user: string): Promise<void> => {
  const { token } = await signIn(sessions, user);
  tell({ did: 'signed in', user, token });
};

const revokeAndTell = async (sessions: Sessions, user: string): Promise<void> => {
  const { revoked } = await sessions.revoke({ user });
  if (!revoked) throw new Error('nothing was revoked');
  tell({ did: 'revoked', user });
};

const JOBS: Record<Job, (sessions: Sessions) => Promise<void>> = {
  'sign in': (sessions) => signInAndTell(sessions, `user ${process.pid}`),

  upgrade: (sessions) => signInAndTell(sessions, `user ${process.pid}`),

  async 'sign in often'(sessions) {
    for (let times = 0; times < 6; times++) {
      const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
      tell(started.ok ? { did: 'signed in', user: 'ann', token: started.token } : { did: 'refused' });
    }
  },

  revoke: (sessions) => revokeAndTell(sessions, 'ann'),

  async 'go on for ever'(sessions) {
    for (let nth = 0; ; nth++) {
      const user = `user ${nth} of ${process.pid}`;
      await signInAndTell(sessions, `${user}, who stays`);
      await signInAndTell(sessions, `${user}, who goes`);
      await revokeAndTell(sessions, `${user}, who goes`);
    }
  },
};

const [name, file, job] = process.argv.slice(2);
const driver = drivers.find((each) => each.name === name);
if (driver === undefined || file === undefined || job === undefined) throw new Error(`there is no driver ${name}`);
tell({ did: 'ready' });
createInterface(process.stdin).once('line', async () => {
  // The timeout is long, because another process may stall in the middle of a write.
  const options = { limit: { perUser: 3, overflow: 'refuse' }, timeout: '2m' } as const;
  const connection = driver.open(file);
  const sessions =
    job === 'upgrade'
      ? createSessions({ store: laterStore(connection, 120_000), ...options })
      : sessionsIn(connection, options, { timeout: '2m' });
  await JOBS[job as Job](sessions);
  await sessions.close();
  process.exit();
});
