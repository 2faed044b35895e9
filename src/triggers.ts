import { BY_KEYS, type By, parseCause } from './cause.ts';
import type { Core } from './core.ts';
import { isSessionError } from './errors.ts';
import { isPlainObject, parseArguments, parseSwitch, parseText } from './input.ts';
import { endedBy } from './living.ts';
import { codeOf } from './reason.ts';
import { coverage, parseScope, type RevokeResult, revoke, type Target } from './revocation.ts';
import { judge, Session, type SessionRecord } from './session.ts';

/** What this library knows to ask for a revocation. */
export type BuiltInTrigger =
  | 'passwordChanged'
  | 'emailChanged'
  | 'passwordReset'
  | 'secondFactorChanged'
  | 'lastLoginMethodRemoved'
  | 'roleChanged'
  | 'memberRemoved';

/** What a trigger revokes: nothing, all sessions but the one that is kept, or all. */
export type TriggerEffect = 'none' | 'others' | 'everywhere';

/** What a trigger does. */
export type TriggerRule =
  | TriggerEffect
  | {
      readonly revoke: TriggerEffect;
      /** These kinds, or `'all'`. Default: those that do not survive the scope; of who may be an intruder or leaves, all. */
      readonly kinds?: readonly string[] | 'all' | undefined;
    };

/** A rule, resolved. */
export interface TriggerSettings {
  readonly revoke: TriggerEffect;
  readonly kinds: readonly string[] | 'all' | null;
}

/** Options of {@link Sessions.trigger}. */
export interface TriggerRequest extends By {
  readonly user: string;
  /** Only the user's sessions in this account. Needed where a member is removed. */
  readonly account?: string | undefined;
  /** The session that stays, under a new secret, where the trigger spares one. */
  readonly keep?: Session | undefined;
  /** Only tells what would end. */
  readonly dryRun?: boolean | undefined;
}

/** What a trigger did. */
export type TriggerResult = RevokeResult & {
  /**
   * Whether it covered a session that was live, as far as a quick look tells; `null` where it does not. `false` may mean
   * that the user had signed out already, or that this was the id of nobody. The scope is advanced all the same.
   */
  readonly found: boolean | null;
};

const TRIGGER_KEYS = ['user', 'account', 'keep', 'dryRun', ...BY_KEYS];

const DEFAULTS: Readonly<Record<BuiltInTrigger, TriggerSettings>> = {
  passwordChanged: { revoke: 'others', kinds: null },
  emailChanged: { revoke: 'others', kinds: null },
  secondFactorChanged: { revoke: 'others', kinds: null },
  roleChanged: { revoke: 'others', kinds: null },
  passwordReset: { revoke: 'everywhere', kinds: 'all' },
  lastLoginMethodRemoved: { revoke: 'everywhere', kinds: 'all' },
  memberRemoved: { revoke: 'everywhere', kinds: 'all' },
};
const EFFECTS: readonly TriggerEffect[] = ['none', 'others', 'everywhere'];
const MOST_TRIGGERS = 64;
const MOST_LOOKED_AT = 100;

/** The rules by name, over their defaults. @throws `TypeError` that names the trigger and what is allowed. */
export function parseTriggers(
  input: unknown,
  kinds: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, TriggerSettings> {
  const rules = new Map<string, TriggerSettings>(Object.entries(DEFAULTS));
  if (input === undefined) return rules;
  if (!isPlainObject(input)) throw new TypeError('triggers must be an object of rules by name');
  if (Object.keys(input).length > MOST_TRIGGERS) throw new TypeError(`triggers has more than ${MOST_TRIGGERS} names`);
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined) continue;
    if (!/^[a-z][a-zA-Z0-9]{0,31}$/.test(name) || name in {}) {
      throw new TypeError(`triggers.${name.slice(0, 40)} is no name for a trigger; write it like passwordChanged`);
    }
    const rule =
      typeof value === 'string' ? { revoke: value } : parseArguments(`triggers.${name}`, value, ['revoke', 'kinds']);
    if (!EFFECTS.includes(rule.revoke as TriggerEffect)) {
      throw new TypeError(`triggers.${name} is ${JSON.stringify(rule.revoke)}; allowed are ${EFFECTS.join(', ')}`);
    }
    rules.set(name, {
      revoke: rule.revoke as TriggerEffect,
      kinds:
        'kinds' in rule && rule.kinds !== undefined
          ? parseKinds(`triggers.${name}.kinds`, rule.kinds, kinds)
          : (rules.get(name)?.kinds ?? null),
    });
  }
  return rules;
}

