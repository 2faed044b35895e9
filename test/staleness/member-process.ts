/**
 * A separate process that checks all tokens in turn and ends sessions on request. It notes the last acceptance of each
 * token. All times are of the machine's monotonic clock, in ms. Its processes share that clock.
 */
import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises';
import { createSessions, type Session, type Sessions } from 'session-revocation';
import { type AdapterHandle, adapterHandle } from 'session-revocation/adapter';
import { Notices } from '../../src/freshness/notices.ts';
import { Recollection } from '../../src/freshness/recollection.ts';
import { monotonic } from '../concurrency/recorder.ts';
import { type Opened, openStore, type Place } from '../services/stores.ts';

/** How to end a session, or all of its user, its account or the realm. */
export type Act = 'end' | 'renew' | 'keep' | 'user' | 'account' | 'realm';

export interface Settings {
  readonly place: Place;
  /** In ms; `null` for a store whose memory is strict by default. */
  readonly maxStaleness: number | null;
  /** How far the wall clock is off, in ms. */
  readonly offset: number;
  /** Disables the comparison of ages, so that the checker has something to find. */
  readonly broken: boolean;
}

/** An order to the process. The process answers each order except `hear`, by the order's number. */
export type Order =
  | { readonly type: 'open'; readonly settings: Settings }
  | { readonly type: 'start'; readonly user: string; readonly account: string }
  | { readonly type: 'act'; readonly act: Act; readonly token: string; readonly user: string; readonly account: string }
  | { readonly type: 'hear'; readonly tokens: readonly string[] }
  | { readonly type: 'report' }
  | { readonly type: 'close' };

/** The answer to `start` and to `act`: `null` if the store did not answer. */
export interface Done {
  /** When the end or the sign-in was acknowledged. */
  readonly at: number;
  /** In ms. `Infinity` if the result does not tell it. */
  readonly effectiveWithin: number;
  /** A new token. */
  readonly token: string | null;
}

export interface Report {
  /** By token: the start of the last check that accepted it. */
  readonly accepted: Readonly<Record<string, number>>;
  readonly checks: number;
  readonly fromMemory: number;
  /** Checks that failed, by their code. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Tokens that are checked in one turn of the event loop. */
const IN_ONE_TURN = 20;
/** The pause between two rounds of checks, in ms. The machine has other work to do. */
const BETWEEN_CHECKS = 20;
/**
 * A round checks one share of the tokens. Meanwhile the others stay unread, so that the change log can report on them
 * first.
 */
const SHARES = 4;

class Member {
  readonly #opened: Opened;
  readonly #sessions: Sessions;
  readonly #handle: AdapterHandle;
  readonly #accepted = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  #tokens: readonly string[] = [];
  #checks = 0;
  #fromMemory = 0;
  #isOpen = true;
  readonly #checking: Promise<void>;

  constructor({ place, maxStaleness, offset }: Settings) {
    this.#opened = openStore(place, { silence: 500 });
    this.#sessions = createSessions({
      store: this.#opened.store,
      clock: { now: () => Date.now() + offset },
      lifetime: { absolute: '30d', idle: null },
      touchEvery: '1d',
      timeout: '2s',
      ...(maxStaleness !== null && { freshness: { maxStaleness } }),
    });
    this.#sessions.on('background.failed', () => {});
    this.#handle = adapterHandle(this.#sessions);
    this.#checking = this.#checkAll();
  }

  hear(tokens: readonly string[]): void {
    this.#tokens = tokens;
  }

  async #checkAll(): Promise<void> {
    for (let round = 0; this.#isOpen; round++) {
      const tokens = this.#tokens.filter((_, at) => (at + round) % SHARES === 0);
      for (let at = 0; at < tokens.length && this.#isOpen; at += IN_ONE_TURN) {
        await Promise.all(tokens.slice(at, at + IN_ONE_TURN).map((token) => this.#check(token)));
        await turn();
      }
      await wait(BETWEEN_CHECKS);
    }
  }

  async #check(token: string): Promise<void> {
    const began = monotonic();
    this.#checks++;
    try {
      const verdict = this.#handle.judge(token, {});
      if (!(verdict instanceof Promise)) this.#fromMemory++;
      if ((await verdict).ok) this.#accepted.set(token, began);
    } catch (error) {
      const { code } = error as { code: string };
      this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
    }
  }

  async start(user: string, account: string): Promise<Done | null> {
    const fence = await this.#sessions.fence({ user, account });
    const started = await this.#sessions.start({ user, account, fence });
    return started.ok ? { at: monotonic(), effectiveWithin: 0, token: started.token } : null;
  }

  async act({ act, token, user, account }: Extract<Order, { type: 'act' }>): Promise<Done | null> {
    const sessions = this.#sessions;
    if (act === 'user' || act === 'account' || act === 'realm') {
      const scope = act === 'user' ? { user } : act === 'account' ? { account } : { realm: true as const };
      const { effectiveWithin } = await sessions.revoke(scope);
      return { at: monotonic(), effectiveWithin, token: null };
    }
    const { session } = await sessions.check(token, { maxStaleness: 0 });
    if (session === null) return null;
    return this.#actOn(session, act, user);
  }

  async #actOn(session: Session, act: 'end' | 'renew' | 'keep', user: string): Promise<Done | null> {
    const sessions = this.#sessions;
    if (act === 'end') {
      const { effectiveWithin } = await sessions.end(session.id, { user });
      return { at: monotonic(), effectiveWithin, token: null };
    }
    if (act === 'keep') {
      const { revoked, effectiveWithin, token } = await sessions.revoke({ user }, { keep: session });
      return revoked ? { at: monotonic(), effectiveWithin, token } : null;
    }
    const renewed = await sessions.renew(session);
    return renewed.ok ? { at: monotonic(), effectiveWithin: Infinity, token: renewed.token } : null;
  }

  report(): Report {
    return {
      accepted: Object.fromEntries(this.#accepted),
      checks: this.#checks,
      fromMemory: this.#fromMemory,
      failures: Object.fromEntries(this.#failures),
    };
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    await this.#checking;
    await this.#opened.store.close?.();
    await this.#opened.end();
  }
}

/** Breaks memory: it keeps entries for ever, and ignores changes. */
function breakMemory(): void {
  Notices.prototype.note = () => {};
  Notices.prototype.noteAll = () => {};
  const { recall, remember } = Recollection.prototype;
  Recollection.prototype.recall = function (this: Recollection<object>, key, _maxAge, wall, logAge) {
    return recall.call(this, key, Infinity, wall, logAge);
  } as typeof recall;
  Recollection.prototype.remember = function (this: Recollection<object>, key, value, reading, tags) {
    remember.call(this, key, value, reading, tags, Infinity);
  } as typeof remember;
}

let member: Member | null = null;

async function answer(order: Order): Promise<unknown> {
  if (order.type === 'open') {
    if (order.settings.broken) breakMemory();
    member = new Member(order.settings);
    return null;
  }
  if (member === null) throw new Error('it is not open');
  switch (order.type) {
    case 'start':
      return member.start(order.user, order.account);
    case 'act':
      return member.act(order);
    case 'report':
      return member.report();
    case 'close':
      return member.close();
  }
}

process.on('message', ({ id, order }: { id: number; order: Order }) => {
  if (order.type === 'hear') member?.hear(order.tokens);
  else
    answer(order).then(
      (done) => process.send?.({ id, done }),
      () => process.send?.({ id, done: null }),
    );
});
