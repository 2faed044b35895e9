import type { Core } from '../core/context.ts';
import { parseArguments } from '../lib/input.ts';
import { FENCE_KEEPS, takeFence } from '../model/fence.ts';
import { identify } from '../model/identity.ts';
import { ensureIdentity } from '../store/ensure-epochs.ts';

/** Holds the arguments of `sessions.fence`: the user who signs in. */
export interface FenceRequest {
  /** The app's id of the user: 1 to 256 characters. Required. */
  readonly user: string;
  /** The tenant. Default: none, for an app without tenants. */
  readonly account?: string | undefined;
}

export const FENCE_KEYS: readonly string[] = ['user', 'account'];

/** Returns the generations of a user's scopes as a text, for `start`. Creates missing records. Never refuses a sign-in. */
export async function fence(core: Core, input: FenceRequest): Promise<string> {
  const request = parseArguments<FenceRequest>('the argument', input, FENCE_KEYS);
  const identity = identify(core.settings.realm, request.user, request.account);
  const now = core.now();
  const keepUntil = now + FENCE_KEEPS;
  const { epochs } = await ensureIdentity(core, identity, now, { user: keepUntil, shared: keepUntil });
  return takeFence(identity.tags, epochs, now);
}
