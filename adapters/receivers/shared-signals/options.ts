import { hash, timingSafeEqual } from 'node:crypto';
import {
  type AdapterHandle,
  type Awaitable,
  adapterHandle,
  kindOf,
  parseArguments,
  shown,
} from '../../../src/adapter.ts';
import type { Sessions } from '../../../src/index.ts';
import { parseIssuer } from '../../../src/jwt/issuer.ts';
import { PROVIDER_KEYS, Provider, type ProviderOptions } from '../provider/provider.ts';
import type { FoundUser } from '../subjects/find-user.ts';
import type { SimpleSubject } from '../subjects/subject.ts';
import { EVENT_TYPES, type SecurityEvent, type SignalName } from './event.ts';

/**
 * What to do with an event about a user. `'revoke'` ends the user's sessions, of every kind, or the one session that the
 * event names. `'suspend'` also refuses new sign-ins. `'ignore'` does nothing. A function gets the user and the event's own
 * members.
 */
export type SignalAction =
  | 'revoke'
  | 'suspend'
  | 'ignore'
  | ((user: FoundUser, event: Readonly<Record<string, unknown>>) => Awaitable<unknown>);

/** Options of {@link sharedSignals}. `audience` is the `aud` of the stream. */
export interface SharedSignalsOptions extends ProviderOptions {
  /**
   * Finds the user of a subject, such as `{ format: 'email', email }`. Return the app's id of the user, `{ user, account }`
   * for the user in one account, or `null` for none. If the event names a tenant, return the account of that tenant:
   * without one, nothing happens.
   */
  readonly user: (
    subject: SimpleSubject,
    event: { readonly tenant: SimpleSubject | null },
  ) => Awaitable<FoundUser | string | null>;
  /**
   * What to do, by type of event. Default: `'revoke'` for `session-revoked`, `sessions-revoked`, `account-disabled` and
   * `account-purged`; `'ignore'` for the others. An event is a statement, not a command (RFC 8935, 3).
   */
  readonly actions?: Readonly<Partial<Record<SignalName, SignalAction>>> | undefined;
  /**
   * The issuer of the ID tokens with which users sign in, for events that name a session: the `issuer` in `federated`.
   * Default: the `issuer` of the stream.
   */
  readonly sessionIssuer?: string | undefined;
  /**
   * The `Authorization` header that the transmitter must send when it pushes, such as `'Bearer …'`: as it was agreed on when
   * the stream was made. Default: none is compared.
   */
  readonly authorization?: string | undefined;
  /** Tells whether this is the `state` of a verification that the app asked for. Default: every state is right. */
  readonly verification?: ((state: string | null) => Awaitable<boolean>) | undefined;
}

export interface SignalSettings {
  readonly sessions: Sessions<never, unknown>;
  readonly handle: AdapterHandle;
  readonly provider: Provider;
  readonly issuer: string;
  readonly sessionIssuer: string;
  readonly user: SharedSignalsOptions['user'];
  readonly verification: NonNullable<SharedSignalsOptions['verification']>;
  actionFor(event: SecurityEvent): SignalAction;
  /** Describes an event for the audit log: its name, and the reason for administrators. */
  noteOf(event: SecurityEvent): string;
  /** Tells whether sessions that were authenticated after the event stay: of a disabled account they do not. */
  sparesLater(event: SecurityEvent): boolean;
  /** Tells whether a push has the header that was agreed on. */
  isAuthorized(header: string | null): boolean;
}

const KEYS = [...PROVIDER_KEYS, 'user', 'actions', 'sessionIssuer', 'authorization', 'verification'];
const SPARING: readonly string[] = [EVENT_TYPES['session-revoked'], EVENT_TYPES['sessions-revoked']];
/** The maximum length of a note in the audit log. */
const MAX_NOTE = 256;
const DEFAULTS: Readonly<Record<SignalName, SignalAction>> = {
  'session-revoked': 'revoke',
  'credential-change': 'ignore',
  'token-claims-change': 'ignore',
  'assurance-level-change': 'ignore',
  'sessions-revoked': 'revoke',
  'account-disabled': 'revoke',
  'account-purged': 'revoke',
};
const NAMES = new Map(Object.entries(EVENT_TYPES).map(([name, uri]) => [uri, name as SignalName]));

export function parseSignalOptions(sessions: Sessions<never, unknown>, input: unknown): SignalSettings {
  const handle = adapterHandle(sessions);
  const options = parseArguments<SharedSignalsOptions>('options', input, KEYS);
  const { user, actions, sessionIssuer, authorization, verification = () => true, ...others } = options;
  if (typeof user !== 'function') throw new TypeError(`user must be a function, not ${kindOf(user)}`);
  if (typeof verification !== 'function') throw new TypeError('verification must be a function of a state');
  if (authorization !== undefined && (typeof authorization !== 'string' || authorization === '')) {
    throw new TypeError('authorization must be the value of a header, such as "Bearer …"');
  }
  const chosen = { ...DEFAULTS, ...parseActions(actions) };
  const provider = new Provider(others);
  const expected = authorization === undefined ? null : digest(authorization);
  return {
    ...{ sessions, handle, provider, issuer: provider.issuer, user, verification },
    sessionIssuer: sessionIssuer === undefined ? provider.issuer : parseIssuer('sessionIssuer', sessionIssuer),
    actionFor({ type }) {
      const name = NAMES.get(type);
      return name === undefined ? 'ignore' : chosen[name];
    },
    noteOf: ({ type, note }) =>
      [NAMES.get(type) ?? type, ...(note === null ? [] : [note])].join(': ').slice(0, MAX_NOTE),
    sparesLater: ({ type }) => SPARING.includes(type),
    isAuthorized: (header) => expected === null || timingSafeEqual(digest(header ?? ''), expected),
  };
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');

function parseActions(input: unknown): Partial<Record<SignalName, SignalAction>> {
  if (input === undefined) return {};
  const actions = parseArguments('actions', input, Object.keys(EVENT_TYPES));
  for (const [name, action] of Object.entries(actions)) {
    if (typeof action !== 'function' && !['revoke', 'suspend', 'ignore'].includes(action as string)) {
      throw new TypeError(
        `actions["${name}"] is ${shown(action)}; allowed are 'revoke', 'suspend', 'ignore' or a function`,
      );
    }
  }
  return actions;
}
