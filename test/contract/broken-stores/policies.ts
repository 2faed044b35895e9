import { type Faults, pause, withPolicies } from './fault.ts';

/** Stores that break policies. */
export const POLICIES: Faults = {
  'declares no policies': ({ powers: { policies: _, ...powers } }) => ({ powers }),
  'policies are of everybody': (store) => {
    const { get, set } = store.powers.policies;
    return withPolicies(store, { get: () => get(''), set: (write) => set({ ...write, account: '' }) });
  },
  'policies trim': (store) => {
    const { set } = store.powers.policies;
    return withPolicies(store, { set: (write) => set({ ...write, value: write.value.trimEnd() }) });
  },
  'policies know no empty text': (store) => {
    const { get } = store.powers.policies;
    return withPolicies(store, { get: (account) => get(account) || null });
  },
  'policies ignore what was read': (store) => {
    const { get, set } = store.powers.policies;
    return withPolicies(store, { set: (write) => set({ ...write, ifValue: get(write.account) }) });
  },
  'policies compare without case': (store) => {
    const { get, set } = store.powers.policies;
    return withPolicies(store, {
      set(write) {
        const there = get(write.account);
        return set({
          ...write,
          ifValue: there?.toLowerCase() === write.ifValue?.toLowerCase() ? there : write.ifValue,
        });
      },
    });
  },
  'policies look, then write': (store) => {
    const { get, set } = store.powers.policies;
    return withPolicies(store, {
      async set(write) {
        const fits = get(write.account) === write.ifValue;
        await pause();
        return fits ? set({ ...write, ifValue: get(write.account) }) : 'conflict';
      },
    });
  },
  'policies are read once': (store) => {
    const known = new Map<string, string | null>();
    const { get, set } = store.powers.policies;
    return withPolicies(store, {
      get(account) {
        const value = known.has(account) ? (known.get(account) ?? null) : get(account);
        known.set(account, value);
        return value;
      },
      set(write) {
        known.delete(write.account);
        return set(write);
      },
    });
  },
  'prune forgets policies': (store, data) => ({
    prune(batch) {
      data.policies.clear();
      return store.prune(batch);
    },
  }),
};