function parseKinds(name: string, value: unknown, kinds: ReadonlyMap<string, unknown>): readonly string[] | 'all' {
  if (value === 'all') return value;
  if (Array.isArray(value) && value.length > 0 && value.every((kind) => kinds.has(kind)))
    return Object.freeze([...new Set(value)]);
  throw new TypeError(`${name} must be 'all' or a non-empty array of kinds; there are ${[...kinds.keys()].join(', ')}`);
}

/**
 * Does what the rule of a trigger says. Where the session to keep is over itself, everybody is signed out all the same: the
 * password has changed, whoever asked.
 */
export async function trigger(core: Core, name: unknown, input: unknown): Promise<TriggerResult> {
  const rule = typeof name === 'string' ? core.settings.triggers.get(name) : undefined;
  if (rule === undefined) {
    throw new TypeError(
      `there is no trigger ${JSON.stringify(name)}; there are ${[...core.settings.triggers.keys()].join(', ')}`,
    );
  }
  const request = parseArguments('trigger', input, TRIGGER_KEYS) as unknown as TriggerRequest;
  const { account } = request;
  parseText('user', request.user);
  if (name === 'memberRemoved' && account === undefined) throw new TypeError('memberRemoved needs the account');
  const scope = account === undefined ? { user: request.user } : { user: request.user, account };
  const target = parseScope(core, scope);

  const keep = request.keep !== undefined && isWithin(target, request.keep) ? request.keep : undefined;
  const spared = rule.revoke === 'others' ? keep : undefined;
  // One to spare that has another secret by now is not spared: it is covered like the others.
  const judged = spared === undefined ? null : Session.recordOf('keep', spared);
  const covered = endedBy(coverage(core, target.scope, rule.kinds), null);
  const found = await findsAny(
    core,
    target,
    (one) => covered(one) && (one.id !== judged?.id || one.hash !== judged.hash),
  );
  if (rule.revoke === 'none') {
    return { revoked: false, kept: null, token: null, reason: 'none', effectiveWithin: 0, revocation: null, found };
  }
  const cause = parseCause(request);
  const result = await revoke(core, target, {
    ...cause,
    reason: cause.reason ?? codeOf(name as string),
    from: cause.from ?? request.keep?.device.label ?? null,
    kinds: rule.kinds,
    keep: spared,
    ifLive: rule.revoke === 'everywhere' ? keep : undefined,
    anyway: true,
    trigger: name as string,
    dryRun: parseSwitch('dryRun', request.dryRun),
  });
  if (!result.revoked || result.kept !== null || keep === undefined) return { ...result, found };
  return { ...result, notKept: result.notKept ?? 'everywhere', found };
}

/** Whether a session belongs to a scope: one in another account is neither kept nor ended. */
function isWithin({ tag, member }: Target, keep: Session): boolean {
  const { userTag, accountTag } = Session.recordOf('keep', keep);
  if (userTag !== tag) throw new TypeError('keep must be a session of the same user');
  return member === null || accountTag === member;
}

/** Looks at the youngest sessions, once: it must not hold up the revocation, nor keep it from being done. */
async function findsAny(
  core: Core,
  target: Target,
  isCovered: (session: SessionRecord) => boolean,
): Promise<boolean | null> {
  const now = core.now();
  const page = { account: target.member ?? undefined, over: false, now, limit: MOST_LOOKED_AT };
  try {
    const { found, more } = await core.store.list(core.realmTag, target.tag, page);
    if (found.some(({ session, epochs }) => isCovered(session) && judge(session, epochs, now) === null)) return true;
    return more ? null : false;
  } catch (error) {
    if (isSessionError(error, 'SESSION_STORE_UNAVAILABLE')) return null;
    throw error;
  }
}
