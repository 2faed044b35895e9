import { parseArguments } from '../lib/input.ts';
import { isPlainObject } from '../lib/json.ts';

/**
 * Names a built-in trigger: a change to a user that usually requires a revocation. {@link Sessions.trigger} takes it.
 */
export type BuiltInTrigger =
  | 'passwordChanged'
  | 'emailChanged'
  | 'passwordReset'
  | 'secondFactorChanged'
  | 'lastLoginMethodRemoved'
  | 'roleChanged'
  | 'memberRemoved';

/** Tells what a trigger revokes: nothing, all sessions except the kept one, or all. */
export type TriggerEffect = 'none' | 'others' | 'everywhere';

/** Tells what {@link Sessions.trigger} revokes for one trigger, and the kinds that it covers. */
export type TriggerRule =
  | TriggerEffect
  | {
      readonly revoke: TriggerEffect;
      /**
       * The kinds to revoke, or `'all'`. Default: those that do not survive the scope. Default of `passwordReset`,
       * `lastLoginMethodRemoved` and `memberRemoved`: `'all'`, because an intruder may be signed in, or the user is leaving.
       */
      readonly kinds?: readonly string[] | 'all' | undefined;
    };

export interface TriggerSettings {
  readonly revoke: TriggerEffect;
  readonly kinds: readonly string[] | 'all' | null;
}

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

const MAX_TRIGGERS = 64;

export function parseTriggers(
  input: unknown,
  kinds: ReadonlyMap<string, unknown>,
): ReadonlyMap<string, TriggerSettings> {
  const rules = new Map<string, TriggerSettings>(Object.entries(DEFAULTS));
  if (input === undefined) return rules;
  if (!isPlainObject(input)) throw new TypeError('triggers must be an object of rules by name');
  if (Object.keys(input).length > MAX_TRIGGERS) throw new TypeError(`triggers has more than ${MAX_TRIGGERS} names`);
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
