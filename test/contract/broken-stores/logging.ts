import type { Awaitable } from '../../../src/lib/awaitable.ts';
import type { AuditRecord } from '../../../src/store/powers.ts';
import type { UserWrite } from '../../../src/store/store.ts';
import { type Fault, type Faults, longPause } from './fault.ts';

/** Runs a write without its audit records. Decides when, and whether, to append the records. */
type Route = <Answer>(
  write: () => Answer,
  isDone: (answer: Answer) => boolean,
  records: readonly AuditRecord[],
  append: (records: readonly AuditRecord[]) => void,
) => Awaitable<Answer>;

const recordsOf = ({ audit, ending }: UserWrite): readonly AuditRecord[] => [
  ...audit,
  ...ending.flatMap((one) => one.audit),
];

const bare = <Write extends UserWrite>(write: Write): Write => ({
  ...write,
  audit: [],
  ending: write.ending.map((one) => ({ ...one, audit: [] })),
});

const routing =
  (route: Route): Fault =>
  (store) => {
    const { audit, policies } = store.powers;
    const { append } = audit;
    return {
      add: (session, write) =>
        route(
          () => store.add(session, bare(write)),
          (answer) => answer === 'added',
          recordsOf(write),
          append,
        ),
      renew: (renewal) =>
        route(
          () => store.renew(bare(renewal)),
          (answer) => answer === 'renewed',
          recordsOf(renewal),
          append,
        ),
      end: (ref, ended, records) =>
        route(
          () => store.end(ref, ended, []),
          (answer) => answer,
          records,
          append,
        ),
      advance: (tag, advance) =>
        route(
          () => store.advance(tag, { ...advance, audit: [] }),
          (answer) => answer === 'advanced',
          advance.audit,
          append,
        ),
      powers: {
        audit,
        policies: {
          ...policies,
          set: (write) =>
            route(
              () => policies.set({ ...write, audit: [] }),
              (answer) => answer === 'set',
              write.audit,
              append,
            ),
        },
      },
    };
  };

/** Stores that do not append audit entries in the same step as the write. */
export const LOGGING: Faults = {
  'loses entries': routing((write) => write()),
  'logs whatever was asked': routing((write, _, records, append) => {
    append(records);
    return write();
  }),
  'logs one by one': routing((write, isDone, records, append) => {
    const answer = write();
    if (isDone(answer)) for (const record of records) append([record]);
    return answer;
  }),
  'logs beforehand': routing(async (write, _, records, append) => {
    append(records);
    await longPause();
    return write();
  }),
  'logs afterwards': routing(async (write, isDone, records, append) => {
    const answer = write();
    await longPause();
    if (isDone(answer)) append(records);
    return answer;
  }),
  'logs endings that are none': (store) => ({
    add(session, write) {
      const answer = store.add(session, bare({ ...write }));
      if (answer === 'added') store.powers.audit.append(recordsOf(write));
      return answer;
    },
  }),
};
