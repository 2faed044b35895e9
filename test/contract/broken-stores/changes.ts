import type { ChangesPower } from '../../../src/store/powers.ts';
import type { SessionStore } from '../../../src/store/store.ts';
import { referenceStore, type SyncStore } from '../reference-store.ts';
import { type Faults, pause } from './fault.ts';

/** Returns the store's powers with some methods of `changes` replaced. */
const withChanges = ({ powers }: SyncStore, changes: Partial<ChangesPower>): Pick<SessionStore, 'powers'> => ({
  powers: { ...powers, changes: { ...powers.changes, isSynchronous: true, ...changes } },
});

/** A store in which some verbs append nothing to the change log. */
const silently =
  (...verbs: readonly ('add' | 'renew' | 'end' | 'advance' | 'deleteSessions')[]): Faults[string] =>
  (_, data) => {
    const silent = referenceStore({ ...data, changes: [] });
    return Object.fromEntries(verbs.map((verb) => [verb, silent[verb]]));
  };

/** Stores with a broken change log. */
export const CHANGES: Faults = {
  'declares no changes': ({ powers: { changes: _, ...powers } }) => ({ powers }),
  'does not tell what is ended': silently('end'),
  'does not tell what a sign-in ends': silently('add'),
  'does not tell what is renewed': silently('renew'),
  'does not tell what is advanced': silently('advance'),
  'does not tell what is removed': silently('deleteSessions'),
  'does not tell what is pruned': (_, data) => ({ prune: referenceStore({ ...data, changes: [] }).prune }),
  'tells a membership by its own tag': (store, data) => ({
    advance(tag, advance) {
      const outcome = store.advance(tag, advance);
      if (outcome === 'advanced' && advance.member !== undefined) data.changes.splice(-1, 1, advance.member);
      return outcome;
    },
  }),
  'tells a change late': (store) => {
    const { since } = store.powers.changes;
    return withChanges(store, {
      since(position) {
        const { tags, position: present } = since(position);
        // Holds the newest change back until the next answer.
        return tags === null
          ? { tags, position: present }
          : { tags: tags.slice(0, -1), position: `${Math.max(0, Number(present) - 1)}` };
      },
    });
  },
  'tells each change once': (store) => {
    let told = 0;
    return withChanges(store, {
      since(position) {
        const tags = store.powers.changes.since(`${told}`).tags ?? [];
        told += tags.length;
        return { tags: position === null ? null : tags, position: `${told}` };
      },
    });
  },
  'tells what was refused, too': (store, data) => ({
    advance(tag, advance) {
      const outcome = store.advance(tag, advance);
      if (outcome !== 'advanced') data.changes.push(tag);
      return outcome;
    },
  }),
  'tells only what this handle wrote': (_, data) => {
    const own: string[] = [];
    const handle = referenceStore({ ...data, changes: own });
    return handle as SessionStore;
  },
  'takes an unknown position for the present one': (store) => {
    const { since } = store.powers.changes;
    return withChanges(store, {
      since(position) {
        const answer = since(position);
        return position !== null && answer.tags === null ? { ...answer, tags: [] } : answer;
      },
    });
  },
  'tells a change a moment after its acknowledgement': (_, data) => ({
    advance(tag, advance) {
      const outcome = referenceStore({ ...data, changes: [] }).advance(tag, advance);
      if (outcome === 'advanced') void pause().then(() => data.changes.push(tag));
      return outcome;
    },
  }),
  'within tells at once': (store, data) => ({
    powers: {
      ...store.powers,
      transactions: { within: (transaction: typeof data) => referenceStore({ ...transaction, changes: data.changes }) },
    } as never,
  }),
  'within tells nothing': (store, data) => ({
    powers: {
      ...store.powers,
      transactions: { within: (transaction: typeof data) => referenceStore({ ...transaction, changes: [] }) },
    } as never,
  }),
};
