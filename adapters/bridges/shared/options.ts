import { inCall, kindOf } from '../../../src/adapter.ts';
import type { Sessions } from '../../../src/index.ts';
import { type AuthenticationOptions, refuseNoSessions } from '../../frameworks/http/index.ts';

/** Options of `bridge`, for every inner session layer. */
export interface BridgeOptions<Data> {
  /**
   * Returns the app's id of the signed-in user from the data of the inner layer, or nothing. With Passport:
   * `(data) => data.passport?.user`. Must not throw for any data.
   * @param data the app's data of one session, as the inner layer stores them.
   */
  readonly user: (data: Data) => string | number | null | undefined;
  /**
   * Returns the account (tenant) of the session. Default: none.
   * @param data the app's data of one session, as the inner layer stores them.
   */
  readonly account?: ((data: Data) => string | number | null | undefined) | undefined;
  /**
   * Until this date, the bridge adopts sessions from before the bridge, each at its next request; at the latest until 30 days after the
   * first sign-in of the realm. Leave the option unchanged after the date. Default: adopts no session, and every user signs in again.
   */
  readonly adoptUntil?: Date | undefined;
}

/** Options of `authentication` that a bridge takes. */
export type BridgeAuthenticationOptions = Pick<
  AuthenticationOptions,
  'origins' | 'loginUrl' | 'property' | 'clearSiteData'
>;

export const BRIDGE_CALL = 'bridge(sessions, { user })';

/**
 * Checks the arguments of `bridge`.
 * @throws `TypeError` that names the option, the problem, and the allowed values.
 */
export function parseBridge<Options extends BridgeOptions<never>>(sessions: Sessions, options: Options): Options {
  return inCall(BRIDGE_CALL, () => {
    refuseNoSessions(sessions, BRIDGE_CALL);
    if (typeof options !== 'object' || options === null) {
      throw new TypeError(`options must be an object, not ${kindOf(options)}; such as { user: (data) => data.userId }`);
    }
    const { user, account, adoptUntil } = options;
    if (typeof user !== 'function') {
      throw new TypeError(`user must be a function such as (data) => data.userId, not ${kindOf(user)}`);
    }
    if (account !== undefined && typeof account !== 'function') {
      throw new TypeError(`account must be a function such as (data) => data.accountId, not ${kindOf(account)}`);
    }
    if (adoptUntil !== undefined && !(adoptUntil instanceof Date)) {
      throw new TypeError(`adoptUntil must be a Date such as new Date('2027-01-31'), not ${kindOf(adoptUntil)}`);
    }
    return options;
  });
}

export function parseInnerStore(inner: object, methods: readonly string[], layer: string): void {
  for (const method of methods) {
    if (typeof Reflect.get(Object(inner), method) !== 'function')
      throw new TypeError(
        `bridge.store(inner): inner is ${kindOf(inner)} without ${method}(), and must be a store of ${layer}`,
      );
  }
}
