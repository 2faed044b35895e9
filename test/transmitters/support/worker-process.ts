/** A process that delivers the messages of a realm to one receiver, until it is killed. */
import { createSessions } from 'session-revocation';
import type { TokenKey } from 'session-revocation/jwt';
import { sharedSignalsPush, transmit } from 'session-revocation/transmitters';
import { openStore, type Place } from '../../services/stores.ts';

/** What the process must know. */
export interface Work {
  readonly place: Place;
  readonly queue: string;
  readonly issuer: string;
  readonly audience: string;
  readonly key: TokenKey;
  readonly endpoint: string;
}

const { place, queue, key, ...stream }: Work = JSON.parse(process.argv[2] ?? '');
const { store } = openStore(place);
const sessions = createSessions({ store, audit: { outbox: [queue] } });
const push = sharedSignalsPush({ ...stream, keys: [key], authorization: `Bearer ${process.pid}` });
transmit(sessions, {
  receivers: { [queue]: push },
  pauses: Array(32).fill('50ms'),
  timeout: '1s',
  every: '50ms',
}).start();
// The timers of a transmitter keep no process alive.
setInterval(() => {}, 1_000);
process.on('disconnect', () => process.exit());
process.send?.('works');
