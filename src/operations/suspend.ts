import type { Core } from '../core/context.ts';
import { parseArguments, parseSwitch } from '../lib/input.ts';
import { ATTRIBUTION_KEYS, type AttributionRequest, parseAttribution } from '../model/attribution.ts';
import { parseScope, type Scope } from '../model/scope.ts';
import { type RevokeResult, revokeTarget } from './revoke.ts';

/** Holds the options of {@link Sessions.suspend} and {@link Sessions.resume}. */
export interface SuspendRequest extends AttributionRequest {
  /** Set to `true` to change nothing and only report the sessions that would end. Default `false`. */
  readonly dryRun?: boolean | undefined;
}

const SUSPEND_KEYS = ['dryRun', ...ATTRIBUTION_KEYS];

export const suspend = (core: Core, scope: Scope, request: SuspendRequest): Promise<RevokeResult> =>
  setSuspended(core, scope, request, true);

export const resume = (core: Core, scope: Scope, request: SuspendRequest): Promise<RevokeResult> =>
  setSuspended(core, scope, request, false);

async function setSuspended(core: Core, scope: Scope, input: SuspendRequest, suspend: boolean): Promise<RevokeResult> {
  const request = parseArguments<SuspendRequest>('the second argument', input, SUSPEND_KEYS);
  const attribution = parseAttribution(request);
  return revokeTarget(core, parseScope(core.settings.realm, scope), {
    ...attribution,
    reason: attribution.reason ?? (suspend ? 'suspended' : null),
    kinds: 'all',
    suspend,
    dryRun: parseSwitch('dryRun', request.dryRun),
  });
}
