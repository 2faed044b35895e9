import type { Tag } from 'session-revocation/adapter';
import { Freshness } from '../../../../src/freshness/freshness.ts';
import { Log } from '../../../../src/freshness/log.ts';
import { Memory } from '../../../../src/freshness/memory.ts';
import type { Moment } from '../../../../src/freshness/moment.ts';
import { Notices } from '../../../../src/freshness/notices.ts';
import { PackedSessions } from '../../../../src/freshness/packed-sessions.ts';
import { type Reading, Recollection } from '../../../../src/freshness/recollection.ts';
import { type Data, referenceStore } from '../../../contract/reference-store.ts';
import { Node } from './node.ts';
import { SharedStore } from './shared-store.ts';

/** Replaces a method. Returns a function that restores it. */
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

type Remember = (key: string, value: object, reading: Reading, tags: readonly Tag[], maxAge: number) => void;
type Recall = (key: string, maxAge: number, now: Moment, logAge: number | null) => unknown;

const remembers = (change: (reading: Reading) => Reading) =>
  replace(
    Recollection.prototype,
    'remember',
    (former) =>
      function (this: unknown, key, value, reading, tags, maxAge) {
        (former as Remember).call(this, key, value, change(reading), tags, maxAge);
      } as Remember,
  );

/** Returns a function that restores several methods. */
const all = (mends: readonly (() => void)[]) => (): void => {
  for (const mend of mends) mend();
};

/** Breaks the code, and returns a function that repairs it. */
type Fault = () => () => void;

/**
 * Faults that only show over a store without changes. Over other stores, the next answer about changes soon corrects
 * them.
 */
export const BROKEN_AGES: Readonly<Record<string, Fault>> = {
  'the age counts from the answer, and not from the moment of sending': () =>
    remembers((reading) => {
      const late = performance.now() - reading.steady;
      return { ...reading, steady: reading.steady + late, wall: reading.wall + late };
    }),
  'the monotonic clock alone counts': () =>
    replace(
      Recollection.prototype,
      'recall',
      (former) =>
        function (this: unknown, key, maxAge, now, logAge) {
          return (former as Recall).call(this, key, maxAge, { ...now, wall: -Infinity }, logAge);
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
  'a process that was stopped judges by the time before': () => {
    const before = new WeakMap<Node, { readonly steady: number; readonly wall: number }>();
    const mends = [
      replace(
        Node.prototype,
        'stop',
        (former) =>
          function (this: Node, ms: number) {
            before.set(this, { steady: this.steady(), wall: this.wall() });
            former.call(this, ms);
          },
      ),
      ...(['steady', 'wall'] as const).map((clock) =>
        replace(
          Node.prototype,
          clock,
          (former) =>
            function (this: Node) {
              return (this.isStopped ? undefined : before.get(this)?.[clock]) ?? former.call(this);
            },
        ),
      ),
      replace(
        Node.prototype,
        'check',
        (former) =>
          function (this: Node, token: string, isStrict: boolean) {
            try {
              return former.call(this, token, isStrict);
            } finally {
              before.delete(this);
            }
          },
      ),
    ];
    return all(mends);
  },
  'a write that failed is no notice': () =>
    replace(
      Notices.prototype,
      'note',
      (former) =>
        function (this: Notices, tags: Iterable<Tag>) {
          if (Node.current?.isFailing !== true) former.call(this, tags);
        },
    ),
};

/** Faults that show over every store. */
export const BROKEN: Readonly<Record<string, Fault>> = {
  'the age that a check asks for is not compared': () =>
    replace(
      Recollection.prototype,
      'recall',
      (former) =>
        function (this: unknown, key, _maxAge, now, logAge) {
          return (former as Recall).call(this, key, Infinity, { ...now, wall: now.wall - 1e9 }, logAge);
        } as Recall,
    ),
  'a read that was sent before a notice is remembered': () =>
    remembers((reading) => ({ ...reading, notices: Number.MAX_SAFE_INTEGER })),
  'a write of this process is no notice': () => replace(Notices.prototype, 'note', () => () => {}),
  'a refusal by the store is no notice': () => {
    const mends = (['noticeRefusal', 'noticeRevocation'] as const).map((name) =>
      replace(Freshness.prototype, name, () => () => {}),
    );
    return all(mends);
  },
  'a notification makes what it does not name young': () =>
    replace(
      Recollection.prototype,
      'recall',
      (former) =>
        function (this: unknown, key, maxAge, now, logAge) {
          const { current } = Node;
          const isYoung = current !== null && current.steady() - current.heardAt <= maxAge;
          const past = { steady: -Infinity, wall: -Infinity };
          return isYoung
            ? (former as Recall).call(this, key, maxAge, past, logAge === null ? null : -Infinity)
            : (former as Recall).call(this, key, maxAge, now, logAge);
        } as Recall,
    ),
  'a tag of a user does not drop its sessions': () =>
    replace(
      PackedSessions.prototype,
      'tagsOf',
      (former) =>
        function (this: PackedSessions, slot: number) {
          const [realm, , ...ofAccount] = former.call(this, slot);
          return [realm, ...ofAccount];
        },
    ),
};

/** Faults of the change log, and of the code that reads it. */
export const BROKEN_LOGS: Readonly<Record<string, Fault>> = {
  'an answer about changes counts from its receipt': () =>
    replace(
      Log.prototype,
      'age',
      (former) =>
        function (this: Log, now: Moment) {
          const { current } = Node;
          return former.call(this, now) === Infinity || current === null ? Infinity : current.steady() - current.toldAt;
        },
    ),
  'a lost position is no notice': () => replace(Notices.prototype, 'noteAll', () => () => {}),
  'a renewal is not told': () =>
    replace(SharedStore.prototype, 'make', () => (data: Data) => {
      const { renew } = referenceStore({ ...data, changes: [] });
      return { ...referenceStore(data), renew };
    }),
};

/** Faults that need answers in a certain order. Random simulations seldom find them. */
export const BROKEN_ORDERS: Readonly<Record<string, Fault>> = {
  'a lost position empties memory, and reads that are under way are remembered': () => {
    const lostAt = new WeakMap<Notices, number>();
    const noticesOf = new WeakMap<Reading, Notices>();
    return all([
      replace(
        Notices.prototype,
        'noteAll',
        (former) =>
          function (this: Notices) {
            former.call(this);
            lostAt.set(this, this.count);
          },
      ),
      replace(
        Memory.prototype,
        'reading',
        (former) =>
          function (this: Memory, wall: number) {
            const reading = former.call(this, wall);
            noticesOf.set(reading, this.notices);
            return reading;
          },
      ),
      remembers((reading) => {
        const notices = noticesOf.get(reading);
        const lost = notices === undefined ? 0 : (lostAt.get(notices) ?? 0);
        return { ...reading, notices: Math.max(reading.notices, lost) };
      }),
    ]);
  },
  'the first answer about changes is no notice': () => {
    const begun = new WeakSet<Notices>();
    return replace(
      Notices.prototype,
      'noteAll',
      (former) =>
        function (this: Notices) {
          if (begun.has(this)) former.call(this);
          begun.add(this);
        },
    );
  },
};
