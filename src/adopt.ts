import { CLOCKS_APART } from './clock.ts';
import { type Core, contend, type Identity, identify, readEpochs, type UserEpochs } from './core.ts';
import { type ScopeState, scopeState } from './epoch.ts';
import type { Happening } from './events.ts';
import { FENCE_KEEPS, stampsOf } from './fence.ts';
import { parseArguments } from './input.ts';
import { REVOCATION_KEEPS } from './revocation.ts';
import { Session } from './session.ts';
import { newSession } from './start.ts';
import { type Client, deviceOf } from './suspicion.ts';
import { adoptedId, adoptedSecret, formatToken, hashSecret, type Origin } from './token.ts';

/** A session that another layer has begun. */
export interface AdoptRequest extends Client {
  readonly user: string;
  /** The tenant, where the app has tenants. */
  readonly account?: string | null | undefined;
  /** What the other layer knows its session by, and nobody can guess. Our token follows from it: log neither. */
  readonly credential: string;
}

/** Takes over a session of another layer, see {@link Sessions.adoption}; gives its token. */
export type Adopt = (request: AdoptRequest) => Promise<string>;

const ADOPT_KEYS = ['user', 'account', 'credential', 'userAgent', 'hints', 'ip'];
const KIND = 'browser';

/** How far ahead the end of an adoption may be: until then, every revocation is known. */
const LONGEST_ADOPTION = REVOCATION_KEEPS - CLOCKS_APART;

/** @throws `TypeError` for an end so late that what was ended before it could be forgotten, and adopted anew. */
export function parseAdoptionEnd({ settings: { retention }, now }: Core, until: unknown): number {
  const end = until instanceof Date ? until.getTime() : Number.NaN;
  if (Number.isNaN(end)) throw new TypeError('until must be a Date: the time from which on nothing more is adopted');
  const most = Math.min(LONGEST_ADOPTION, retention - CLOCKS_APART);
  if (end - now() <= most) return end;
  const remedy = most < LONGEST_ADOPTION ? `: choose an earlier one, or raise retention (now ${retention} ms)` : '';
  throw new TypeError(`until is ${end - now()} ms ahead; at most ${most} ms are allowed${remedy}`);
}

/**
 * The token of the session that stands for another layer's. That session is begun when the other one is first seen, and
 * never again, since its id follows from the credential and its tombstone outlives the adoption. None is begun for whom
 * any revocation has ever met: nobody knows which of the two is older. `check` refuses the token then.
 */
export async function adopt(core: Core, until: number, input: unknown): Promise<string> {
  const request = parseArguments('adopt', input, ADOPT_KEYS) as unknown as AdoptRequest;
  const { credential } = request;
  if (typeof credential !== 'string' || credential === '') throw new TypeError('credential must be a non-empty string');
  const identity = identify(core, request.user, request.account);
  const origin: Origin = [core.settings.realm, identity.user, identity.account ?? '', credential];
  const ref = { id: adoptedId(origin), ...identity.tags };
  const secret = adoptedSecret(origin);

  const adopted = await contend<Happening | null>(core, async () => {
    const [found] = await core.store.find(core.realmTag, [ref]);
    const now = core.now();
    if (found || now >= until) return null;
    const { epochs, version } = await readEpochs(core, identity, now, { user: now + FENCE_KEEPS, shared: null });
    const scopes = scopesOf(epochs, identity);
    if (!Object.values(scopes).every(isUntouched)) return null;
    const session = newSession(core, identity, {
      ...{ id: ref.id, hash: hashSecret(secret), kind: KIND, stamps: stampsOf({ scopes }, KIND), at: now },
      // Nobody knows when that was: too long ago for whatever asks for a recent sign-in.
      ...{ authenticatedAt: 0, amr: [], device: deviceOf(request), deviceTag: null, attributes: {} },
    });
    const happening = core.events.about('session.adopted', { session: new Session(session) });
    const { retention } = core.settings;
    const kept = { ifVersion: version, now, retention, keepUntil: session.expiresAt };
    const outcome = await core.store.add(session, { ...kept, ending: [], audit: happening.audit });
    return outcome === 'conflict' ? 'conflict' : happening;
  });
  if (adopted !== null) core.events.tell(adopted);
  return formatToken(ref, secret);
}

const scopesOf = ({ realm, user, account }: UserEpochs['epochs'], { tags }: Identity) => ({
  ...{ realm, user, account },
  member: tags.account === null ? null : scopeState(user, tags.account),
});

/** Whether no revocation was ever made here. A scope that there is none of has seen none. */
const isUntouched = (scope: ScopeState | null): boolean =>
  scope === null || (scope.last === null && scope.suspended === null);
