import { type Core, coreOf } from './core/context.ts';
import type { Verdict } from './core/verdict.ts';
import type { ClientInfo } from './device/client-info.ts';
import type { SessionDevice } from './device/device.ts';
import type { SessionEventDetails } from './events/event-types.ts';
import { MAX_STALENESS } from './freshness/options.ts';
import type { Awaitable } from './lib/awaitable.ts';
import { nameCalls } from './lib/call.ts';
import { parseDuration } from './lib/duration.ts';
import { claimed, parseArguments, shown } from './lib/input.ts';
import { identify } from './model/identity.ts';
import type { Session } from './model/session.ts';
import { parseToken, usedTag } from './model/token.ts';
import { Adoption } from './operations/adopt.ts';
import { Checks } from './operations/check.ts';
import { RealmOutbox } from './operations/outbox.ts';
import {
  type LoweredStaleness,
  lowerStaleness,
  type StatedStaleness,
  statedStaleness,
} from './operations/staleness.ts';
import type { Sessions } from './sessions.ts';
import { isFirstUse } from './store/first-use.ts';

/** A request that a wrapper refused before it called the store, see {@link AdapterHandle.report}. */
export type RefusedRequest = Omit<SessionEventDetails['request.refused'], 'detail'> & {
  /** The header that was missing or wrong, for developers. Default `null`. */
  readonly detail?: string | null | undefined;
};

/**
 * Gives wrappers, bridges and receivers the parts of a `Sessions` object beyond its public methods. Apps do not need it, unless
 * they authorize requests themselves and want to {@link report} their refusals.
 */
export class AdapterHandle {
  readonly #core: Core;
  readonly #checks: Checks;

  /**
   * @throws `TypeError` for anything but the result of `createSessions`.
   * @param sessions the result of `createSessions`.
   */
  constructor(sessions: unknown) {
    this.#core = coreOf(sessions);
    this.#checks = new Checks(this.#core);
  }

  /** True if `sessions.start` expects a `deviceId`, which is with `replace: 'same-device'`. */
  get usesDeviceId(): boolean {
    return this.#core.settings.replace === 'same-device';
  }

  /**
   * Judges a token like `sessions.check`. Answers synchronously if the store does, because awaiting a promise is
   * costly.
   * @param token an opaque token, as it came.
   * @param client the request's client, for events.
   */
  judge(token: string, client: ClientInfo): Awaitable<Verdict> {
    return this.#checks.judge(token, client);
  }

  /** True if `sessions.check` may answer from memory: the option `freshness`. */
  get remembers(): boolean {
    return this.#core.freshness !== null;
  }

  /**
   * Judges a session of this request once more if it was judged from memory, by knowledge that is at most
   * `maxStaleness` ms old. 0 reads the store. Refuses it as `'superseded'` if its secret was renewed since it was
   * judged.
   * @param session the session of a verdict.
   * @param maxStaleness in ms.
   * @param client the request's client, for events.
   */
  judgeAgain(session: Session, maxStaleness: number, client: ClientInfo): Awaitable<Verdict> {
    return this.#checks.judgeAgain(session, maxStaleness, client);
  }

  /**
   * Takes over sessions that another session layer began. It does so until `until`, and for at most 30 days after the first
   * sign-in of this realm. The time of the original sign-in is unknown, so `authenticatedAt` is 0.
   * @param options when the adoption ends.
   * @throws `TypeError` if `until` is not a date.
   */
  adoption(options: {
    /** The end of the adoption. A date in the past adopts no session. */
    readonly until: Date;
  }): Adoption {
    const { until } = parseArguments('the argument', options, ['until']);
    return new Adoption(this.#core, until);
  }

  /**
   * Tells whether a token names this user and, if given, this account (`null` means none). It does not check the token, so the
   * answer proves nothing. Bridges use it, because they keep a token beside the user's name.
   * @param token any value. One that is not an opaque token names no user.
   * @param user the app's id of the user.
   * @param account the account (tenant), or `null` for none. Default: any account.
   */
  isTokenOf(token: unknown, user: string, account?: string | null): boolean {
    const ref = parseToken(token)?.ref;
    const { tags } = identify(this.#core.settings.realm, user, account);
    return ref?.user === tags.user && (account === undefined || ref.account === tags.account);
  }

  /**
   * Emits `request.refused`, and writes it to the audit log. Text is cut to harmless characters.
   * @param request the refused action, the user who asked for it, and the reason.
   * @throws `TypeError` for a reason other than `'forbidden'` and `'cross-origin'`.
   */
  report(request: RefusedRequest): void {
    const { reason, action, by, user, account, device, detail = null } = request;
    if (reason !== 'forbidden' && reason !== 'cross-origin') {
      throw new TypeError(`reason is ${shown(reason)}; allowed are 'forbidden' and 'cross-origin'`);
    }
    this.#core.events.emit('request.refused', {
      ...{ reason, action: claimed(action) ?? '', by: claimed(by), user: claimed(user), account: claimed(account) },
      detail: claimed(detail),
      device: device && { ...device, label: claimed(device.label) ?? '', ip: claimed(device.ip) },
    });
  }

