import { describe, expect, test } from 'vitest';
import type { Awaitable } from '../../../src/lib/awaitable.ts';
import type { SessionRef } from '../../../src/model/session.ts';
import { batched } from '../../../src/store/batched.ts';
import type { SessionStore } from '../../../src/store/store.ts';
import { size } from '../../ci-only.ts';
import { fc } from '../support/fast-check.ts';
import { answersTo, answerTo, type Found, refOf, refsOf } from '../support/hand-store.ts';

const RUNS = size('store: orders of questions in batches');

describe('in any interleaving of asks, writes and replies', () => {
  const REALMS = ['x', 'y'];
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ realm: fc.constantFrom(...REALMS), refs: fc.integer({ min: 0, max: 3 }) }) },
    { weight: 1, arbitrary: fc.constant('write' as const) },
  );
  const outcome = fc.constantFrom('answer', 'answer', 'answer', 'answer', 'reject', 'throw', 'short', 'at once');

  test('every look-up reads after it was asked, once or (where its question failed) twice, and gets its own answer', async () => {
    await fc.assert(
      fc.asyncProperty(
        ...[fc.scheduler(), fc.array(step, { maxLength: 30 }), fc.array(outcome, { maxLength: 20 })],
        fc.integer({ min: 1, max: 6 }),
        async (scheduler, steps, outcomes, most) => {
          let version = 0;
          let questions = 0;
          const underWay = new Map<string, number>();
          const asked = new Map<string, number>();
          const inner = (realm: string, refs: readonly SessionRef[]): Awaitable<Found> => {
            // The store reads at the earliest possible moment.
            const found = refs.map((ref) => answerTo(realm, ref, version));
            for (const { id } of refs) asked.set(id, (asked.get(id) ?? 0) + 1);
            const how = outcomes[questions++] ?? 'answer';
            const alone = new Set(refs.map(({ id }) => id.split('.')[0])).size <= 1;
            expect(alone || refs.length <= most).toBe(true);
            if (how === 'at once') return found;
            if (how === 'throw') throw new Error('thrown');
            underWay.set(realm, (underWay.get(realm) ?? 0) + 1);
            return scheduler.schedule(Promise.resolve(), `reply to ${refs.map(({ id }) => id)}`).then(() => {
              underWay.set(realm, underWay.get(realm)! - 1);
              if (how === 'reject') throw new Error('rejected');
              return how === 'short' ? found.slice(1) : found;
            });
          };
          const store = batched({ find: inner } as unknown as SessionStore, { maxRefs: most });

          const initiators: Promise<void>[] = [];
          const { task } = scheduler.scheduleSequence(
            steps.map((each, nth) => async () => {
              if (each === 'write') {
                version++;
                return;
              }
              const { realm } = each;
              const refs = Array.from({ length: each.refs }, (_, at) => refOf(`${nth}.${at}`));
              const since = version;
              const answer = (async () => store.find(realm, refs))().then(
                (found) => {
                  // A look-up that is sent alone gets the store's answer unchanged. In the library, the guard checks
                  // its length.
                  if (found.length !== refs.length) return;
                  for (const [at, ref] of refs.entries()) {
                    const { session, epochs } = found[at] as unknown as {
                      session: { id: string; realm: string };
                      epochs: { version: number };
                    };
                    expect([session.realm, session.id]).toEqual([realm, ref.id]);
                    expect(epochs.version).toBeGreaterThanOrEqual(since);
                  }
                },
                (error: Error) => expect(error.message).toMatch(/^(thrown|rejected)$|makes no sense$/),
              );
              initiators.push(answer);
            }),
          );
          await scheduler.waitFor(task);
          await scheduler.waitFor(Promise.all(initiators));
          expect(initiators).toHaveLength(steps.filter((each) => each !== 'write').length);
          for (const times of asked.values()) expect(times).toBeLessThanOrEqual(2);
          expect([...underWay.values()].every((count) => count === 0)).toBe(true);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test('where none fails, each reference is asked once, in at most two questions at a time for a realm', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.array(step, { maxLength: 40 }), async (scheduler, steps) => {
        const underWay = new Map<string, number>();
        const order = new Map<string, string[]>(REALMS.map((realm) => [realm, []]));
        const inner = async (realm: string, refs: readonly SessionRef[]): Promise<Found> => {
          underWay.set(realm, (underWay.get(realm) ?? 0) + 1);
          expect(underWay.get(realm)).toBeLessThanOrEqual(2);
          order.get(realm)!.push(...refs.map(({ id }) => id));
          await scheduler.schedule(Promise.resolve(), 'reply');
          underWay.set(realm, underWay.get(realm)! - 1);
          return answersTo(realm, refs);
        };
        const store = batched({ find: inner } as unknown as SessionStore);
        const wanted = new Map<string, string[]>(REALMS.map((realm) => [realm, []]));
        const initiators: Awaitable<Found>[] = [];
        const { task } = scheduler.scheduleSequence(
          steps.map((each, nth) => async () => {
            if (each === 'write') return;
            const ids = Array.from({ length: each.refs }, (_, at) => `${nth}.${at}`);
            wanted.get(each.realm)!.push(...ids);
            initiators.push(store.find(each.realm, refsOf(...ids)));
          }),
        );
        await scheduler.waitFor(task);
        await scheduler.waitFor(Promise.all(initiators));
        // Look-ups reach the store in the order in which they were made.
        expect(order).toEqual(wanted);
      }),
      { numRuns: RUNS },
    );
  });
});
