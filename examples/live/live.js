// @ts-check
// Work that outlives its request, the same on every framework: a WebSocket, an event stream and a job. Each one uses
// the signal of its session.
import { setTimeout as wait } from 'node:timers/promises';

/** @typedef {import('session-revocation').Sessions} Sessions */
/** @typedef {import('session-revocation').Session} Session */

const PAGES = 60;

/**
 * Sends the time each second, and closes with 4401 when the session is over.
 *
 * @param {Sessions} sessions
 * @param {Session} session
 * @param {import('ws').WebSocket} ws
 */
export function serveSocket(sessions, session, ws) {
  const signal = sessions.signal(session, ws);
  signal.addEventListener('abort', () => ws.close(4401, reasonOf(sessions, signal)));
  ws.once(
    'close',
    everySecond((time) => ws.send(`${session.user}: ${time}`)),
  );
}

/**
 * Streams the time each second. The last event tells the page why it ends, so that the page does not connect again.
 *
 * @param {Sessions} sessions
 * @param {Session} session
 * @param {import('node:http').ServerResponse} response
 */
export function streamEvents(sessions, session, response) {
  const signal = sessions.signal(session, response);
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  signal.addEventListener('abort', () => response.end(`event: over\ndata: ${reasonOf(sessions, signal)}\n\n`));
  response.once(
    'close',
    everySecond((time) => response.write(`data: ${session.user}: ${time}\n\n`)),
  );
}

/**
 * Writes a report for a minute, and stops in the middle of a page when the session is over.
 *
 * @param {Sessions} sessions
 * @param {Session} session
 */
export async function writeReport(sessions, session) {
  const job = new AbortController();
  const signal = sessions.signal(session, job.signal);
  let pages = 0;
  try {
    for (; pages < PAGES; pages++) await wait(1_000, undefined, { signal, ref: false });
    return `finished: ${pages} pages`;
  } catch (error) {
    if (!signal.aborted) throw error;
    return `stopped after ${pages} pages: ${reasonOf(sessions, signal)}`;
  } finally {
    // Lets the library release the signal.
    job.abort();
  }
}

/**
 * Returns a reason code for the client, such as `signed-out-everywhere`. The full reason is for logs.
 *
 * @param {Sessions} sessions
 * @param {AbortSignal} signal
 */
export const reasonOf = (sessions, signal) => sessions.explain(signal.reason.cause?.end ?? null) ?? 'signed-out';

/** @param {(time: string) => void} send */
function everySecond(send) {
  const now = () => send(new Date().toLocaleTimeString());
  now();
  const timer = setInterval(now, 1_000);
  return () => clearInterval(timer);
}
