import type { Core } from '../core/context.ts';
import { parseArguments } from '../lib/input.ts';
import { isPlainObject } from '../lib/json.ts';
import { parseIssuerName, takeIssuerFence } from '../model/federated.ts';
import { FENCE_KEEPS, takeFence } from '../model/fence.ts';
import { identify } from '../model/identity.ts';
import { federatedTag } from '../model/token.ts';
import { ensureEpoch, ensureIdentity } from '../store/ensure-epochs.ts';

/** Holds the arguments of `sessions.fence`: the user who signs in. */
export interface FenceRequest {
  /** The app's id of the user: 1 to 256 characters. Required. */
  readonly user: string;
  /** The tenant. Default: none, for an app without tenants. */
  readonly account?: string | undefined;
}

/** Holds the argument of `sessions.fence` for a sign-in by OpenID Connect, before the user is known: the provider. */
export interface IssuerFenceRequest {
  /** The provider, by the `iss` of its ID tokens. Name only providers that the app trusts: each has a record for ever. */
  readonly issuer: string;
}

export const FENCE_KEYS: readonly string[] = ['user', 'account'];

/** Returns the generations of a user's scopes as a text, for `start`. Creates missing records. Never refuses a sign-in. */
export async function fence(core: Core, input: FenceRequest | IssuerFenceRequest): Promise<string> {
  if (isPlainObject(input) && 'issuer' in input) return issuerFence(core, input as unknown as IssuerFenceRequest);
  const request = parseArguments<FenceRequest>('the argument', input, FENCE_KEYS);
  const identity = identify(core.settings.realm, request.user, request.account);
  const now = core.now();
  const keepUntil = now + FENCE_KEEPS;
  const { epochs } = await ensureIdentity(core, identity, now, { user: keepUntil, shared: keepUntil });
  return takeFence(identity.tags, epochs, now);
}

async function issuerFence(core: Core, input: IssuerFenceRequest): Promise<string> {
  const issuer = parseIssuerName(parseArguments('the argument', input, ['issuer']).issuer);
  const tag = federatedTag(core.settings.realm, 'issuer', issuer, '');
  const now = core.now();
  const { record } = await ensureEpoch(core, tag, now, null);
  return takeIssuerFence(tag, record, now);
}
