import { type EpochRecord, generation, type ScopeState, type Stamp, scopeState } from './epoch.ts';
import type { Epochs, Stamps } from './session.ts';
import type { Tag } from './token.ts';

/** How long a sign-in may take between its fence and its start. */
export const FENCE_LIVES: number = 3 * 3600e3;
/** How long a record that only a fence needed is kept: longer than the fence, by the hour that clocks may be apart. */
export const FENCE_KEEPS: number = 4 * 3600e3;

type Generations = Pick<ScopeState, 'base' | 'kinds'>;

/**
 * The generations read when a sign-in began. As text it may wait in the app's own server-side state (an OIDC login's,
 * say), in another process too. It is no secret but must stay on the server: whoever could write one could sign in
 * over a revocation.
 */
export interface Fence {
  readonly user: Tag;
  readonly account: Tag | null;
  /** When it was taken, Unix ms. */
  readonly at: number;
  readonly scopes: {
    readonly realm: Generations;
    readonly user: Generations;
    readonly account: Generations | null;
    readonly member: Generations | null;
  };
}

const PREFIX = 'fence1.';
const LONGEST = 64 * 1024;

const generations = ({ base, kinds }: ScopeState): Generations => ({ base, kinds });

/** The fence of a user, and of an account where there is one, from their records. */
export function takeFence(
  tags: { readonly user: Tag; readonly account: Tag | null },
  epochs: { readonly realm: EpochRecord; readonly user: EpochRecord; readonly account: EpochRecord | null },
  at: number,
): string {
  const fence: Fence = {
    ...tags,
    at,
    scopes: {
      realm: generations(epochs.realm),
      user: generations(epochs.user),
      account: epochs.account === null ? null : generations(epochs.account),
      member: tags.account === null ? null : generations(scopeState(epochs.user, tags.account)),
    },
  };
  return PREFIX + Buffer.from(JSON.stringify(fence)).toString('base64url');
}

/**
 * A fence from its text.
 * @throws `TypeError` where it is none, or was taken for another user or account.
 */
export function parseFence(text: unknown, tags: { readonly user: Tag; readonly account: Tag | null }): Fence {
  const fence = decode(text);
  if (fence === null) throw new TypeError('fence must be what sessions.fence() gave, as it was');
  if (fence.user !== tags.user || fence.account !== tags.account) {
    throw new TypeError('fence was taken for another user, account or realm');
  }
  return fence;
}

function decode(text: unknown): Fence | null {
  if (typeof text !== 'string' || text.length > LONGEST || !text.startsWith(PREFIX)) return null;
  try {
    const fence = JSON.parse(Buffer.from(text.slice(PREFIX.length), 'base64url').toString()) as Fence;
    const { realm, user, account, member } = fence.scopes;
    const inAccount = fence.account !== null;
    const sound =
      Number.isSafeInteger(fence.at) &&
      isGenerations(realm) &&
      isGenerations(user) &&
      (inAccount ? isGenerations(account) && isGenerations(member) : account === null && member === null);
    return sound ? fence : null;
  } catch {
    return null;
  }
}

const isGenerations = (value: Generations | null): boolean =>
  typeof value?.base === 'string' && typeof value.kinds === 'object' && value.kinds !== null;

const stampFrom = (scope: Generations, kind: string): Stamp => scope.kinds[kind] ?? scope.base;

/** The stamps that a session of this kind is born with behind this fence. */
export function stampsOf({ scopes }: Pick<Fence, 'scopes'>, kind: string): Stamps {
  return {
    realm: stampFrom(scopes.realm, kind),
    user: stampFrom(scopes.user, kind),
    account: scopes.account === null ? null : stampFrom(scopes.account, kind),
    member: scopes.member === null ? null : stampFrom(scopes.member, kind),
  };
}

/**
 * Why no session may start behind this fence, or `null`. A fence from the time of a suspension needs no mark of its
 * own: it is suspended still, or resuming advanced the scope.
 */
export function fenceRefusal(
  fence: Fence,
  epochs: Epochs,
  kind: string,
  now: number,
): 'superseded' | 'suspended' | null {
  const { realm, user, account } = epochs;
  if (realm === null || user === null) return 'superseded';
  const member = fence.account === null ? null : scopeState(user, fence.account);
  const states = fence.account === null ? [realm, user] : [realm, user, account, member];
  if (states.some((state) => state !== null && state.suspended !== null)) return 'suspended';
  if (now - fence.at > FENCE_LIVES) return 'superseded';

  const born = stampsOf(fence, kind);
  const current =
    born.realm === generation(realm, kind) &&
    born.user === generation(user, kind) &&
    (member === null ||
      (account !== null && born.account === generation(account, kind) && born.member === generation(member, kind)));
  return current ? null : 'superseded';
}
