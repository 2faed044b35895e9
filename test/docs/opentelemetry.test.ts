import {
  AggregationTemporality,
  type Histogram,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { createSessions } from 'session-revocation';
import { memoryStore } from 'session-revocation/memory';
import { expect, onTestFinished, test } from 'vitest';
import { observeSessions } from '../../examples/opentelemetry/metrics.js';

test('the example turns messages into metrics, until it is stopped', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3600e3 });
  const provider = new MeterProvider({ readers: [reader] });
  onTestFinished(() => provider.shutdown());
  const stop = observeSessions(provider.getMeter('test'));
  onTestFinished(stop);

  const sessions = createSessions({ store: memoryStore(), realm: 'shop' });
  onTestFinished(() => sessions.close());
  await sessions.setup();
  const started = await sessions.start({ user: 'ann', fence: await sessions.fence({ user: 'ann' }) });
  if (!started.ok) throw new Error('not started');
  for (let times = 0; times < 3; times++) await sessions.check(started.token);
  await sessions.revoke({ user: 'ann' });
  await sessions.check(started.token);
  await sessions.prune();
  stop();
  await sessions.check(started.token);

  await reader.forceFlush();
  const metrics = exporter.getMetrics().at(-1)?.scopeMetrics[0]?.metrics ?? [];
  const pointsOf = (name: string) =>
    metrics
      .find(({ descriptor }) => descriptor.name === `session_revocation.${name}`)
      ?.dataPoints.map(({ attributes, value }) => ({ ...attributes, value }));
  expect(pointsOf('checks')).toEqual([
    { realm: 'shop', outcome: 'accepted', source: 'store', value: 1 },
    { realm: 'shop', outcome: 'accepted', source: 'memory', value: 2 },
    { realm: 'shop', outcome: 'revoked', source: 'store', value: 1 },
  ]);
  expect(pointsOf('revocations')).toEqual([{ realm: 'shop', scope: 'user', value: 1 }]);
  expect(pointsOf('pruned')).toEqual([{ realm: 'shop', value: 0 }]);
  expect(pointsOf('knowledge.age')?.[0]?.value).toMatchObject({ count: 2 } satisfies Partial<Histogram>);
  const verbs = pointsOf('store.duration')?.map((point) => ('verb' in point ? point.verb : null));
  expect(verbs).toEqual(expect.arrayContaining(['find', 'add', 'advance', 'prune']));
});
