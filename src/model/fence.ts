import { kindOf } from '../lib/input.ts';
import { type EpochRecord, type Epochs, generation, type ScopeState } from './epoch.ts';
import type { Stamp, Stamps } from './stamp.ts';
import type { Tag } from './token.ts';

/** The longest time, in ms, between a fence and the `start` of its sign-in. */
export const FENCE_LIVES: number = 3 * 3600e3;
/** How long, in ms, a record that only a fence needs is kept. It exceeds the fence's life by the hour that clocks may differ. */
export const FENCE_KEEPS: number = 4 * 3600e3;

type Generations = Pick<ScopeState, 'base' | 'kinds'>;

/**
 * The content of a fence: the generations that were read when a sign-in began. Its text is not secret, but stays on the server: a client
 * that forges one could sign in over a revocation.
 */
export interface Fence {
  readonly user: Tag;
  readonly account: Tag | null;
  /** Unix ms. */
  readonly at: number;
  readonly scopes: {
    readonly realm: Generations;
    readonly user: Generations;
    readonly account: Generations | null;
    readonly member: Generations | null;
  };
}

const PREFIX = 'fence1.';
const MAX_LENGTH = 64 * 1024;

const generations = ({ base, kinds }: ScopeState): Generations => ({ base, kinds });

export function takeFence(
  tags: { readonly user: Tag; readonly account: Tag | null },
  epochs: Epochs & { readonly realm: EpochRecord; readonly user: EpochRecord },
  at: number,
): string {
  const fence: Fence = {
    ...tags,
    at,
    scopes: {
      realm: generations(epochs.realm),
      user: generations(epochs.user),
      account: epochs.account === null ? null : generations(epochs.account),
      member: epochs.member === null ? null : generations(epochs.member),
    },
  };
  return PREFIX + Buffer.from(JSON.stringify(fence)).toString('base64url');
}

export function parseFence(text: unknown, tags: { readonly user: Tag; readonly account: Tag | null }): Fence {
  const fence = decode(text);
  if (text === undefined) throw new TypeError('fence is missing: take one first, by await sessions.fence({ user })');
  if (fence === null) {
    const found = typeof text === 'string' ? 'is another text' : `is ${kindOf(text)}`;
    throw new TypeError(`fence ${found}; it must be the text that await sessions.fence({ user }) gave, unchanged`);
  }
  if (fence.user !== tags.user || fence.account !== tags.account) {
    throw new TypeError('fence was taken for another user, account or realm: take it for the same as here');
  }
  return fence;
}

function decode(text: unknown): Fence | null {
  if (typeof text !== 'string' || text.length > MAX_LENGTH || !text.startsWith(PREFIX)) return null;
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

export function stampsOf({ scopes }: Pick<Fence, 'scopes'>, kind: string): Stamps {
  return {
    realm: stampFrom(scopes.realm, kind),
    user: stampFrom(scopes.user, kind),
    account: scopes.account === null ? null : stampFrom(scopes.account, kind),
    member: scopes.member === null ? null : stampFrom(scopes.member, kind),
  };
}

/**
 * Returns why a sign-in with this fence is refused, or `null` if it is not. A fence that was taken during a suspension needs no mark:
 * either the scope is still suspended, or resuming it has advanced the scope.
 */
export function fenceRefusal(
  fence: Fence,
  epochs: Epochs,
  kind: string,
  now: number,
): 'superseded' | 'suspended' | null {
  const { realm, user, account, member } = epochs;
  if (realm === null || user === null) return 'superseded';
  const states = fence.account === null ? [realm, user] : [realm, user, account, member];
  if (states.some((state) => state !== null && state.suspended !== null)) return 'suspended';
  if (now - fence.at > FENCE_LIVES) return 'superseded';

  const born = stampsOf(fence, kind);
  const current =
    born.realm === generation(realm, kind) &&
    born.user === generation(user, kind) &&
    (fence.account === null ||
      (account !== null &&
        member !== null &&
        born.account === generation(account, kind) &&
        born.member === generation(member, kind)));
  return current ? null : 'superseded';
}
