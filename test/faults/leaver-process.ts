/** A process that checks a token on request and reports the error code. It then closes everything, and should end. */
import { setTimeout as wait } from 'node:timers/promises';
import { createSessions, isSessionError } from 'session-revocation';
import { openStore, type Place } from '../services/stores.ts';

const { store, end } = openStore(JSON.parse(process.argv[2] ?? '') as Place);
const patient = createSessions({ store, timeout: '1m' });
const sessions = createSessions({ store, timeout: '1s' });
sessions.startPruning({ every: '1s' });
const fence = await patient.fence({ user: 'ann' });
const started = await patient.start({ user: 'ann', fence });
if (!started.ok) throw new Error(`a sign-in is refused: ${started.reason}`);

const check = (): Promise<string> =>
  sessions.check(started.token).then(
    ({ ok }) => (ok ? 'accepted' : 'refused'),
    (error: unknown) => (isSessionError(error) ? error.code : String(error)),
  );

process.once('message', async () => {
  let code = await check();
  // The child processes of a killed Postgres answer until they notice its end.
  for (let again = 0; code === 'accepted' && again < 100; again++) {
    await wait(10);
    code = await check();
  }
  process.send?.({ code });
  await sessions.close();
  await end();
  process.disconnect();
});
process.send?.({ ready: true });
