import type { EpochRow } from '../../../examples/custom-store/store.ts';
import type { SessionRecord } from '../../../src/model/session.ts';
import { memberTag } from '../../../src/model/token.ts';
import type { AuditPower, PolicyPower } from '../../../src/store/powers.ts';
import type { SessionStore } from '../../../src/store/store.ts';
import type { Data, SyncStore } from '../reference-store.ts';

/** A fault of a store. Gets the reference store and its data, and returns the verbs that replace the store's. */
export type Fault = (store: SyncStore, data: Data) => Partial<SessionStore>;

/** Faults by name. */
export type Faults = Readonly<Record<string, Fault>>;

export const rowOf = (data: Data, tag: string): EpochRow | undefined => data.epochs.get(tag);

export const every = (data: Data): readonly SessionRecord[] => [...data.sessions.values()];

export function change(data: Data, id: string, changes: Partial<SessionRecord>): void {
  const session = data.sessions.get(id);
  if (session !== undefined) data.sessions.set(id, { ...session, ...changes });
}

/** Returns the stamps that a session would get now. The realm's stamp stays the same. */
export function presentStamps(
  data: Data,
  { userTag, accountTag, kind, stamps }: SessionRecord,
): SessionRecord['stamps'] {
  const user = rowOf(data, userTag)?.record;
  const state = (of: Data['epochs'] extends Map<string, infer Row> ? Row | undefined : never) => of?.record;
  const account = accountTag === null ? undefined : state(rowOf(data, accountTag));
  const member = accountTag === null ? undefined : state(rowOf(data, memberTag(userTag, accountTag)));
  const present = (of: { kinds: Readonly<Record<string, string>>; base: string } | undefined) =>
    of?.kinds[kind] ?? of?.base ?? null;
  return {
    realm: stamps.realm,
    user: present(user) ?? stamps.user,
    account: present(account),
    member: present(member),
  };
}

/** Lets all other ready tasks run several times, in the middle of a verb. */
export async function longPause(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets other tasks run, in the middle of a verb. */
export async function pause(): Promise<void> {
  for (let turns = 0; turns < 3; turns++) await null;
}

/** Returns the store's powers with some methods of `audit` replaced. */
export const withLog = ({ powers }: SyncStore, changes: Partial<AuditPower>): Pick<SessionStore, 'powers'> => ({
  powers: { ...powers, audit: { ...powers.audit, ...changes } },
});

/** Returns the store's powers with some methods of `policies` replaced. */
export const withPolicies = ({ powers }: SyncStore, changes: Partial<PolicyPower>): Pick<SessionStore, 'powers'> => ({
  powers: { ...powers, policies: { ...powers.policies, ...changes } },
});