  /** Reads the bound that the realm's processes have stated: see `effectiveWithin`. */
  statedStaleness(): Promise<StatedStaleness> {
    return this.#core.activity.run(() => statedStaleness(this.#core));
  }

  /**
   * Lowers the bound that the realm's processes have stated, for example after the last process with a higher one has
   * ended. At first, no process remembers anything new for longer than `to`. After the old bound, `effectiveWithin`
   * states the new one. If the lowering is interrupted, the next call completes it. A process with a higher option
   * raises the bound again when it starts.
   *
   * @param to in ms, 0 to 300,000.
   *
   * @param wait waits for that many ms.
   *
   * @throws `TypeError` if `to` is out of range.
   */
  async lowerStaleness(to: number, wait: (ms: number) => Promise<unknown>): Promise<LoweredStaleness> {
    const parsed = parseDuration('to', to, { min: 0, max: MAX_STALENESS });
    this.#core.activity.requireOpen();
    return lowerStaleness(this.#core, parsed, wait);
  }

  /**
   * The outbox of the realm: messages that wait for other systems.
   * @throws `SESSION_STORE_LACKS_POWER` if the store has no outbox.
   */
  get outbox(): RealmOutbox {
    return new RealmOutbox(this.#core);
  }

  /** The time of the realm's clock, Unix ms. */
  now(): number {
    return this.#core.now();
  }

  /**
   * Tells whether the use of a JWT of an issuer is noted: see {@link noteUse}.
   * @param issuer the issuer of the JWT (`iss`).
   * @param jti the id of the JWT (`jti`).
   */
  wasUsed(issuer: string, jti: string): Promise<boolean> {
    const tag = usedTag(this.#core.settings.realm, issuer, jti);
    return this.#core.activity.run(async () => {
      const [noted] = await this.#core.store.readEpochs([tag]);
      return noted !== null;
    });
  }

  /**
   * Notes the use of a JWT that is valid once. A receiver does this after its work: if it fails halfway, the sender may
   * send the same JWT again.
   * @param issuer the issuer of the JWT (`iss`).
   * @param jti the id of the JWT (`jti`).
   * @param keepUntil Unix ms, when every process refuses the JWT by its `exp`.
   */
  noteUse(issuer: string, jti: string, keepUntil: number): Promise<boolean> {
    const tag = usedTag(this.#core.settings.realm, issuer, jti);
    return this.#core.activity.run(() => isFirstUse(this.#core, tag, this.#core.now(), keepUntil));
  }

  /**
   * Describes the client of a request. Returns `null` if the request says nothing about it.
   * @param client the client's headers and its address.
   */
  describe(client: ClientInfo): SessionDevice | null {
    return this.#core.anomalies.deviceOf(client);
  }
}

nameCalls(AdapterHandle.prototype, {
  adoption: 'adapterHandle(sessions).adoption({ until })',
  isTokenOf: 'adapterHandle(sessions).isTokenOf(token, user)',
  report: 'adapterHandle(sessions).report(refusal)',
});

const HANDLES = new WeakMap<object, AdapterHandle>();

/**
 * Returns the handle of a `Sessions` object. The same object always gives the same handle.
 * @param sessions the result of `createSessions`.
 * @throws `TypeError` for anything but the result of `createSessions`.
 */
export function adapterHandle<Trigger extends string, Transaction>(
  sessions: Sessions<Trigger, Transaction>,
): AdapterHandle {
  const known = HANDLES.get(sessions);
  if (known !== undefined) return known;
  const handle = new AdapterHandle(sessions);
  HANDLES.set(sessions, handle);
  return handle;
}
