import { randomBytes } from 'node:crypto';
import { type Finding, withTimeout } from '../../src/adapter.ts';
import { isSessionError, SessionError, type SessionStore, type Sessions } from '../../src/index.ts';

/** Durations of look-ups, in ms: the median and the 95th percentile. */
export interface Latency {
  readonly lookups: number;
  readonly p50: number;
  readonly p95: number;
}

const LOOKUPS = 50;

/** In ms. Longer look-ups noticeably slow every request of the app. */
const SLOW = 20;

const ID_BYTES = 16;

/**
 * Measures look-ups of sessions that do not exist, one after the other. Each request of the app takes at least this long.
 * A look-up is a dry run of `end`, which writes nothing.
 */
export async function measure(sessions: Sessions): Promise<Latency> {
  const times: number[] = [];
  // The first look-up opens the connection and is not counted.
  for (let at = 0; at <= LOOKUPS; at++) {
    const id = randomBytes(ID_BYTES).toString('base64url');
    const began = performance.now();
    await sessions.end(id, { user: 'nobody', dryRun: true });
    if (at > 0) times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const quantile = (share: number): number =>
    Math.round((times[Math.ceil(times.length * share) - 1] ?? 0) * 1000) / 1000;
  return { lookups: times.length, p50: quantile(0.5), p95: quantile(0.95) };
}

export function latencyFinding({ lookups, p50, p95 }: Latency): Finding {
  const found = `${lookups} look-ups, one after the other: p50 ${p50} ms, p95 ${p95} ms`;
  if (p95 <= SLOW) return { subject: 'latency', level: 'ok', found, advice: null };
  const advice =
    'every request of the app takes this long: run the app nearer to the store, or reduce the load of the store';
  return { subject: 'latency', level: 'warning', found, advice };
}

/** Returns the store's own findings. Returns none if the store does not have the power `diagnosis`. */
export async function diagnose(store: SessionStore, timeout: number): Promise<readonly Finding[]> {
  const power = store.powers?.diagnosis;
  if (power === undefined) return [];
  try {
    return await withTimeout(power.diagnose(Date.now()), timeout);
  } catch (cause) {
    if (isSessionError(cause)) throw cause;
    throw new SessionError('SESSION_STORE_UNAVAILABLE', 'the session store could not be reached, or did not answer', {
      cause,
    });
  }
}
