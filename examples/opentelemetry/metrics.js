// @ts-check
// Turns the messages of session-revocation on node:diagnostics_channel into OpenTelemetry metrics.
//
//   npm install @opentelemetry/api session-revocation
//
// Import this file once, beside the set-up of your MeterProvider, and call observeSessions().
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { metrics } from '@opentelemetry/api';

/** Starts to record metrics of all realms in this process. Returns a function that stops it. */
export function observeSessions(meter = metrics.getMeter('session-revocation')) {
  const checks = meter.createCounter('session_revocation.checks', {
    description: 'Checked tokens, by outcome and by what answered: memory or the store',
  });
  const ages = meter.createHistogram('session_revocation.knowledge.age', {
    description: 'The age of the knowledge by which memory accepted a token',
    unit: 'ms',
  });
  const calls = meter.createHistogram('session_revocation.store.duration', {
    description: 'The time that a call of the store took',
    unit: 'ms',
  });
  const lags = meter.createHistogram('session_revocation.changes.lag', {
    description: 'The time since the store told its changes the last time',
    unit: 'ms',
  });
  const revocations = meter.createCounter('session_revocation.revocations', { description: 'Revocations, by scope' });
  const pruned = meter.createCounter('session_revocation.pruned', { description: 'Sessions that pruning removed' });
  const failures = meter.createCounter('session_revocation.background.failures', {
    description: 'Failures of work that no request waits for, by operation',
  });

  /** @type {Record<string, (message: any) => void>} */
  const observers = {
    'session-revocation:check': ({ realm, outcome, source, age }) => {
      checks.add(1, { realm, outcome, source });
      if (source === 'memory') ages.record(age, { realm });
    },
    'session-revocation:store': ({ verb, took, ok }) => calls.record(took, { verb, ok }),
    'session-revocation:changes': ({ ok, lag }) => {
      if (lag !== null) lags.record(lag, { ok });
    },
    'session-revocation:event': (event) => {
      const { type, realm } = event;
      if (type === 'sessions.revoked') revocations.add(1, { realm, scope: event.scope });
      if (type === 'sessions.pruned') pruned.add(event.sessions, { realm });
      if (type === 'background.failed') failures.add(1, { realm, operation: event.operation });
    },
  };
  for (const [name, observer] of Object.entries(observers)) subscribe(name, observer);
  return () => {
    for (const [name, observer] of Object.entries(observers)) unsubscribe(name, observer);
  };
}
