import { setTimeout as sleep } from 'node:timers/promises';
import { isPlainObject, parseArguments, shown } from '../../../src/adapter.ts';
import { isSecure } from '../../../src/jwt/issuer.ts';
import { parseRecord } from '../shared/parse-record.ts';

/** Options of {@link SharedSignals.poll}. */
export interface PollOptions {
  /** The `endpoint_url` of the stream: https; http only on loopback. Redirects are not followed. */
  readonly endpoint: string | URL;
  /** The `Authorization` header to send, such as `'Bearer …'`, or a function that gives it, for tokens that expire. */
  readonly authorization?: string | (() => string | Promise<string>) | undefined;
  /** Ends the polling. */
  readonly signal: AbortSignal;
  /** Gets each failure, before the next attempt. Default: none. */
  readonly failed?: ((error: unknown) => void) | undefined;
}

type Outcome = { readonly err: string; readonly description: string } | null;

const KEYS = ['endpoint', 'authorization', 'signal', 'failed'];
const MAX_EVENTS = 100;
/** A transmitter may hold the answer until there is an event. */
const TIMEOUT = 120_000;
const MAX_BYTES = 2 * 1024 * 1024;
/** Pauses after failures, in ms: doubled each time. */
const [FIRST_PAUSE, LAST_PAUSE] = [1_000, 60_000];
/** Pause before the next question, in ms: a transmitter need not hold its answers. */
const IDLE = 1_000;

/** Asks for events, and acknowledges them with the next question (RFC 8936, 2.4). `receive` acts on one token. */
export async function poll(input: PollOptions, receive: (token: string) => Promise<Outcome>): Promise<void> {
  const { endpoint, authorization, signal, failed } = parseArguments<PollOptions>('the argument', input, KEYS);
  const url = parseEndpoint(endpoint);
  if (!(signal instanceof AbortSignal)) throw new TypeError('signal must be an AbortSignal, which ends the polling');
  const ack = new Set<string>();
  const setErrs = new Map<string, Outcome>();
  let pause = 0;
  while (!signal.aborted) {
    try {
      const header = typeof authorization === 'function' ? await authorization() : authorization;
      const told = { ack: [...ack], setErrs: Object.fromEntries(setErrs) };
      const { sets, moreAvailable } = await ask(url, header, { maxEvents: MAX_EVENTS, ...told }, signal);
      for (const jti of told.ack) ack.delete(jti);
      for (const jti of Object.keys(told.setErrs)) setErrs.delete(jti);
      let failure: unknown = null;
      for (const [jti, token] of Object.entries(sets)) {
        // An event that fails must not keep back the events behind it.
        try {
          const outcome = await receive(typeof token === 'string' ? token : '');
          if (outcome === null) ack.add(jti);
          else setErrs.set(jti, outcome);
        } catch (error) {
          failure ??= error;
        }
      }
      if (failure !== null) throw failure;
      pause = moreAvailable ? 0 : IDLE;
    } catch (error) {
      if (signal.aborted) return;
      pause = Math.min(Math.max(pause * 2, FIRST_PAUSE), LAST_PAUSE);
      tell(failed, error);
    }
    if (pause > 0) await sleep(pause, undefined, { signal }).catch(() => {});
  }
}

/** An error of the app's own function must not end the polling. */
function tell(failed: PollOptions['failed'], error: unknown): void {
  try {
    failed?.(error);
  } catch {}
}

async function ask(url: URL, authorization: string | undefined, body: object, signal: AbortSignal) {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      ...(authorization && { authorization }),
    },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`the transmitter answered ${response.status}`);
  }
  const found = parseRecord(await textOf(response));
  if (found === null || !isPlainObject(found.sets)) throw new Error('the answer of the transmitter has no sets');
  return { sets: found.sets, moreAvailable: found.moreAvailable === true };
}

async function textOf({ body }: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body ?? []) {
    size += part.length;
    if (size > MAX_BYTES) throw new Error(`the answer of the transmitter is larger than ${MAX_BYTES} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function parseEndpoint(value: unknown): URL {
  const url = URL.canParse(String(value)) ? new URL(String(value)) : null;
  if (url !== null && (url.username !== '' || url.password !== '')) {
    throw new TypeError('endpoint must hold no user name and no password; use authorization');
  }
  if (url !== null && isSecure(url)) return url;
  throw new TypeError(`endpoint is ${shown(String(value))}; it must be an https URL`);
}
