import { Memory, type Reading, Recollection } from '../../../../src/freshness/memory.ts';
import { Notices } from '../../../../src/freshness/notices.ts';

/** Replaces a method, and returns a function that puts it back. */
function replace<Target extends object, Name extends keyof Target>(
  target: Target,
  name: Name,
  make: (former: Target[Name]) => unknown,
): () => void {
  const former = target[name];
  target[name] = make(former) as Target[Name];
  return () => {
    target[name] = former;
  };
}

type Remember = (key: string, value: object, reading: Reading, ...rest: unknown[]) => void;
type Recall = (key: string, maxAge: number, wall: number) => unknown;

/** Faults, each of which leaves out one rule. The simulation has to find every one. */
export const BROKEN: Readonly<Record<string, () => () => void>> = {
  'the age counts from the answer, and not from the moment of sending': () =>
    replace(
      Recollection.prototype,
      'remember',
      (former) =>
        function (this: unknown, key, value, reading, ...rest) {
          const late = performance.now() - reading.steady;
          const moved = { ...reading, steady: reading.steady + late, wall: reading.wall + late };
          (former as Remember).call(this, key, value, moved, ...rest);
        } as Remember,
    ),
  'the monotonic clock alone counts': () =>
    replace(
      Recollection.prototype,
      'recall',
      (former) =>
        function (this: unknown, key, maxAge) {
          return (former as Recall).call(this, key, maxAge, -Infinity);
        } as Recall,
    ),
  'the wall clock alone counts': () =>
    replace(
      Memory.prototype,
      'reading',
      (former) =>
        function (this: Memory, wall: number) {
          return { ...former.call(this, wall), steady: Infinity };
        },
    ),
  'an age is not compared': () =>
    replace(
      Recollection.prototype,
      'recall',
      (former) =>
        function (this: unknown, key, _maxAge, wall) {
          return (former as Recall).call(this, key, Infinity, wall - 1e9);
        } as Recall,
    ),
  'a read that was sent before a notice is remembered': () =>
    replace(
      Recollection.prototype,
      'remember',
      (former) =>
        function (this: unknown, key, value, reading, ...rest) {
          (former as Remember).call(this, key, value, { ...reading, notices: Number.MAX_SAFE_INTEGER }, ...rest);
        } as Remember,
    ),
  'a write of this process is no notice': () => replace(Notices.prototype, 'note', () => () => {}),
};
